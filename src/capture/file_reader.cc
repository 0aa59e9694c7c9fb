#include <algorithm>

#include "capture/microphone.h"
#include "capture/sound_reader.h"
#include "data/audio.h"

namespace durward {
namespace {

class FileReader final : public SoundReader {
 public:
  explicit FileReader(std::filesystem::path path) : path_(std::move(path)) {}

  // The file may be another recording by now, as a folder of pictures may have others.
  absl::Status start() override {
    DURWARD_ASSIGN_OR_RETURN(Audio audio, read_audio(path_));
    DURWARD_ASSIGN_OR_RETURN(audio, resample(std::move(audio), kMicrophoneRate));
    sound_ = std::move(audio.samples);
    next_ = 0;
    return absl::OkStatus();
  }

  absl::StatusOr<size_t> read(std::span<float> samples) override {
    const size_t left = std::min(samples.size(), sound_.size() - next_);
    std::copy_n(sound_.begin() + static_cast<std::ptrdiff_t>(next_), left, samples.begin());
    std::fill(samples.begin() + static_cast<std::ptrdiff_t>(left), samples.end(), 0.f);
    next_ += left;
    return samples.size();
  }

  std::optional<int64_t> waiting() override { return std::nullopt; }
  std::vector<pollfd> descriptors() override { return {}; }

 private:
  const std::filesystem::path path_;
  std::vector<float> sound_;
  size_t next_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SoundReader>> open_file_reader(const std::filesystem::path& path) {
  auto reader = std::make_unique<FileReader>(path);
  DURWARD_RETURN_IF_ERROR(reader->start());
  return reader;
}

}  // namespace durward
