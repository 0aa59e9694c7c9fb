#include "formats/torch/tensors.h"

#include <absl/strings/escaping.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/checked.h"

namespace durward {
namespace {

constexpr int kMaxDepth = 32;
constexpr int64_t kMaxVisits = int64_t{1} << 18;
constexpr size_t kMaxTensors = size_t{1} << 16;
constexpr size_t kMaxKeyBytes = 1024;
constexpr size_t kMaxRank = 64;   // torch's own limit
constexpr size_t kMaxGrowth = 4;  // bytes of tensors per byte of file
constexpr std::string_view kUtils = "torch._utils";

constexpr std::array<std::pair<std::string_view, TorchType>, 10> kStorageTypes = {{
    {"FloatStorage", TorchType::kFloat32},
    {"DoubleStorage", TorchType::kFloat64},
    {"HalfStorage", TorchType::kFloat16},
    {"BFloat16Storage", TorchType::kBFloat16},
    {"LongStorage", TorchType::kInt64},
    {"IntStorage", TorchType::kInt32},
    {"ShortStorage", TorchType::kInt16},
    {"CharStorage", TorchType::kInt8},
    {"ByteStorage", TorchType::kUInt8},
    {"BoolStorage", TorchType::kBool},
}};

absl::Status damaged(std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("checkpoint: ", std::string(what), "; the file is damaged"));
}

std::optional<TorchType> storage_type(const PickleGlobal& global) {
  if (global.module != "torch") return std::nullopt;
  for (const auto& [name, type] : kStorageTypes) {
    if (global.name == name) return type;
  }
  return std::nullopt;
}

struct Storage {
  std::string_view key;
  TorchType type = TorchType::kFloat32;
  int64_t count = 0;  // elements
};

// ('storage', torch.FloatStorage, key, device, count[, None])
absl::StatusOr<Storage> read_storage(const Pickle& pickle, const PicklePersistent& reference) {
  const auto* tuple = pickle.get<PickleTuple>(reference.id);
  if (tuple == nullptr || tuple->items.size() < 5) return damaged("a storage is not described");
  const auto& items = tuple->items;
  const auto* global = pickle.get<PickleGlobal>(items[1]);
  const auto* key = pickle.get<std::string_view>(items[2]);
  const auto* count = pickle.get<int64_t>(items[4]);
  if (global == nullptr || key == nullptr || count == nullptr || *count < 0) {
    return damaged("a storage is not described");
  }
  const auto type = storage_type(*global);
  if (!type) return damaged("a storage has no element type");
  if (items.size() > 5 && pickle.get<PickleNone>(items[5]) == nullptr) {
    return absl::UnimplementedError(
        "checkpoint: it holds views of storages, which PyTorch before 0.4 wrote; load it and save "
        "it again with a later PyTorch");
  }
  return Storage{*key, *type, *count};
}

absl::StatusOr<std::vector<int64_t>> read_integers(const Pickle& pickle, PickleId id) {
  const auto* tuple = pickle.get<PickleTuple>(id);
  if (tuple == nullptr || tuple->items.size() > kMaxRank) {
    return damaged("a tensor's sizes or strides are missing");
  }
  std::vector<int64_t> integers;
  for (const PickleId item : tuple->items) {
    const auto* value = pickle.get<int64_t>(item);
    if (value == nullptr || *value < 0) return damaged("a tensor's size or stride is no size");
    integers.push_back(*value);
  }
  return integers;
}

struct View {
  Storage storage;
  int64_t offset = 0;
  Shape shape;
  std::vector<int64_t> strides;  // in elements, all >= 0
};

// The arguments of _rebuild_tensor_v2: storage, offset, sizes, strides, and what does not matter.
absl::StatusOr<View> read_view(const Pickle& pickle, const PickleTuple& args) {
  if (args.items.size() < 4) return damaged("a tensor is not described");
  const auto* reference = pickle.get<PicklePersistent>(args.items[0]);
  const auto* offset = pickle.get<int64_t>(args.items[1]);
  if (reference == nullptr || offset == nullptr || *offset < 0) {
    return damaged("a tensor has no storage");
  }
  View view;
  DURWARD_ASSIGN_OR_RETURN(view.storage, read_storage(pickle, *reference));
  view.offset = *offset;
  DURWARD_ASSIGN_OR_RETURN(view.shape, read_integers(pickle, args.items[2]));
  DURWARD_ASSIGN_OR_RETURN(view.strides, read_integers(pickle, args.items[3]));
  if (view.shape.size() != view.strides.size())
    return damaged("a tensor has sizes without strides");
  return view;
}

// The index of the view's last element, nothing on overflow. The view is not empty.
std::optional<int64_t> last_index(const View& view) {
  std::optional<int64_t> last = view.offset;
  for (size_t axis = 0; axis < view.shape.size() && last; ++axis) {
    const auto reach = checked_mul(view.shape[axis] - 1, view.strides[axis]);
    last = reach ? checked_add(*last, *reach) : std::nullopt;
  }
  return last;
}

bool is_contiguous(const View& view) {
  int64_t stride = 1;
  for (size_t axis = view.shape.size(); axis-- > 0;) {
    if (view.shape[axis] != 1 && view.strides[axis] != stride) return false;
    stride *= view.shape[axis];
  }
  return true;
}

// Copies the view's `count` elements in row-major order. Every index was checked against the
// storage.
std::vector<std::byte> gather(const View& view, int64_t count, std::span<const std::byte> storage) {
  const auto size = static_cast<size_t>(size_of(view.storage.type));
  std::vector<std::byte> data(static_cast<size_t>(count) * size);
  if (data.empty()) return data;
  if (is_contiguous(view)) {
    std::memcpy(data.data(), storage.data() + static_cast<size_t>(view.offset) * size, data.size());
    return data;
  }
  std::vector<int64_t> index(view.shape.size(), 0);
  int64_t source = view.offset;
  for (size_t at = 0; at < data.size(); at += size) {
    std::memcpy(data.data() + at, storage.data() + static_cast<size_t>(source) * size, size);
    for (size_t axis = index.size(); axis-- > 0;) {
      source += view.strides[axis];
      if (++index[axis] < view.shape[axis]) break;
      source -= view.strides[axis] * view.shape[axis];
      index[axis] = 0;
    }
  }
  return data;
}

class Collector {
 public:
  Collector(const Pickle& pickle, const StorageBytes& storages, size_t file_bytes)
      : pickle_(pickle), storages_(storages), bytes_left_(kMaxGrowth * file_bytes) {}

