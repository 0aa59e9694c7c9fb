#include "capture/played_camera.h"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "capture/wait_until.h"

namespace durward {
namespace {

class PlayedCamera final : public Camera {
 public:
  PlayedCamera(std::string source, OpenSource open, const CameraOptions& options)
      : source_(std::move(source)), open_(std::move(open)), options_(options) {}

  absl::Status open(double default_rate) {
    DURWARD_RETURN_IF_ERROR(rewind());
    const double own = pictures_->frames_per_second();
    rate_ = options_.frames_per_second > 0 ? options_.frames_per_second
            : own > 0 && own <= kMaxRate   ? own
                                           : default_rate;
    return absl::OkStatus();
  }

  static constexpr double kMaxRate = 1000;  // times are milliseconds, and each picture has its own

  const std::string& source() const override { return source_; }

  absl::StatusOr<Frame> next(int64_t until_ms) override {
    if (const absl::Status status = fetch(); !status.ok()) {
      // A stop comes first, whatever else there is to tell.
      return stopped() ? absl::CancelledError("the camera was stopped") : status;
    }
    const int64_t due_ms = due();
    std::unique_lock<std::mutex> lock(mutex_);
    wait_until_ms(lock, changed_, std::min(due_ms, until_ms), [&] { return stopped_; });
    if (stopped_) return absl::CancelledError("the camera was stopped");
    if (monotonic_ms() < due_ms) {
      return absl::DeadlineExceededError(absl::StrCat(source_, ": no picture in time"));
    }
    ++given_;
    last_ms_ = due_ms;
    return Frame{*std::exchange(waiting_, std::nullopt), due_ms};
  }

  void stop() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

  absl::Status restart() override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopped_ = false;
    }
    return rewind();
  }

 private:
  bool stopped() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return stopped_;
  }

  absl::Status rewind() {
    absl::StatusOr<std::unique_ptr<PictureSource>> opened = open_();
    if (!opened.ok()) return with_context(opened.status(), source_);
    pictures_ = *std::move(opened);
    waiting_.reset();
    began_ms_.reset();
    given_ = 0;
    return absl::OkStatus();
  }

  // The next picture into waiting_.
  absl::Status fetch() {
    if (waiting_) return absl::OkStatus();
    absl::Status status = pictures_->grab();
    if (absl::IsOutOfRange(status) && options_.loop && given_ > 0) {
      DURWARD_ASSIGN_OR_RETURN(pictures_, open_());
      status = pictures_->grab();
    }
    if (absl::IsOutOfRange(status)) status = absl::UnavailableError(status.message());
    if (!status.ok()) return with_context(status, source_);
    absl::StatusOr<Image> image = pictures_->retrieve();
    if (!image.ok()) return with_context(image.status(), source_);
    waiting_ = *std::move(image);
    return absl::OkStatus();
  }

  // When the picture that waits is to be given; playing begins with the first that is asked for.
  int64_t due() {
    const int64_t now = monotonic_ms();
    if (!began_ms_) began_ms_ = std::max(now, last_ms_ + 1);
    if (!options_.real_pace) return std::max(now, last_ms_ + 1);
    return *began_ms_ + std::llround(1000 * static_cast<double>(given_) / rate_);
  }

  const std::string source_;
  const OpenSource open_;
  const CameraOptions options_;
  double rate_ = 0;
  std::unique_ptr<PictureSource> pictures_;
  std::optional<Image> waiting_;
  std::optional<int64_t> began_ms_;
  int64_t given_ = 0;  // since it began
  int64_t last_ms_ = 0;

  std::mutex mutex_;  // of stopped_
  std::condition_variable changed_;
  bool stopped_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Camera>> open_played_camera(std::string source, OpenSource open,
                                                           const CameraOptions& options,
                                                           double default_rate) {
  const double rate = options.frames_per_second;
  if (!(rate >= 0) || rate > PlayedCamera::kMaxRate) {
    return absl::InvalidArgumentError(absl::StrCat("a recording is played at up to ",
                                                   PlayedCamera::kMaxRate,
                                                   " pictures a second, not ", rate));
  }
  auto camera = std::make_unique<PlayedCamera>(std::move(source), std::move(open), options);
  DURWARD_RETURN_IF_ERROR(camera->open(default_rate));
  return camera;
}

}  // namespace durward
