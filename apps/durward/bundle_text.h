// How a bundle looks to a person, and as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "bundle/bundle.h"

namespace durward {

// Identity, preprocessing, certificate, members and signature.
[[nodiscard]] std::string bundle_text(const Bundle& bundle);
[[nodiscard]] nlohmann::json bundle_json(const Bundle& bundle);

// "key 0123456789abcdef"; empty where it is unsigned.
[[nodiscard]] std::string signer_text(const Bundle& bundle);

}  // namespace durward