  absl::StatusOr<TorchCheckpoint> run() {
    DURWARD_RETURN_IF_ERROR(visit(pickle_.root, 0));
    return std::move(checkpoint_);
  }

 private:
  using Key = std::variant<std::string_view, int64_t>;

  // Containers may refer to each other in cycles or share one another many times over, so both the
  // depth and the number of visits are bounded, and names are put together for tensors only.
  absl::Status visit(PickleId id, int depth) {
    if (depth > kMaxDepth) return damaged("its containers are nested more than 32 deep");
    if (++visits_ > kMaxVisits) {
      return absl::ResourceExhaustedError(
          "checkpoint: its containers hold more than 2^18 values; save the tensors alone: "
          "torch.save(model.state_dict(), path)");
    }
    if (const auto* dict = pickle_.get<PickleDict>(id)) return visit_dict(*dict, depth);
    if (const auto* list = pickle_.get<PickleList>(id)) return visit_items(list->items, depth);
    if (const auto* tuple = pickle_.get<PickleTuple>(id)) return visit_items(tuple->items, depth);
    if (const auto* call = pickle_.get<PickleCall>(id)) return visit_call(*call, depth);
    return absl::OkStatus();
  }

  absl::Status visit_dict(const PickleDict& dict, int depth) {
    for (const auto& [key, value] : dict.entries) {
      const auto* text = pickle_.get<std::string_view>(key);
      const auto* number = pickle_.get<int64_t>(key);
      path_.push_back(text != nullptr ? Key(*text) : number != nullptr ? Key(*number) : Key("?"));
      DURWARD_RETURN_IF_ERROR(visit(value, depth + 1));
      path_.pop_back();
    }
    return absl::OkStatus();
  }

  absl::Status visit_items(const std::vector<PickleId>& items, int depth) {
    for (size_t i = 0; i < items.size(); ++i) {
      path_.emplace_back(static_cast<int64_t>(i));
      DURWARD_RETURN_IF_ERROR(visit(items[i], depth + 1));
      path_.pop_back();
    }
    return absl::OkStatus();
  }

