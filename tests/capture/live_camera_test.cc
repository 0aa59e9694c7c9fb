#include "capture/live_camera.h"

#include <gmock/gmock.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace durward {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kFar = 60'000;

// A device that gives a picture when the test says so, as a driver does; each lighter by one.
struct Device {
  std::mutex mutex;
  std::condition_variable changed;
  int ready = 0;          // pictures that nobody has grabbed
  bool awaited = false;   // somebody is in grab()
  bool gone = false;      // unplugged
  bool absent = false;    // does not open
  int64_t behind_ms = 0;  // by how much its pictures are older than now
  int opened = 0, decoded = 0;
  uint8_t light = 0;

  void give(int pictures) {
    const std::lock_guard<std::mutex> lock(mutex);
    ready += pictures;
    changed.notify_all();
  }
  void unplug() {
    const std::lock_guard<std::mutex> lock(mutex);
    gone = true;
    changed.notify_all();
  }
  // Until the camera has done with all that was ready, and waits for more.
  void wait_until_empty() {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return ready == 0 && awaited; });
  }
};

class DevicePictures final : public PictureSource {
 public:
  explicit DevicePictures(Device& device) : device_(device) {}
  absl::Status grab() override {
    std::unique_lock<std::mutex> lock(device_.mutex);
    device_.awaited = true;
    device_.changed.notify_all();
    device_.changed.wait(lock, [&] { return device_.ready > 0 || device_.gone; });
    if (device_.gone) return absl::UnavailableError("unplugged");
    device_.awaited = false;
    --device_.ready;
    ++device_.light;
    taken_ms_ = monotonic_ms() - device_.behind_ms;
    device_.changed.notify_all();
    return absl::OkStatus();
  }
  absl::StatusOr<Image> retrieve() override {
    const std::lock_guard<std::mutex> lock(device_.mutex);
    ++device_.decoded;
    Image image(2, 2);
    std::fill(image.rgb.begin(), image.rgb.end(), device_.light);
    return image;
  }
  std::optional<int64_t> taken_ms() const override { return taken_ms_; }

 private:
  Device& device_;
  int64_t taken_ms_ = 0;
};

class LiveCameraTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto camera =
        open_live_camera("device", [this]() -> absl::StatusOr<std::unique_ptr<PictureSource>> {
          if (device_.absent) return absl::UnavailableError("not there");
          ++device_.opened;
          return std::make_unique<DevicePictures>(device_);
        });
    ASSERT_TRUE(camera.ok()) << camera.status();
    camera_ = *std::move(camera);
  }
  void TearDown() override {
    device_.unplug();  // the reader's grab() returns
    camera_.reset();
  }

  Device device_;
  std::unique_ptr<Camera> camera_;
};

TEST_F(LiveCameraTest, GivesWhatComesWithItsTime) {
  ASSERT_TRUE(camera_->restart().ok());
  std::thread later([&] { device_.give(1); });
  const auto frame = camera_->next(monotonic_ms() + kFar);
  later.join();
  ASSERT_TRUE(frame.ok()) << frame.status();
  EXPECT_LE(frame->taken_ms, monotonic_ms());
  EXPECT_EQ(camera_->source(), "device");
}

TEST_F(LiveCameraTest, DropsWhatComesWhileNobodyAsks) {
  device_.give(5);
  device_.wait_until_empty();
  EXPECT_TRUE(absl::IsDeadlineExceeded(camera_->next(monotonic_ms() + 20).status()));
  EXPECT_EQ(device_.decoded, 0) << "and decodes none of it";
}

TEST_F(LiveCameraTest, GivesTheNewestToWhoIsSlow) {
  ASSERT_TRUE(camera_->restart().ok());
  device_.give(5);
  device_.wait_until_empty();
  device_.give(1);
  device_.wait_until_empty();
  const auto frame = camera_->next(monotonic_ms() + kFar);
  ASSERT_TRUE(frame.ok()) << frame.status();
  EXPECT_EQ(*frame->image.pixel(0, 0), 6);
}

TEST_F(LiveCameraTest, TellsThatItIsLostAndOpensAnew) {
  device_.unplug();
  for (int i = 0; i < 2; ++i) {
    const auto lost = camera_->next(monotonic_ms() + kFar);
    EXPECT_TRUE(absl::IsUnavailable(lost.status())) << lost.status();
    EXPECT_THAT(std::string(lost.status().message()), HasSubstr("device: unplugged"));
  }
  device_.absent = true;
  EXPECT_TRUE(absl::IsUnavailable(camera_->restart()));
  {
    const std::lock_guard<std::mutex> lock(device_.mutex);
    device_.absent = device_.gone = false;
  }
  ASSERT_TRUE(camera_->restart().ok());
  EXPECT_EQ(device_.opened, 2);
  device_.give(1);
  EXPECT_TRUE(camera_->next(monotonic_ms() + kFar).ok());
}

TEST_F(LiveCameraTest, EndsAWaitWhenItIsStopped) {
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    camera_->stop();
  });
  EXPECT_TRUE(absl::IsCancelled(camera_->next(monotonic_ms() + kFar).status()));
  other.join();
  EXPECT_TRUE(absl::IsCancelled(camera_->next(monotonic_ms() + kFar).status()));
}

TEST_F(LiveCameraTest, GivesNothingOldAfterARestart) {
  camera_->stop();
  ASSERT_TRUE(camera_->restart().ok());
  {
    const std::lock_guard<std::mutex> lock(device_.mutex);
    device_.behind_ms = 1000;  // it lay in the driver's buffer
  }
  device_.give(1);
  device_.wait_until_empty();
  EXPECT_TRUE(absl::IsDeadlineExceeded(camera_->next(monotonic_ms() + 20).status()));
}

}  // namespace
}  // namespace durward
