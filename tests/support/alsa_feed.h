// A microphone for tests: ALSA's file plug-in, which reads a file of raw samples where the device
// below it, a null device, gives silence. Everything above it is the real ALSA.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>

#include "support/sound_files.h"

namespace durward {

// One at a time in a process: ALSA reads one configuration.
class AlsaFeed {
 public:
  // Silence in the file first; what is spoken is put there with speak().
  explicit AlsaFeed(const std::filesystem::path& folder) : raw_(folder / "feed.raw") {
    std::ofstream(raw_).close();
    std::filesystem::resize_file(raw_, kBytes);
    descriptor_ = ::open(raw_.c_str(), O_RDWR | O_CLOEXEC);
    // What was read is also written: nowhere, until it is unplugged.
    written_ = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    const std::filesystem::path config = folder / "asound.conf";
    std::ofstream(config) << "pcm.fed { type file slave.pcm { type null } file " << written_
                          << " infile " << descriptor_ << " format raw }\n";
    ::setenv("ALSA_CONFIG_PATH", config.c_str(), 1);
  }
  ~AlsaFeed() {
    ::close(descriptor_);
    ::close(written_);
  }
  AlsaFeed(const AlsaFeed&) = delete;
  AlsaFeed& operator=(const AlsaFeed&) = delete;

  [[nodiscard]] static std::string place() { return "alsa:fed"; }

  // From `after` samples beyond what was read so far; before and after it there is silence.
  void speak(std::span<const float> samples, int64_t after) const {
    constexpr size_t kSilence = 640'000;
    const std::string bytes = std::string(2 * static_cast<size_t>(after), '\0') +
                              raw_bytes(samples) + std::string(kSilence, '\0');
    const int64_t at = ::lseek(descriptor_, 0, SEEK_CUR);
    if (::pwrite(descriptor_, bytes.data(), bytes.size(), at) < 0) std::abort();
  }
  // Within a second of sound the device gives an error (EIO) instead of samples.
  void unplug() const {
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    ::dup2(full, written_);
    ::close(full);
  }

 private:
  static constexpr uintmax_t kBytes = 64u << 20;  // sparse: half an hour

  std::filesystem::path raw_;
  int descriptor_ = -1, written_ = -1;
};

}  // namespace durward
