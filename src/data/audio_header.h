// What the bytes of a recording say before anything is decoded: its format, and whether the file
// ends where the recording does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/status.h"

namespace durward {

enum class AudioFormat : uint8_t { kWav, kFlac, kOgg };

[[nodiscard]] std::string_view to_string(AudioFormat format);  // "WAV", "FLAC", "Ogg"

// The bytes that audio_format needs to see.
inline constexpr size_t kAudioSignatureBytes = 12;

// The format by the signature at the start of a file; nullopt where it is none of the three.
[[nodiscard]] std::optional<AudioFormat> audio_format(std::span<const std::byte> start);

// Walks a WAV's chunks or an Ogg stream's pages to the end: their decoders take what is left of a
// truncated file for all of it. (A FLAC that states its length is compared with what can be
// decoded.) A WAV of unknown length, as a pipe writes it (0xffffffff), ends with the file.
// DataLoss: the file ends before the recording; InvalidArgument: a WAV without samples' chunk, or
// no pages.
[[nodiscard]] absl::Status check_audio_is_whole(std::span<const std::byte> bytes,
                                                AudioFormat format);

}  // namespace durward
