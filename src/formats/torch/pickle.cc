#include "formats/torch/pickle.h"

#include <absl/strings/escaping.h>

#include <algorithm>
#include <bit>
#include <string>

namespace durward {
namespace {

constexpr size_t kMaxValues = size_t{1} << 22;
constexpr size_t kMaxNameBytes = 256;

// The opcodes that PyTorch's checkpoints use; the names are pickletools'.
enum Opcode : uint8_t {
  kMark = '(',
  kEmptyTuple = ')',
  kStop = '.',
  kBinFloat = 'G',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kNone = 'N',
  kBinPersId = 'Q',
  kReduce = 'R',
  kBinString = 'T',
  kShortBinString = 'U',
  kBinUnicode = 'X',
  kEmptyList = ']',
  kAppend = 'a',
  kBuild = 'b',
  kGlobal = 'c',
  kAppends = 'e',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kSetItem = 's',
  kTuple = 't',
  kSetItems = 'u',
  kEmptyDict = '}',
  kProto = 0x80,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kLong1 = 0x8a,
  kShortBinUnicode = 0x8c,
  kStackGlobal = 0x93,
  kMemoize = 0x94,
  kFrame = 0x95,
};

class Machine {
 public:
  Machine(ByteReader& in, GlobalAllowed allowed) : in_(in), allowed_(allowed) {}

  absl::StatusOr<Pickle> run() {
    for (;;) {
      at_ = in_.position();
      DURWARD_ASSIGN_OR_RETURN(const auto opcode, in_.read<uint8_t>());
      if (opcode == kStop) break;
      DURWARD_RETURN_IF_ERROR(step(opcode));
    }
    DURWARD_ASSIGN_OR_RETURN(pickle_.root, pop());
    if (!stack_.empty() || !marks_.empty()) return damaged("values are left over at its end");
    return std::move(pickle_);
  }

 private:
  absl::Status step(uint8_t opcode) {
    switch (opcode) {
      case kProto:
        return protocol();
      case kFrame:
        return in_.read<uint64_t>().status();  // only a hint for buffering
      case kNone:
        return push(PickleNone{});
      case kNewTrue:
        return push(true);
      case kNewFalse:
        return push(false);
      case kBinInt:
        return integer<int32_t>();
      case kBinInt1:
        return integer<uint8_t>();
      case kBinInt2:
        return integer<uint16_t>();
      case kLong1:
        return long_integer();
      case kBinFloat:
        return big_endian_double();
      case kBinUnicode:
      case kBinString:
        return text<uint32_t>();
      case kShortBinUnicode:
      case kShortBinString:
        return text<uint8_t>();
      case kEmptyDict:
        return push(PickleDict{});
      case kEmptyList:
        return push(PickleList{});
      case kEmptyTuple:
        return push(PickleTuple{});
      case kMark:
        marks_.push_back(stack_.size());
        return absl::OkStatus();
      case kTuple: {
        DURWARD_ASSIGN_OR_RETURN(auto items, pop_to_mark());
        return push(PickleTuple{std::move(items)});
      }
      case kTuple1:
      case kTuple2:
      case kTuple3:
        return short_tuple(static_cast<size_t>(opcode - kTuple1) + 1);
      case kBinPut:
        return memoize<uint8_t>();
      case kLongBinPut:
        return memoize<uint32_t>();
      case kMemoize:
        return memoize_as(memo_.size());
      case kBinGet:
        return recall<uint8_t>();
      case kLongBinGet:
        return recall<uint32_t>();
      case kAppend:
      case kAppends:
        return append(opcode == kAppends);
      case kSetItem:
      case kSetItems:
        return set_items(opcode == kSetItems);
      case kGlobal:
        return global();
      case kStackGlobal:
        return stack_global();
      case kBinPersId: {
        DURWARD_ASSIGN_OR_RETURN(const PickleId id, pop());
        return push(PicklePersistent{id});
      }
      case kReduce:
        return reduce();
      case kBuild:
        return build();
      default:
        return absl::InvalidArgumentError(absl::StrCat(
            "pickle, byte ", at_, ": opcode 0x", absl::Hex(opcode, absl::kZeroPad2),
            " is not read; re-save only the tensors: torch.save(model.state_dict(), path)"));
    }
  }

  absl::Status damaged(std::string_view what) const {
    return absl::InvalidArgumentError(
        absl::StrCat("pickle, byte ", at_, ": ", std::string(what), "; the file is damaged"));
  }

  absl::Status push(PickleValue value) {
    if (pickle_.values.size() == kMaxValues) {
      return absl::ResourceExhaustedError(
          absl::StrCat("pickle, byte ", at_, ": more than ", kMaxValues,
                       " values; re-save only the tensors: torch.save(model.state_dict(), path)"));
    }
    stack_.push_back(static_cast<PickleId>(pickle_.values.size()));
    pickle_.values.push_back(std::move(value));
    return absl::OkStatus();
  }

