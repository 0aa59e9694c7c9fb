// What is behind a microphone: samples as they come, without waiting.
#pragma once

#include <poll.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "capture/microphone.h"

namespace durward {

class SoundReader {
 public:
  virtual ~SoundReader() = default;

  // Drops what waits in buffers and begins anew. Errors: those of open_microphone.
  [[nodiscard]] virtual absl::Status start() = 0;
  // Fills the front of `samples` with what is there: 0 for nothing yet. DataLoss where sound was
  // lost before what comes next; Unavailable where the device is lost.
  [[nodiscard]] virtual absl::StatusOr<size_t> read(std::span<float> samples) = 0;
  // How many samples were taken already and not read yet; nothing where samples are of no time.
  [[nodiscard]] virtual std::optional<int64_t> waiting() = 0;
  // Ready when there may be samples; empty where there always are.
  [[nodiscard]] virtual std::vector<pollfd> descriptors() = 0;
};

[[nodiscard]] absl::StatusOr<std::unique_ptr<SoundReader>> open_alsa_reader(
    const std::string& device, int block_samples);
[[nodiscard]] absl::StatusOr<std::unique_ptr<SoundReader>> open_file_reader(
    const std::filesystem::path& path);

// What open_microphone makes of a reader. `speed` as in the options, of a reader whose samples are
// of no time.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Microphone>> microphone_of(
    std::string source, std::unique_ptr<SoundReader> reader, const MicrophoneOptions& options,
    double speed);

}  // namespace durward
