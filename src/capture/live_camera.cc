#include "capture/live_camera.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "capture/wait_until.h"

namespace durward {
namespace {

// What the camera and its reader share. The reader keeps it alive: a driver that hangs may keep the
// thread longer than the camera lives.
struct LiveFeed {
  std::unique_ptr<PictureSource> pictures;  // the reader's alone

  std::mutex mutex;  // of what follows
  std::condition_variable changed;
  absl::Status lost;
  Frame newest;
  bool fresh = false;  // newest was not given yet
  bool wanted = false, closing = false, ended = false;
  int64_t since_ms = 0;  // what was taken before is old
  int64_t last_ms = 0;
};

// The reader's work until the source is lost or the feed is closed.
void read_pictures(const std::string& source, LiveFeed& feed) {
  while (true) {
    absl::Status status = feed.pictures->grab();
    const int64_t taken_ms = feed.pictures->taken_ms().value_or(monotonic_ms());
    {
      const std::lock_guard<std::mutex> lock(feed.mutex);
      if (feed.closing) return;
      if (status.ok() && (!feed.wanted || taken_ms < feed.since_ms)) continue;
    }
    absl::StatusOr<Image> image = status.ok() ? feed.pictures->retrieve() : status;
    const std::lock_guard<std::mutex> lock(feed.mutex);
    if (!image.ok()) {
      const bool ended = absl::IsOutOfRange(image.status());
      feed.lost = with_context(
          ended ? absl::UnavailableError(image.status().message()) : image.status(), source);
      return;
    }
    if (taken_ms < feed.since_ms) continue;
    feed.newest = {*std::move(image), std::max(taken_ms, feed.last_ms + 1)};
    feed.last_ms = feed.newest.taken_ms;
    feed.fresh = true;
    feed.changed.notify_all();
  }
}

class LiveCamera final : public Camera {
 public:
  LiveCamera(std::string source, OpenSource open)
      : source_(std::move(source)), open_(std::move(open)) {}
  ~LiveCamera() override { close(); }

  absl::Status open() {
    absl::StatusOr<std::unique_ptr<PictureSource>> opened = open_();
    if (!opened.ok()) return with_context(opened.status(), source_);
    const auto fresh = std::make_shared<LiveFeed>();
    fresh->pictures = *std::move(opened);
    {
      const std::lock_guard<std::mutex> lock(feed_mutex_);
      feed_ = fresh;
    }
    reader_ = std::thread([feed = feed_, source = source_] {
      read_pictures(source, *feed);
      const std::lock_guard<std::mutex> lock(feed->mutex);
      feed->ended = true;
      feed->changed.notify_all();
    });
    return absl::OkStatus();
  }

  const std::string& source() const override { return source_; }

  absl::StatusOr<Frame> next(int64_t until_ms) override {
    LiveFeed& feed = *feed_;
    std::unique_lock<std::mutex> lock(feed.mutex);
    feed.wanted = !stopped_;
    const bool any = wait_until_ms(lock, feed.changed, until_ms,
                                   [&] { return stopped_ || feed.fresh || feed.ended; });
    if (stopped_) return absl::CancelledError("the camera was stopped");
    if (feed.fresh) {
      feed.fresh = false;
      return std::move(feed.newest);
    }
    if (any) return feed.lost;
    return absl::DeadlineExceededError(absl::StrCat(source_, ": no picture in time"));
  }

  void stop() override {
    const std::shared_ptr<LiveFeed> feed = present();
    stopped_ = true;
    const std::lock_guard<std::mutex> lock(feed->mutex);
    feed->wanted = false;
    feed->changed.notify_all();
  }

  absl::Status restart() override {
    bool lost = false;
    {
      const std::lock_guard<std::mutex> lock(feed_->mutex);
      stopped_ = false;
      feed_->fresh = false;
      feed_->since_ms = monotonic_ms();
      lost = feed_->ended;
      // So that the first picture is decoded without another wait.
      feed_->wanted = true;
    }
    if (!lost) return absl::OkStatus();
    close();
    return open();
  }

 private:
  // A stop may come while a lost source is opened anew.
  std::shared_ptr<LiveFeed> present() {
    const std::lock_guard<std::mutex> lock(feed_mutex_);
    return feed_;
  }

  void close() {
    constexpr std::chrono::seconds kPatience(2);
    if (!reader_.joinable()) return;
    std::unique_lock<std::mutex> lock(feed_->mutex);
    feed_->closing = true;
    const bool ended = feed_->changed.wait_for(lock, kPatience, [&] { return feed_->ended; });
    lock.unlock();
    if (ended) {
      reader_.join();
    } else {
      reader_.detach();  // it hangs in the driver, and ends when that lets it go
    }
  }

  const std::string source_;
  const OpenSource open_;
  std::mutex feed_mutex_;  // of the pointer
  std::shared_ptr<LiveFeed> feed_;
  std::thread reader_;
  std::atomic<bool> stopped_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Camera>> open_live_camera(std::string source, OpenSource open) {
  auto camera = std::make_unique<LiveCamera>(std::move(source), std::move(open));
  DURWARD_RETURN_IF_ERROR(camera->open());
  return camera;
}

}  // namespace durward