  // Values below the innermost mark belong to an enclosing collection.
  size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  absl::StatusOr<PickleId> top() const {
    if (stack_.size() <= floor()) return damaged("a value is missing");
    return stack_.back();
  }

  absl::StatusOr<PickleId> pop() {
    DURWARD_ASSIGN_OR_RETURN(const PickleId id, top());
    stack_.pop_back();
    return id;
  }

  absl::StatusOr<std::vector<PickleId>> pop_to_mark() {
    if (marks_.empty()) return damaged("a mark is missing");
    const auto first = stack_.begin() + static_cast<ptrdiff_t>(marks_.back());
    std::vector<PickleId> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return items;
  }

  // The top value as a T that is changed in place.
  template <typename T>
  absl::StatusOr<T*> target(std::string_view expected) {
    DURWARD_ASSIGN_OR_RETURN(const PickleId id, top());
    T* value = std::get_if<T>(&pickle_.values[static_cast<size_t>(id)]);
    if (value == nullptr) return damaged(absl::StrCat(std::string(expected), " is expected"));
    return value;
  }

  absl::Status protocol() {
    DURWARD_ASSIGN_OR_RETURN(const auto version, in_.read<uint8_t>());
    if (version >= 2 && version <= 5) return absl::OkStatus();
    return damaged(absl::StrCat("protocol ", version, ", where 2 to 5 are read"));
  }

  template <typename T>
  absl::Status integer() {
    DURWARD_ASSIGN_OR_RETURN(const T value, in_.read<T>());
    return push(static_cast<int64_t>(value));
  }

  absl::Status long_integer() {
    DURWARD_ASSIGN_OR_RETURN(const auto count, in_.read<uint8_t>());
    DURWARD_ASSIGN_OR_RETURN(const auto digits, in_.take(count));
    if (count > sizeof(int64_t)) return push(PickleLong{digits});
    const bool negative = count > 0 && (std::to_integer<uint8_t>(digits.back()) & 0x80u) != 0;
    uint64_t value = negative ? ~uint64_t{0} : 0;
    std::memcpy(&value, digits.data(), digits.size());
    return push(static_cast<int64_t>(value));
  }

  absl::Status big_endian_double() {
    DURWARD_ASSIGN_OR_RETURN(const auto bits, in_.read<uint64_t>());
    return push(std::bit_cast<double>(__builtin_bswap64(bits)));
  }

  template <typename Length>
  absl::Status text() {
    DURWARD_ASSIGN_OR_RETURN(const auto count, in_.read<Length>());
    DURWARD_ASSIGN_OR_RETURN(const auto bytes, in_.take(count));
    return push(as_text(bytes));
  }

  absl::Status short_tuple(size_t count) {
    PickleTuple tuple{std::vector<PickleId>(count)};
    for (size_t i = count; i-- > 0;) {
      DURWARD_ASSIGN_OR_RETURN(tuple.items[i], pop());
    }
    return push(std::move(tuple));
  }

  template <typename Index>
  absl::Status memoize() {
    DURWARD_ASSIGN_OR_RETURN(const auto index, in_.read<Index>());
    return memoize_as(index);
  }

  // Picklers number their memo from 0 without gaps, so an index cannot make the memo grow faster
  // than the file.
  absl::Status memoize_as(size_t index) {
    DURWARD_ASSIGN_OR_RETURN(const PickleId id, top());
    if (index > memo_.size()) return damaged(absl::StrCat("memo entry ", index, " out of order"));
    if (index == memo_.size()) memo_.emplace_back();
    memo_[index] = id;
    return absl::OkStatus();
  }

  template <typename Index>
  absl::Status recall() {
    DURWARD_ASSIGN_OR_RETURN(const size_t index, in_.read<Index>());
    if (index >= memo_.size()) return damaged(absl::StrCat("memo entry ", index, " is not set"));
    stack_.push_back(memo_[index]);
    return absl::OkStatus();
  }

  // One value from the stack, or all above the mark.
  absl::StatusOr<std::vector<PickleId>> operands(bool to_mark, size_t count) {
    if (to_mark) return pop_to_mark();
    std::vector<PickleId> items(count);
    for (size_t i = count; i-- > 0;) {
      DURWARD_ASSIGN_OR_RETURN(items[i], pop());
    }
    return items;
  }

  absl::Status append(bool to_mark) {
    DURWARD_ASSIGN_OR_RETURN(const auto items, operands(to_mark, 1));
    DURWARD_ASSIGN_OR_RETURN(PickleList * list, target<PickleList>("a list"));
    list->items.insert(list->items.end(), items.begin(), items.end());
    return absl::OkStatus();
  }

