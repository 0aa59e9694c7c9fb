// Pictures: reading them from files that may be anything, and writing thumbnails.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace durward {

// 8-bit RGB, row by row from the top, three bytes per pixel, no padding between rows.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> rgb;  // height * width * 3 bytes

  Image() = default;
  Image(int w, int h)
      : width(w), height(h), rgb(static_cast<size_t>(w) * static_cast<size_t>(h) * 3) {}
  [[nodiscard]] const uint8_t* pixel(int x, int y) const {
    return rgb.data() + (static_cast<size_t>(y) * static_cast<size_t>(width) + x) * 3;
  }
  bool operator==(const Image&) const = default;
};

struct ImageLimits {
  int64_t max_bytes = int64_t{256} << 20;  // of the file
  int64_t max_pixels = int64_t{64} << 20;  // 64 Mi, read from the header before decoding
};

// Decodes a JPEG, PNG, BMP or WebP picture, told by its content, not its name. The EXIF orientation
// is applied, transparency dropped, 16-bit samples reduced to 8. `name` stands in the errors:
// InvalidArgument (no such picture, or a damaged one), DataLoss (truncated), ResourceExhausted
// (more pixels than the limit).
[[nodiscard]] absl::StatusOr<Image> decode_image(std::span<const std::byte> bytes,
                                                 std::string_view name,
                                                 const ImageLimits& limits = {});

// The same from a file; also the errors of read_file.
[[nodiscard]] absl::StatusOr<Image> read_image(const std::filesystem::path& path,
                                               const ImageLimits& limits = {});

// A baseline JPEG; quality 1..100. InvalidArgument for an empty image.
[[nodiscard]] absl::StatusOr<std::vector<std::byte>> encode_jpeg(const Image& image,
                                                                 int quality = 90);
[[nodiscard]] absl::Status write_jpeg(const std::filesystem::path& path, const Image& image,
                                      int quality = 90);

}  // namespace durward
