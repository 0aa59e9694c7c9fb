// Python's pickle format as plain data. A pickle is a program for a stack machine that can import
// and call anything; here only the opcodes that build data are known, a global is a name from the
// caller's allow-list, and a call is recorded, never made. So nothing in a file is executed.
//
// Format: Python's Lib/pickletools.py. Protocols 2 to 5 as PyTorch writes them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"
#include "formats/torch/byte_reader.h"

namespace durward {

using PickleId = int32_t;  // index into Pickle::values

struct PickleNone {};
struct PickleLong {  // an integer beyond 64 bits: two's complement, little-endian
  std::span<const std::byte> digits;
};
struct PickleTuple {
  std::vector<PickleId> items;
};
struct PickleList {
  std::vector<PickleId> items;
};
struct PickleDict {  // dict and OrderedDict, in the order of insertion; keys may repeat
  std::vector<std::pair<PickleId, PickleId>> entries;
};
struct PickleGlobal {
  std::string_view module, name;
};
struct PickleCall {  // callable(*args), not called
  PickleId callable, args;
};
struct PicklePersistent {  // a reference to something outside of the pickle
  PickleId id;
};

using PickleValue =
    std::variant<PickleNone, bool, int64_t, double, std::string_view, PickleLong, PickleTuple,
                 PickleList, PickleDict, PickleGlobal, PickleCall, PicklePersistent>;

// The values of one pickle; text refers to the bytes that were read. Values refer to each other by
// id and may form cycles: whoever walks them bounds the walk.
struct Pickle {
  std::vector<PickleValue> values;
  PickleId root = -1;

  [[nodiscard]] const PickleValue& at(PickleId id) const { return values[static_cast<size_t>(id)]; }
  template <typename T>
  [[nodiscard]] const T* get(PickleId id) const {
    return std::get_if<T>(&at(id));
  }
};

// Says whether a global may be named. collections.OrderedDict is known without it.
using GlobalAllowed = bool (*)(std::string_view module, std::string_view name);

// Reads one pickle and leaves `in` behind it. Work and memory grow with the bytes read and with
// nothing else. Errors: InvalidArgument for a damaged pickle, an opcode or a global that is not
// allowed, naming it and its position; ResourceExhausted beyond 2^22 values.
[[nodiscard]] absl::StatusOr<Pickle> read_pickle(ByteReader& in, GlobalAllowed allowed);

}  // namespace durward
