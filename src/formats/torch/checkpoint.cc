#include "formats/torch/checkpoint.h"

#include <absl/strings/escaping.h>

#include <array>
#include <cmath>
#include <map>

#include "base/file.h"
#include "base/half.h"
#include "formats/torch/byte_reader.h"
#include "formats/torch/pickle.h"
#include "formats/torch/tensors.h"
#include "formats/torch/zip.h"

namespace durward {
namespace {

// 0x1950a86a20f9469cfc6c and 1001: torch/serialization.py.
constexpr std::array<uint8_t, 10> kLegacyMagic = {0x6c, 0xfc, 0x9c, 0x46, 0xf9,
                                                  0x20, 0x6a, 0xa8, 0x50, 0x19};
constexpr int64_t kLegacyProtocol = 1001;

bool is_zip(std::span<const std::byte> bytes) { return as_text(bytes).starts_with("PK\x03\x04"); }

bool is_legacy(std::span<const std::byte> bytes) {
  constexpr size_t kMagicAt = 4;  // PROTO n, LONG1 10
  return bytes.size() >= kMagicAt + kLegacyMagic.size() && bytes[0] == std::byte{0x80} &&
         std::memcmp(bytes.data() + kMagicAt, kLegacyMagic.data(), kLegacyMagic.size()) == 0;
}

absl::Status cut_short(std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("checkpoint: ", std::string(what), "; the file is cut short or damaged"));
}

absl::Status check_little_endian(bool little_endian) {
  if (little_endian) return absl::OkStatus();
  return absl::UnimplementedError(
      "checkpoint: it was saved on a big-endian machine; load it and save it again on a "
      "little-endian one");
}

absl::Status check_system(const Pickle& system) {
  const auto* entries = system.get<PickleDict>(system.root);
  if (entries == nullptr) return cut_short("its description of the system is no dict");
  for (const auto& [key, value] : entries->entries) {
    const auto* name = system.get<std::string_view>(key);
    const auto* flag = system.get<bool>(value);
    if (name != nullptr && *name == "little_endian" && flag != nullptr) {
      return check_little_endian(*flag);
    }
  }
  return cut_short("its byte order is missing");
}

// The storages that follow the pickles: for each key an element count, then the elements.
absl::StatusOr<StorageBytes> read_legacy_storages(ByteReader& in, const Pickle& object,
                                                  const Pickle& keys) {
  DURWARD_ASSIGN_OR_RETURN(const auto types, legacy_storage_types(object));
  const auto* list = keys.get<PickleList>(keys.root);
  if (list == nullptr) return cut_short("the list of its storages is missing");
  StorageBytes storages;
  for (const PickleId id : list->items) {
    const auto* key = keys.get<std::string_view>(id);
    const auto type = key == nullptr ? types.end() : types.find(*key);
    if (type == types.end()) return cut_short("it lists a storage that no tensor uses");
    DURWARD_ASSIGN_OR_RETURN(const auto count, in.read<int64_t>());
    if (count < 0 || static_cast<uint64_t>(count) > in.remaining()) {
      return cut_short(absl::StrCat("a storage of ", count, " elements does not fit the file"));
    }
    DURWARD_ASSIGN_OR_RETURN(const auto bytes,
                             in.take(static_cast<uint64_t>(count * size_of(type->second))));
    if (!storages.emplace(*key, bytes).second) return cut_short("a storage is listed twice");
  }
  return storages;
}

absl::StatusOr<TorchCheckpoint> read_legacy(std::span<const std::byte> file) {
  ByteReader in(file);
  DURWARD_RETURN_IF_ERROR(read_pickle(in, torch_global_allowed).status());  // the magic number
  DURWARD_ASSIGN_OR_RETURN(const Pickle protocol, read_pickle(in, torch_global_allowed));
  const auto* version = protocol.get<int64_t>(protocol.root);
  if (version == nullptr || *version != kLegacyProtocol) {
    return cut_short("its protocol version is not 1001");
  }
  DURWARD_ASSIGN_OR_RETURN(const Pickle system, read_pickle(in, torch_global_allowed));
  DURWARD_RETURN_IF_ERROR(check_system(system));
  DURWARD_ASSIGN_OR_RETURN(const Pickle object, read_pickle(in, torch_global_allowed));
  DURWARD_ASSIGN_OR_RETURN(const Pickle keys, read_pickle(in, torch_global_allowed));
  DURWARD_ASSIGN_OR_RETURN(const StorageBytes storages, read_legacy_storages(in, object, keys));
  if (in.remaining() != 0) {
    return cut_short(absl::StrCat(in.remaining(), " bytes follow its last storage"));
  }
  return collect_tensors(object, storages, file.size());
}

absl::StatusOr<std::span<const std::byte>> stored_bytes(const ZipMembers::value_type& member) {
  if (member.second.stored) return member.second.bytes;
  return absl::UnimplementedError(
      absl::StrCat("checkpoint: ", absl::CHexEscape(std::string(member.first)),
                   " in it is compressed or encrypted, which torch.save never does; unpack the "
                   "archive and pack it again without compression"));
}

absl::StatusOr<TorchCheckpoint> read_zip(std::span<const std::byte> file) {
  constexpr std::string_view kPickleName = "/data.pkl";
  DURWARD_ASSIGN_OR_RETURN(const ZipMembers members, read_zip_members(file));
  std::string folder;  // "archive/" or the file's name when it was saved
  for (const auto& [name, member] : members) {
    if (name.ends_with(kPickleName)) folder = name.substr(0, name.size() - kPickleName.size() + 1);
  }
  if (members.contains(std::string_view(folder + "constants.pkl"))) {
    return absl::UnimplementedError(
        "checkpoint: it is a TorchScript program, not a checkpoint; export the model to ONNX where "
        "it was made (scripts/export_onnx.py) and use that file");
  }
  const auto object_member = members.find(std::string_view(folder + "data.pkl"));
  if (object_member == members.end()) {
    return absl::InvalidArgumentError(
        "checkpoint: the zip archive has no data.pkl, so torch.save did not write it");
  }
  if (const auto byte_order = members.find(std::string_view(folder + "byteorder"));
      byte_order != members.end()) {
    DURWARD_ASSIGN_OR_RETURN(const auto text, stored_bytes(*byte_order));  // since PyTorch 2.1
    DURWARD_RETURN_IF_ERROR(check_little_endian(as_text(text) == "little"));
  }
  DURWARD_ASSIGN_OR_RETURN(const auto object_bytes, stored_bytes(*object_member));
  ByteReader in(object_bytes);
  DURWARD_ASSIGN_OR_RETURN(const Pickle object, read_pickle(in, torch_global_allowed));
  if (in.remaining() != 0) return cut_short("bytes follow the pickle in data.pkl");
  const std::string data_folder = folder + "data/";
  StorageBytes storages;
  for (const auto& member : members) {
    if (!member.first.starts_with(data_folder)) continue;
    DURWARD_ASSIGN_OR_RETURN(const auto bytes, stored_bytes(member));
    storages.emplace(member.first.substr(data_folder.size()), bytes);
  }
  return collect_tensors(object, storages, file.size());
}

template <typename T, typename Convert>
std::vector<float> convert(const std::vector<std::byte>& data, Convert to_float) {
  std::vector<float> floats(data.size() / sizeof(T));
  for (size_t i = 0; i < floats.size(); ++i) {
    T value;
    std::memcpy(&value, data.data() + i * sizeof(T), sizeof value);
    floats[i] = to_float(value);
  }
  return floats;
}

std::vector<float> convert(const TorchTensor& tensor) {
  switch (tensor.type) {
    case TorchType::kFloat32:
      return convert<float>(tensor.data, [](float value) { return value; });
    case TorchType::kFloat64:
      return convert<double>(tensor.data, [](double value) { return static_cast<float>(value); });
    case TorchType::kFloat16:
      return convert<uint16_t>(tensor.data, half_to_float);
    case TorchType::kBFloat16:  // the upper half of a float32
      return convert<uint16_t>(tensor.data, [](uint16_t bits) {
        return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
      });
    default:
      return {};
  }
}

}  // namespace

