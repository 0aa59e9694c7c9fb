// Tells whether two runs saw the same pictures.
#pragma once

#include <filesystem>
#include <span>
#include <string>

namespace durward {

// SHA-256 of the pictures' names and sizes, in their order.
[[nodiscard]] std::string picture_digest(std::span<const std::filesystem::path> pictures);

}  // namespace durward
