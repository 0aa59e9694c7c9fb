// What a picture file says about itself before anything is decoded: so that a size can be refused
// before it is allocated, and a truncated file is told from a damaged one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/status.h"

namespace durward {

enum class ImageFormat : uint8_t { kJpeg, kPng, kBmp, kWebp };

[[nodiscard]] std::string_view to_string(ImageFormat format);  // "JPEG", "PNG", "BMP", "WebP"

// The bytes that image_format needs to see.
inline constexpr size_t kImageSignatureBytes = 18;

// The format by the signature at the start of a file; nullopt where it is none of the four.
[[nodiscard]] std::optional<ImageFormat> image_format(std::span<const std::byte> start);

struct ImageHeader {
  ImageFormat format = ImageFormat::kJpeg;
  int64_t width = 0;  // as stored, before the EXIF orientation
  int64_t height = 0;
};

// Reads the size and walks the file's segments to its end. InvalidArgument: not one of the four
// formats, or a header that makes no sense; DataLoss: the file ends before the picture does.
[[nodiscard]] absl::StatusOr<ImageHeader> read_image_header(std::span<const std::byte> bytes);

}  // namespace durward
