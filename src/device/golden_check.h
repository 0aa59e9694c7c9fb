// The golden vectors of a bundle: proof that this machine computes what was validated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/session.h"

namespace durward::device {

// A member of the bundle by its path, or nothing.
using FindMember =
    std::function<std::optional<std::span<const std::byte>>(const std::string& path)>;

struct GoldenOutcome {
  int64_t vectors = 0, bytes = 0;  // compared, all equal where there is no problem
  std::string problem;             // the vector and its first byte that differs
};

// Runs golden/0.input0 and so on (docs/bundle.md) until there is no further vector.
[[nodiscard]] GoldenOutcome check_golden(Session& session, const FindMember& find);

// The inputs of a golden vector, nothing where one is missing or of another size than its port.
[[nodiscard]] std::optional<std::vector<std::span<const std::byte>>> golden_inputs(
    const Session& session, const FindMember& find, int64_t vector);

}  // namespace durward::device