  absl::Status visit_call(const PickleCall& call, int depth) {
    const auto& global = *pickle_.get<PickleGlobal>(call.callable);
    const auto& args = *pickle_.get<PickleTuple>(call.args);
    if (global.module != kUtils) return damaged("a storage type is called");
    if (global.name == "_rebuild_parameter") {
      if (args.items.empty()) return damaged("a parameter has no tensor");
      return visit(args.items[0], depth + 1);
    }
    return add(args);
  }

  // The keys that lead here, joined by dots.
  absl::StatusOr<std::string> joined_path() const {
    std::string joined;
    for (const Key& key : path_) {
      if (!joined.empty()) joined += '.';
      if (const auto* text = std::get_if<std::string_view>(&key)) {
        if (text->size() > kMaxKeyBytes) return damaged("a key is longer than 1024 bytes");
        joined += *text;
      } else {
        joined += std::to_string(std::get<int64_t>(key));
      }
    }
    if (joined.size() > kMaxKeyBytes) return damaged("a name is longer than 1024 bytes");
    return joined;
  }

  absl::Status add(const PickleTuple& args) {
    if (names_.size() == kMaxTensors) return damaged("it holds more than 2^16 tensors");
    DURWARD_ASSIGN_OR_RETURN(const std::string name, joined_path());
    if (!names_.insert(name).second) {
      return damaged(absl::StrCat("two tensors are named ", absl::Utf8SafeCHexEscape(name)));
    }
    auto tensor = read_tensor(args);
    if (!tensor.ok()) {
      return with_context(tensor.status(), absl::StrCat("tensor ", absl::Utf8SafeCHexEscape(name)));
    }
    tensor->name = name;
    checkpoint_.tensors.push_back(*std::move(tensor));
    return absl::OkStatus();
  }

  absl::StatusOr<TorchTensor> read_tensor(const PickleTuple& args) {
    DURWARD_ASSIGN_OR_RETURN(View view, read_view(pickle_, args));
    const auto storage = storages_.find(view.storage.key);
    if (storage == storages_.end()) return damaged("its storage is missing");
    const auto expected = checked_mul(view.storage.count, size_of(view.storage.type));
    if (!expected || static_cast<uint64_t>(*expected) != storage->second.size()) {
      return damaged(absl::StrCat("its storage has ", storage->second.size(), " bytes, not ",
                                  view.storage.count, " elements"));
    }
    DURWARD_ASSIGN_OR_RETURN(const int64_t count, element_count(view.shape));
    if (count > 0) {
      const auto last = last_index(view);
      if (!last || *last >= view.storage.count || count > view.storage.count) {
        return damaged(absl::StrCat("shape ", to_string(view.shape),
                                    " reaches beyond its storage of ", view.storage.count,
                                    " elements"));
      }
    }
    const auto bytes = static_cast<size_t>(count * size_of(view.storage.type));
    if (bytes > bytes_left_) {
      return absl::ResourceExhaustedError(
          "checkpoint: its tensors are views that need more than four times the file's bytes; save "
          "them as tensors of their own: {k: v.clone() for k, v in model.state_dict().items()}");
    }
    bytes_left_ -= bytes;
    return TorchTensor{"", view.storage.type, view.shape, gather(view, count, storage->second)};
  }

  const Pickle& pickle_;
  const StorageBytes& storages_;
  size_t bytes_left_;
  int64_t visits_ = 0;
  std::vector<Key> path_;
  std::set<std::string> names_;
  TorchCheckpoint checkpoint_;
};

}  // namespace

bool torch_global_allowed(std::string_view module, std::string_view name) {
  if (module == kUtils) {
    return name == "_rebuild_tensor_v2" || name == "_rebuild_tensor" ||
           name == "_rebuild_parameter";
  }
  return storage_type({module, name}).has_value();
}

absl::StatusOr<std::map<std::string_view, TorchType>> legacy_storage_types(const Pickle& pickle) {
  std::map<std::string_view, TorchType> types;
  for (const PickleValue& value : pickle.values) {
    const auto* reference = std::get_if<PicklePersistent>(&value);
    if (reference == nullptr) continue;
    DURWARD_ASSIGN_OR_RETURN(const Storage storage, read_storage(pickle, *reference));
    const auto [known, added] = types.emplace(storage.key, storage.type);
    if (!added && known->second != storage.type) {
      return damaged("two tensors see one storage as different types");
    }
  }
  return types;
}

absl::StatusOr<TorchCheckpoint> collect_tensors(const Pickle& pickle, const StorageBytes& storages,
                                                size_t file_bytes) {
  return Collector(pickle, storages, file_bytes).run();
}

}  // namespace durward
