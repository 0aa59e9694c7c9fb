#include "data/audio_header.h"

#include <algorithm>
#include <numeric>

namespace durward {
namespace {

bool has_at(std::span<const std::byte> bytes, size_t at, std::string_view text) {
  if (bytes.size() < text.size() || at > bytes.size() - text.size()) return false;
  return std::equal(text.begin(), text.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at),
                    [](char c, std::byte b) { return static_cast<std::byte>(c) == b; });
}

uint32_t little_endian_32(std::span<const std::byte> bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 4; i-- > 0;) value = value << 8 | std::to_integer<uint32_t>(bytes[at + i]);
  return value;
}

absl::Status ends_early(std::string_view part, size_t expected, size_t found) {
  return absl::DataLossError(absl::StrCat("truncated: ", std::string(part), " has ", expected,
                                          " bytes, the file ends after ", found, " of them"));
}

// Chunks of a RIFF file: four letters, a length, as many bytes, padded to an even number
// (Microsoft, Multimedia Programming Interface and Data Specifications 1.0).
absl::Status check_wav(std::span<const std::byte> bytes) {
  constexpr size_t kHeader = 8;
  constexpr uint32_t kUnknownLength = 0xffffffff;
  for (size_t at = kAudioSignatureBytes;;) {
    if (bytes.size() - at < kHeader) {
      return absl::DataLossError("truncated: the file ends before the chunk \"data\"");
    }
    const uint32_t length = little_endian_32(bytes, at + 4);
    const size_t left = bytes.size() - at - kHeader;
    if (has_at(bytes, at, "data")) {
      if (length == kUnknownLength || length <= left) return absl::OkStatus();
      return ends_early("the chunk \"data\"", length, left);
    }
    if (length > left) return ends_early("a chunk before \"data\"", length, left);
    at += kHeader + std::min<size_t>(left, size_t{length} + length % 2);
  }
}

// Pages of an Ogg stream: a header of 27 bytes, a table of segment lengths, the segments; the last
// page of the stream says that it is the last (RFC 3533, section 6).
absl::Status check_ogg(std::span<const std::byte> bytes) {
  constexpr size_t kHeader = 27, kFlags = 5, kSegments = 26;
  constexpr std::byte kLastPage{4};
  for (size_t at = 0;;) {
    if (!has_at(bytes, at, "OggS")) {
      return absl::InvalidArgumentError(absl::StrCat("no Ogg page begins at byte ", at));
    }
    const size_t left = bytes.size() - at;
    if (left < kHeader) return ends_early("a page's header", kHeader, left);
    const size_t segments = std::to_integer<size_t>(bytes[at + kSegments]);
    if (left < kHeader + segments) return ends_early("a page", kHeader + segments, left);
    const auto table = bytes.subspan(at + kHeader, segments);
    const size_t page =
        std::accumulate(table.begin(), table.end(), kHeader + segments,
                        [](size_t sum, std::byte b) { return sum + std::to_integer<size_t>(b); });
    if (left < page) return ends_early("a page", page, left);
    if ((bytes[at + kFlags] & kLastPage) != std::byte{0}) return absl::OkStatus();
    at += page;
    if (at == bytes.size()) {
      return absl::DataLossError("truncated: the file ends before the stream's last page");
    }
  }
}

}  // namespace

std::string_view to_string(AudioFormat format) {
  switch (format) {
    case AudioFormat::kWav:
      return "WAV";
    case AudioFormat::kFlac:
      return "FLAC";
    case AudioFormat::kOgg:
      return "Ogg";
  }
  return "unknown";
}

std::optional<AudioFormat> audio_format(std::span<const std::byte> start) {
  if (has_at(start, 0, "RIFF") && has_at(start, 8, "WAVE")) return AudioFormat::kWav;
  if (has_at(start, 0, "fLaC")) return AudioFormat::kFlac;
  if (has_at(start, 0, "OggS")) return AudioFormat::kOgg;
  return std::nullopt;
}

absl::Status check_audio_is_whole(std::span<const std::byte> bytes, AudioFormat format) {
  switch (format) {
    case AudioFormat::kWav:
      return check_wav(bytes);
    case AudioFormat::kOgg:
      return check_ogg(bytes);
    case AudioFormat::kFlac:
      break;
  }
  return absl::OkStatus();
}

}  // namespace durward
