#include "pipeline/picture_digest.h"

#include <absl/strings/str_cat.h>

#include "base/sha256.h"

namespace durward {

std::string picture_digest(std::span<const std::filesystem::path> pictures) {
  std::string text;
  for (const std::filesystem::path& path : pictures) {
    std::error_code error;
    absl::StrAppend(&text, path.filename().string(), " ", std::filesystem::file_size(path, error),
                    "\n");
  }
  return sha256_hex(std::as_bytes(std::span(text)));
}

}  // namespace durward
