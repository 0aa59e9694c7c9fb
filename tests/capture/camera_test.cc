#include "capture/camera.h"

#include <gmock/gmock.h>

#include <chrono>
#include <opencv2/videoio.hpp>
#include <thread>

#include "capture/picture_source.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kFar = 60'000;

Image grey(int width, int height, uint8_t value) {
  Image image(width, height);
  std::fill(image.rgb.begin(), image.rgb.end(), value);
  return image;
}

class CameraTest : public TemporaryFolderTest {
 protected:
  // A folder of `count` pictures, each lighter than the one before.
  std::string pictures(int count, int width = 32, int height = 24) const {
    const auto folder = folder_ / "pictures";
    std::filesystem::create_directories(folder);
    for (int i = 0; i < count; ++i) {
      EXPECT_TRUE(write_jpeg(folder / absl::StrCat("picture", i, ".jpg"),
                             grey(width, height, static_cast<uint8_t>(20 + 20 * i)))
                      .ok());
    }
    return folder.string();
  }

  // A video of `count` such pictures by OpenCV's own encoder.
  std::string video(int count) const {
    const std::string path = (folder_ / "video.avi").string();
    cv::VideoWriter writer(path, cv::CAP_OPENCV_MJPEG, cv::VideoWriter::fourcc('M', 'J', 'P', 'G'),
                           25, cv::Size(64, 48));
    EXPECT_TRUE(writer.isOpened());
    for (int i = 0; i < count; ++i) {
      writer.write(cv::Mat(48, 64, CV_8UC3, cv::Scalar::all(20 + 8 * i)));
    }
    return path;
  }

  static std::unique_ptr<Camera> open(const std::string& place, const CameraOptions& options = {}) {
    auto camera = open_camera(place, options);
    EXPECT_TRUE(camera.ok()) << camera.status();
    return camera.ok() ? *std::move(camera) : nullptr;
  }

  static int brightness(const Image& image) { return image.rgb[image.rgb.size() / 2]; }
};

TEST_F(CameraTest, PlaysAFolderOfPicturesInOrderAtItsRate) {
  const auto camera = open(pictures(4), {.frames_per_second = 50});
  const int64_t before = monotonic_ms();
  std::vector<int64_t> times;
  for (int i = 0; i < 4; ++i) {
    const auto frame = camera->next(before + kFar);
    ASSERT_TRUE(frame.ok()) << frame.status();
    EXPECT_NEAR(brightness(frame->image), 20 + 20 * i, 2);
    EXPECT_LE(frame->taken_ms, monotonic_ms());
    times.push_back(frame->taken_ms);
  }
  EXPECT_GE(times[0], before);
  EXPECT_THAT(times, ElementsAre(times[0], times[0] + 20, times[0] + 40, times[0] + 60));
}

TEST_F(CameraTest, TellsWhenARecordingHasEnded) {
  const auto camera = open(pictures(2), {.frames_per_second = 500});
  ASSERT_TRUE(camera->next(monotonic_ms() + kFar).ok());
  ASSERT_TRUE(camera->next(monotonic_ms() + kFar).ok());
  for (int i = 0; i < 2; ++i) {
    const auto end = camera->next(monotonic_ms() + kFar);
    EXPECT_TRUE(absl::IsUnavailable(end.status())) << end.status();
    EXPECT_THAT(std::string(end.status().message()), HasSubstr("all 2 pictures were shown"));
  }
  // Started anew it plays from its beginning, with later times.
  ASSERT_TRUE(camera->restart().ok());
  const auto first = camera->next(monotonic_ms() + kFar);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_NEAR(brightness(first->image), 20, 2);
}

TEST_F(CameraTest, LoopsWithTimesThatGoOn) {
  const auto camera = open(pictures(2), {.frames_per_second = 500, .loop = true});
  int64_t last = 0;
  for (int i = 0; i < 7; ++i) {
    const auto frame = camera->next(monotonic_ms() + kFar);
    ASSERT_TRUE(frame.ok()) << frame.status();
    EXPECT_NEAR(brightness(frame->image), 20 + 20 * (i % 2), 2);
    EXPECT_GT(frame->taken_ms, last);
    last = frame->taken_ms;
  }
}

