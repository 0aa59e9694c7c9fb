#include "door/source_sequence.h"

#include <atomic>

namespace durward {
namespace {

// The first restart, before the first request, stays with the first source.
template <typename Source>
class Turns {
 public:
  explicit Turns(std::vector<std::unique_ptr<Source>> sources) : sources_(std::move(sources)) {}

  Source& now() const { return *sources_[now_]; }
  absl::Status restart() {
    if (restarted_) now_ = (now_ + 1) % sources_.size();
    restarted_ = true;
    return now().restart();
  }
  // From any thread: all of them, since the turn may change meanwhile.
  void stop() {
    for (const auto& source : sources_) source->stop();
  }

 private:
  const std::vector<std::unique_ptr<Source>> sources_;
  size_t now_ = 0;
  bool restarted_ = false;
};

class CameraSequence final : public Camera {
 public:
  explicit CameraSequence(std::vector<std::unique_ptr<Camera>> cameras)
      : turns_(std::move(cameras)) {}
  const std::string& source() const override { return turns_.now().source(); }
  absl::StatusOr<Frame> next(int64_t until_ms) override { return turns_.now().next(until_ms); }
  void stop() override { turns_.stop(); }
  absl::Status restart() override { return turns_.restart(); }

 private:
  Turns<Camera> turns_;
};

class MicrophoneSequence final : public Microphone {
 public:
  explicit MicrophoneSequence(std::vector<std::unique_ptr<Microphone>> microphones)
      : turns_(std::move(microphones)) {}
  const std::string& source() const override { return turns_.now().source(); }
  absl::StatusOr<SoundBlock> next(int64_t until_ms) override { return turns_.now().next(until_ms); }
  void stop() override { turns_.stop(); }
  absl::Status restart() override { return turns_.restart(); }
  int64_t overruns() const override { return turns_.now().overruns(); }

 private:
  Turns<Microphone> turns_;
};

template <typename Sequence, typename Source, typename Open>
absl::StatusOr<std::unique_ptr<Source>> open_all(const std::vector<std::string>& places,
                                                 const Open& open) {
  if (places.empty()) return absl::InvalidArgumentError("no source is named");
  std::vector<std::unique_ptr<Source>> sources;
  for (const std::string& place : places) {
    DURWARD_ASSIGN_OR_RETURN(sources.emplace_back(), open(place));
  }
  if (sources.size() == 1) return std::move(sources[0]);
  return std::unique_ptr<Source>(std::make_unique<Sequence>(std::move(sources)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Camera>> open_cameras(const std::vector<std::string>& places,
                                                     const CameraOptions& options) {
  return open_all<CameraSequence, Camera>(
      places, [&](const std::string& place) { return open_camera(place, options); });
}

absl::StatusOr<std::unique_ptr<Microphone>> open_microphones(const std::vector<std::string>& places,
                                                             const MicrophoneOptions& options) {
  return open_all<MicrophoneSequence, Microphone>(
      places, [&](const std::string& place) { return open_microphone(place, options); });
}

}  // namespace durward
