#include "data/audio_folder.h"

#include "data/audio_header.h"

namespace durward {

absl::StatusOr<FolderFiles> list_recordings(const std::filesystem::path& folder) {
  return list_files(folder, {.name = "recordings",
                             .formats = "WAV, FLAC or Ogg",
                             .signature_bytes = kAudioSignatureBytes,
                             .accepts = [](std::span<const std::byte> start) {
                               return audio_format(start).has_value();
                             }});
}

}  // namespace durward