std::string_view to_string(TorchType type) {
  switch (type) {
    case TorchType::kFloat32:
      return "float32";
    case TorchType::kFloat64:
      return "float64";
    case TorchType::kFloat16:
      return "float16";
    case TorchType::kBFloat16:
      return "bfloat16";
    case TorchType::kInt64:
      return "int64";
    case TorchType::kInt32:
      return "int32";
    case TorchType::kInt16:
      return "int16";
    case TorchType::kInt8:
      return "int8";
    case TorchType::kUInt8:
      return "uint8";
    case TorchType::kBool:
      return "bool";
  }
  return "unknown";
}

int64_t size_of(TorchType type) {
  switch (type) {
    case TorchType::kInt8:
    case TorchType::kUInt8:
    case TorchType::kBool:
      return 1;
    case TorchType::kFloat16:
    case TorchType::kBFloat16:
    case TorchType::kInt16:
      return 2;
    case TorchType::kFloat32:
    case TorchType::kInt32:
      return 4;
    case TorchType::kFloat64:
    case TorchType::kInt64:
      return 8;
  }
  return 1;
}

absl::StatusOr<TorchCheckpoint> read_torch_checkpoint(std::span<const std::byte> bytes) {
  if (is_zip(bytes)) return read_zip(bytes);
  if (is_legacy(bytes)) return read_legacy(bytes);
  return absl::InvalidArgumentError(
      "checkpoint: it begins neither as torch.save's zip format nor as its legacy format; save it "
      "with torch.save(model.state_dict(), path)");
}

absl::StatusOr<TorchCheckpoint> read_torch_checkpoint(const std::filesystem::path& path) {
  DURWARD_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, read_file(path));
  auto checkpoint = read_torch_checkpoint(bytes);
  if (!checkpoint.ok()) return with_context(checkpoint.status(), path.string());
  return checkpoint;
}

absl::StatusOr<std::vector<float>> to_floats(const TorchTensor& tensor) {
  std::vector<float> floats = convert(tensor);
  if (floats.empty() && !tensor.data.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("tensor ", tensor.name,
                                                   ": floating point is expected, it holds ",
                                                   std::string(to_string(tensor.type))));
  }
  for (size_t i = 0; i < floats.size(); ++i) {
    if (std::isfinite(floats[i])) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("tensor ", tensor.name, ": element ", i,
                     " is not a finite float32; the training diverged or the file is damaged"));
  }
  return floats;
}

}  // namespace durward