  absl::Status set_items(bool to_mark) {
    DURWARD_ASSIGN_OR_RETURN(const auto items, operands(to_mark, 2));
    DURWARD_ASSIGN_OR_RETURN(PickleDict * dict, target<PickleDict>("a dict"));
    if (items.size() % 2 != 0) return damaged("a dict key has no value");
    for (size_t i = 0; i < items.size(); i += 2) dict->entries.emplace_back(items[i], items[i + 1]);
    return absl::OkStatus();
  }

  absl::StatusOr<std::string_view> line() {
    const size_t window = std::min(kMaxNameBytes + 1, in_.remaining());
    ByteReader ahead = in_;
    DURWARD_ASSIGN_OR_RETURN(const auto bytes, ahead.take(window));
    const size_t end = as_text(bytes).find('\n');
    if (end == std::string_view::npos) return damaged("a global's name does not end");
    DURWARD_ASSIGN_OR_RETURN(const auto taken, in_.take(end + 1));
    return as_text(taken.first(end));
  }

  absl::Status global() {
    DURWARD_ASSIGN_OR_RETURN(const auto module, line());
    DURWARD_ASSIGN_OR_RETURN(const auto name, line());
    return push_global(module, name);
  }

  absl::Status stack_global() {
    DURWARD_ASSIGN_OR_RETURN(const PickleId name_id, pop());
    DURWARD_ASSIGN_OR_RETURN(const PickleId module_id, pop());
    const auto* name = pickle_.get<std::string_view>(name_id);
    const auto* module = pickle_.get<std::string_view>(module_id);
    if (name == nullptr || module == nullptr) return damaged("a global's name is not text");
    return push_global(*module, *name);
  }

  static bool is_ordered_dict(std::string_view module, std::string_view name) {
    return module == "collections" && name == "OrderedDict";
  }

  absl::Status push_global(std::string_view module, std::string_view name) {
    if (is_ordered_dict(module, name) || allowed_(module, name)) {
      return push(PickleGlobal{module, name});
    }
    const std::string shown =
        absl::CHexEscape(absl::StrCat(std::string(module.substr(0, kMaxNameBytes)), ".",
                                      std::string(name.substr(0, kMaxNameBytes))));
    return absl::InvalidArgumentError(absl::StrCat(
        "pickle, byte ", at_, ": refers to ", shown,
        ", which is not read, since a checkpoint's code is never run; re-save only the tensors: "
        "torch.save(model.state_dict(), path)"));
  }

  absl::Status reduce() {
    DURWARD_ASSIGN_OR_RETURN(const PickleId args, pop());
    DURWARD_ASSIGN_OR_RETURN(const PickleId callable, pop());
    const auto* global = pickle_.get<PickleGlobal>(callable);
    const auto* tuple = pickle_.get<PickleTuple>(args);
    if (global == nullptr || tuple == nullptr) return damaged("a call of something uncallable");
    if (is_ordered_dict(global->module, global->name)) return ordered_dict(*tuple);
    return push(PickleCall{callable, args});
  }

  // OrderedDict() or, from Python 2, OrderedDict([[key, value], ...]).
  absl::Status ordered_dict(const PickleTuple& args) {
    PickleDict dict;
    if (!args.items.empty()) {
      const auto* pairs = pickle_.get<PickleList>(args.items[0]);
      if (args.items.size() != 1 || pairs == nullptr) return damaged("OrderedDict of no pairs");
      for (const PickleId pair : pairs->items) {
        const auto* as_list = pickle_.get<PickleList>(pair);
        const auto* as_tuple = pickle_.get<PickleTuple>(pair);
        if (as_list == nullptr && as_tuple == nullptr) return damaged("OrderedDict of no pairs");
        const auto& items = as_list != nullptr ? as_list->items : as_tuple->items;
        if (items.size() != 2) return damaged("OrderedDict of no pairs");
        dict.entries.emplace_back(items[0], items[1]);
      }
    }
    return push(std::move(dict));
  }

  // Attributes of a dict, such as a state dict's _metadata, carry no tensors: dropped.
  absl::Status build() {
    DURWARD_RETURN_IF_ERROR(pop().status());
    return target<PickleDict>("a dict").status();
  }

  ByteReader& in_;
  GlobalAllowed allowed_;
  size_t at_ = 0;  // where the current opcode stands
  Pickle pickle_;
  std::vector<PickleId> stack_;
  std::vector<size_t> marks_;
  std::vector<PickleId> memo_;
};

}  // namespace

absl::StatusOr<Pickle> read_pickle(ByteReader& in, GlobalAllowed allowed) {
  return Machine(in, allowed).run();
}

}  // namespace durward