TEST_F(CameraTest, GivesPicturesAtOnceWhenAskedTo) {
  const auto camera = open(pictures(4), {.frames_per_second = 0.01, .real_pace = false});
  int64_t last = 0;
  for (int i = 0; i < 4; ++i) {
    const auto frame = camera->next(monotonic_ms() + kFar);
    ASSERT_TRUE(frame.ok()) << frame.status();
    EXPECT_GT(frame->taken_ms, last);
    last = frame->taken_ms;
  }
}

TEST_F(CameraTest, WaitsNoLongerThanItMay) {
  const auto camera = open(pictures(2), {.frames_per_second = 0.01});
  ASSERT_TRUE(camera->next(monotonic_ms() + kFar).ok());
  const auto late = camera->next(monotonic_ms() + 10);
  EXPECT_TRUE(absl::IsDeadlineExceeded(late.status())) << late.status();
}

TEST_F(CameraTest, EndsAWaitWhenItIsStopped) {
  const auto camera = open(pictures(2), {.frames_per_second = 0.01});
  ASSERT_TRUE(camera->next(monotonic_ms() + kFar).ok());
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    camera->stop();
  });
  const auto stopped = camera->next(monotonic_ms() + kFar);
  other.join();
  EXPECT_TRUE(absl::IsCancelled(stopped.status())) << stopped.status();
  EXPECT_TRUE(absl::IsCancelled(camera->next(monotonic_ms() + kFar).status()));
  ASSERT_TRUE(camera->restart().ok());
  EXPECT_TRUE(camera->next(monotonic_ms() + kFar).ok());
}

TEST_F(CameraTest, RefusesLargePicturesBeforeTheyAreDecoded) {
  const auto camera = open(pictures(1, 200, 100), {.max_width = 100, .max_height = 100});
  const auto frame = camera->next(monotonic_ms() + kFar);
  EXPECT_TRUE(absl::IsResourceExhausted(frame.status())) << frame.status();
  EXPECT_THAT(std::string(frame.status().message()), HasSubstr("200 x 100"));
  // A narrow limit that holds as many pixels.
  const auto narrow = open(pictures(1, 200, 100), {.max_width = 150, .max_height = 400});
  const auto wide = narrow->next(monotonic_ms() + kFar);
  EXPECT_TRUE(absl::IsResourceExhausted(wide.status())) << wide.status();
  EXPECT_THAT(std::string(wide.status().message()),
              AllOf(HasSubstr("200 x 100"), HasSubstr("150 x 400")));
}

TEST_F(CameraTest, PlaysASinglePicture) {
  const auto camera = open(pictures(1) + "/picture0.jpg");
  EXPECT_TRUE(camera->next(monotonic_ms() + kFar).ok());
  EXPECT_TRUE(absl::IsUnavailable(camera->next(monotonic_ms() + kFar).status()));
}

TEST_F(CameraTest, TellsOfADamagedPictureWhichItIs) {
  const std::string folder = pictures(2);
  std::filesystem::resize_file(folder + "/picture1.jpg", 300);
  const auto camera = open(folder, {.frames_per_second = 500});
  EXPECT_TRUE(camera->next(monotonic_ms() + kFar).ok());
  const auto damaged = camera->next(monotonic_ms() + kFar);
  EXPECT_TRUE(absl::IsUnavailable(damaged.status())) << damaged.status();
  EXPECT_THAT(std::string(damaged.status().message()), HasSubstr("picture1.jpg"));
}

TEST_F(CameraTest, PlaysAVideoAtItsOwnRate) {
  const auto camera = open(video(6));
  int64_t first = 0;
  for (int i = 0; i < 6; ++i) {
    const auto frame = camera->next(monotonic_ms() + kFar);
    ASSERT_TRUE(frame.ok()) << frame.status();
    EXPECT_EQ(frame->image.width, 64);
    EXPECT_NEAR(brightness(frame->image), 20 + 8 * i, 4);
    if (i == 0) first = frame->taken_ms;
    EXPECT_EQ(frame->taken_ms - first, 40 * i);
  }
  const auto end = camera->next(monotonic_ms() + kFar);
  EXPECT_TRUE(absl::IsUnavailable(end.status())) << end.status();
  EXPECT_THAT(std::string(end.status().message()), HasSubstr("ended after 6 pictures"));
}

