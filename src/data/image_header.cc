#include "data/image_header.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace durward {
namespace {

// Reads integers at offsets; what lies beyond the end makes at() false.
class Bytes {
 public:
  explicit Bytes(std::span<const std::byte> bytes) : bytes_(bytes) {}

  [[nodiscard]] size_t size() const { return bytes_.size(); }
  [[nodiscard]] bool at(size_t offset, size_t count) const {
    return offset <= bytes_.size() && count <= bytes_.size() - offset;
  }
  [[nodiscard]] uint32_t u8(size_t offset) const { return static_cast<uint32_t>(bytes_[offset]); }
  [[nodiscard]] uint32_t big16(size_t o) const { return u8(o) << 8 | u8(o + 1); }
  [[nodiscard]] uint32_t big32(size_t o) const { return big16(o) << 16 | big16(o + 2); }
  [[nodiscard]] uint32_t little16(size_t o) const { return u8(o) | u8(o + 1) << 8; }
  [[nodiscard]] uint32_t little24(size_t o) const { return little16(o) | u8(o + 2) << 16; }
  [[nodiscard]] uint32_t little32(size_t o) const { return little16(o) | little16(o + 2) << 16; }
  [[nodiscard]] bool equals(size_t offset, std::string_view text) const {
    return at(offset, text.size()) &&
           std::memcmp(bytes_.data() + offset, text.data(), text.size()) == 0;
  }

 private:
  std::span<const std::byte> bytes_;
};

absl::Status truncated(std::string_view format) {
  return absl::DataLossError(
      absl::StrCat("truncated: the ", std::string(format), " data ends before the picture does"));
}

absl::Status damaged(std::string_view format, std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("damaged ", std::string(format), ": ", std::string(what)));
}

// The offset of the marker that ends the entropy-coded data starting at `offset`.
size_t skip_entropy_coded(const Bytes& bytes, size_t offset) {
  while (bytes.at(offset, 2)) {
    if (bytes.u8(offset) == 0xff) {
      const uint32_t next = bytes.u8(offset + 1);
      const bool stuffing = next == 0x00, restart = next >= 0xd0 && next <= 0xd7;
      if (!stuffing && !restart && next != 0xff) return offset;
    }
    ++offset;
  }
  return bytes.size();
}

// Marker segments of ITU-T T.81, annex B.
absl::StatusOr<ImageHeader> read_jpeg(const Bytes& bytes) {
  constexpr uint32_t kEnd = 0xd9, kScan = 0xda, kTemporary = 0x01;
  ImageHeader header{ImageFormat::kJpeg, 0, 0};
  bool scan_seen = false;
  size_t offset = 2;  // after the start-of-image marker
  while (bytes.at(offset, 2)) {
    if (bytes.u8(offset) != 0xff) return damaged("JPEG", "a marker is missing");
    const uint32_t marker = bytes.u8(offset + 1);
    if (marker == 0xff) {  // fill byte
      ++offset;
      continue;
    }
    offset += 2;
    if (marker == kEnd) {
      if (header.width == 0 || !scan_seen) return damaged("JPEG", "it holds no picture");
      return header;
    }
    const bool restart = marker >= 0xd0 && marker <= 0xd7;
    if (restart || marker == kTemporary) continue;  // markers without a segment
    if (!bytes.at(offset, 2)) break;
    const size_t length = bytes.big16(offset);
    if (length < 2) return damaged("JPEG", "a segment has an impossible length");
    if (!bytes.at(offset, length)) break;
    const bool frame =
        marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (frame && header.width == 0) {
      if (length < 8) return damaged("JPEG", "the frame header is too short");
      header.height = bytes.big16(offset + 3);
      header.width = bytes.big16(offset + 5);
      if (header.width == 0 || header.height == 0) return damaged("JPEG", "its size is 0");
    }
    offset += length;
    if (marker == kScan) {
      scan_seen = true;
      offset = skip_entropy_coded(bytes, offset);
    }
  }
  return truncated("JPEG");
}

absl::StatusOr<ImageHeader> read_png(const Bytes& bytes) {
  constexpr size_t kSignature = 8, kAroundChunk = 12;  // length, type and CRC
  constexpr uint32_t kMaxChunk = 0x7fffffff;
  if (!bytes.at(kSignature, 4 + 4 + 13)) return truncated("PNG");
  if (!bytes.equals(12, "IHDR")) return damaged("PNG", "it does not begin with its header");
  const ImageHeader header{ImageFormat::kPng, bytes.big32(16), bytes.big32(20)};
  if (header.width == 0 || header.height == 0 || header.width > kMaxChunk ||
      header.height > kMaxChunk) {
    return damaged("PNG", "its size is impossible");
  }
  for (size_t offset = kSignature; bytes.at(offset, kAroundChunk);) {
    const size_t length = bytes.big32(offset);
    if (length > kMaxChunk) return damaged("PNG", "a chunk has an impossible length");
    if (!bytes.at(offset, length + kAroundChunk)) break;
    if (bytes.equals(offset + 4, "IEND")) return header;
    offset += length + kAroundChunk;
  }
  return truncated("PNG");
}

