// A realistic result document: a MobileFaceNet, three runtimes, an evaluation of synthetic people.
#pragma once

#include <nlohmann/json.hpp>

namespace durward {

[[nodiscard]] nlohmann::json sample_result();

}  // namespace durward