TEST_F(CameraTest, RefusesAVideoOfLargePictures) {
  const auto camera = open_camera(video(2), {.max_width = 63, .max_height = 1000});
  EXPECT_TRUE(absl::IsResourceExhausted(camera.status())) << camera.status();
  EXPECT_THAT(std::string(camera.status().message()), HasSubstr("64 x 48"));
}

TEST_F(CameraTest, TellsOfAVideoThatIsCutShort) {
  const std::string path = video(30);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  auto camera = open_camera(path, {.frames_per_second = 500});
  absl::Status status = camera.status();
  int frames = 0;
  while (status.ok()) {
    status = (*camera)->next(monotonic_ms() + kFar).status();
    if (status.ok()) ++frames;
  }
  EXPECT_LT(frames, 30);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("video.avi"));
}

TEST_F(CameraTest, SaysWhatItDoesNotTakeForACamera) {
  const std::string text = write("notes.txt", "not a picture, nor a video").string();
  const auto camera = open_camera(text, {});
  EXPECT_TRUE(absl::IsUnavailable(camera.status())) << camera.status();
  EXPECT_THAT(std::string(camera.status().message()), HasSubstr("notes.txt"));
  EXPECT_FALSE(open_camera("", {}).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(open_camera(pictures(1), {.max_width = 0}).status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(open_camera(pictures(1), {.frames_per_second = -1}).status()));
  EXPECT_FALSE(open_camera((folder_ / "empty").string(), {}).ok());
}

TEST_F(CameraTest, SaysWhichCamerasThereAreWhereOneIsNot) {
  for (const std::string place : {"/dev/video250", "250"}) {
    const auto camera = open_camera(place, {});
    EXPECT_TRUE(absl::IsNotFound(camera.status())) << camera.status();
    EXPECT_THAT(std::string(camera.status().message()),
                AllOf(HasSubstr("/dev/video250"),
                      ::testing::AnyOf(HasSubstr("cameras here"), HasSubstr("there is none"))));
  }
}

TEST_F(CameraTest, ListsDevicesByTheirNumbers) {
  for (const char* name : {"video10", "video2", "vbi0", "videoX"}) write(name, "");
  write("names/video2/name", "Integrated Camera\n");
  const auto cameras = list_cameras(folder_, folder_ / "names");
  ASSERT_EQ(cameras.size(), 2u);
  EXPECT_EQ(cameras[0].path, (folder_ / "video2").string());
  EXPECT_EQ(cameras[0].name, "Integrated Camera");
  EXPECT_EQ(cameras[1].path, (folder_ / "video10").string());
  EXPECT_EQ(cameras[1].name, "");
}

TEST_F(CameraTest, RunsAPipelineWhereItsElementsAreThere) {
  const auto broken = open_camera("gst:nosuchelement ! appsink", {});
  EXPECT_TRUE(absl::IsUnavailable(broken.status())) << broken.status();
  EXPECT_THAT(std::string(broken.status().message()), HasSubstr("gst-launch-1.0"));
  const auto camera = open_camera(
      "gst:videotestsrc num-buffers=5 is-live=true ! video/x-raw,format=BGR,width=64,height=48,"
      "framerate=50/1 ! appsink",
      {});
  if (!camera.ok()) GTEST_SKIP() << "gstreamer1.0-plugins-base is not here: " << camera.status();
  const auto frame = (*camera)->next(monotonic_ms() + kFar);
  ASSERT_TRUE(frame.ok()) << frame.status();
  EXPECT_EQ(frame->image.width, 64);
  absl::Status status;
  while (status.ok()) status = (*camera)->next(monotonic_ms() + kFar).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("ended"));
}

}  // namespace
}  // namespace durward