absl::StatusOr<ImageHeader> read_bmp(const Bytes& bytes) {
  constexpr size_t kFileHeader = 14, kCoreHeader = 12, kInfoHeader = 40;
  constexpr uint32_t kUncompressed = 0;
  if (!bytes.at(0, kFileHeader + kCoreHeader)) return truncated("BMP");
  const uint32_t pixels_at = bytes.little32(10), dib = bytes.little32(kFileHeader);
  int64_t width = 0, height = 0, bits = 0;
  bool uncompressed = true;
  if (dib == kCoreHeader) {
    width = bytes.little16(18);
    height = bytes.little16(20);
    bits = bytes.little16(24);
  } else {
    if (!bytes.at(kFileHeader, kInfoHeader)) return truncated("BMP");
    width = static_cast<int32_t>(bytes.little32(18));
    height = static_cast<int32_t>(bytes.little32(22));
    height = height < 0 ? -height : height;  // negative: the rows go from the top
    bits = bytes.little16(28);
    uncompressed = bytes.little32(30) == kUncompressed;
  }
  if (width <= 0 || height <= 0 || bits < 1 || bits > 32) {
    return damaged("BMP", "its size is impossible");
  }
  // Rows are padded to 4 bytes. Run-length coded pixels say nothing of their size.
  const int64_t row = (width * bits + 31) / 32 * 4;
  if (uncompressed &&
      (pixels_at > bytes.size() || row > static_cast<int64_t>(bytes.size() - pixels_at) / height)) {
    return truncated("BMP");
  }
  return ImageHeader{ImageFormat::kBmp, width, height};
}

absl::StatusOr<ImageHeader> read_webp(const Bytes& bytes) {
  constexpr size_t kFirstChunk = 12, kPayload = 20;
  if (!bytes.at(kFirstChunk, 8 + 10)) return truncated("WebP");
  const size_t riff = bytes.little32(4);
  if (!bytes.at(8, riff)) return truncated("WebP");
  ImageHeader header{ImageFormat::kWebp, 0, 0};
  if (bytes.equals(kFirstChunk, "VP8 ")) {  // lossy: RFC 6386, 9.1
    if (bytes.little24(kPayload + 3) != 0x2a019d) return damaged("WebP", "no start code");
    header.width = bytes.little16(kPayload + 6) & 0x3fff;
    header.height = bytes.little16(kPayload + 8) & 0x3fff;
  } else if (bytes.equals(kFirstChunk, "VP8L")) {  // lossless
    if (bytes.u8(kPayload) != 0x2f) return damaged("WebP", "no start code");
    const uint32_t packed = bytes.little32(kPayload + 1);
    header.width = (packed & 0x3fff) + 1;
    header.height = (packed >> 14 & 0x3fff) + 1;
  } else if (bytes.equals(kFirstChunk, "VP8X")) {  // extended
    header.width = int64_t{bytes.little24(kPayload + 4)} + 1;
    header.height = int64_t{bytes.little24(kPayload + 7)} + 1;
  } else {
    return damaged("WebP", "its first chunk is unknown");
  }
  if (header.width == 0 || header.height == 0) return damaged("WebP", "its size is 0");
  return header;
}

}  // namespace

std::string_view to_string(ImageFormat format) {
  switch (format) {
    case ImageFormat::kJpeg:
      return "JPEG";
    case ImageFormat::kPng:
      return "PNG";
    case ImageFormat::kBmp:
      return "BMP";
    case ImageFormat::kWebp:
      return "WebP";
  }
  return "unknown";
}

std::optional<ImageFormat> image_format(std::span<const std::byte> start) {
  const Bytes bytes(start);
  if (bytes.equals(0, "\xff\xd8\xff")) return ImageFormat::kJpeg;
  if (bytes.equals(0, "\x89PNG\r\n\x1a\n")) return ImageFormat::kPng;
  if (bytes.equals(0, "RIFF") && bytes.equals(8, "WEBP")) return ImageFormat::kWebp;
  // "BM" alone begins many a text: the size of the second header must be one that exists, too.
  constexpr std::array<uint32_t, 7> kBmpHeaders = {12, 40, 52, 56, 64, 108, 124};
  if (bytes.equals(0, "BM") && bytes.at(14, 4) &&
      std::count(kBmpHeaders.begin(), kBmpHeaders.end(), bytes.little32(14)) == 1) {
    return ImageFormat::kBmp;
  }
  return std::nullopt;
}

absl::StatusOr<ImageHeader> read_image_header(std::span<const std::byte> bytes) {
  const std::optional<ImageFormat> format = image_format(bytes);
  if (!format) {
    return absl::InvalidArgumentError("not a JPEG, PNG, BMP or WebP picture");
  }
  switch (*format) {
    case ImageFormat::kJpeg:
      return read_jpeg(Bytes(bytes));
    case ImageFormat::kPng:
      return read_png(Bytes(bytes));
    case ImageFormat::kBmp:
      return read_bmp(Bytes(bytes));
    case ImageFormat::kWebp:
      return read_webp(Bytes(bytes));
  }
  return absl::InternalError("unknown picture format");
}

}  // namespace durward
