#include "capture/microphone.h"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "capture/sound_reader.h"
#include "support/alsa_feed.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

// A clock that jumps to wherever somebody waits for.
struct JumpingClock {
  std::atomic<int64_t> now = 1'000;

  MicrophoneOptions options(int block_samples = 800) {
    return {.block_samples = block_samples,
            .now_ms = [this] { return now.load(); },
            .wait_until = [this](int64_t until) { now = std::max(now.load(), until); }};
  }
};

constexpr int64_t kFar = int64_t{1} << 60;

std::vector<float> sixteen_bits(size_t count) {
  std::vector<float> samples = white_noise(count, .5f, 3);
  for (float& sample : samples) sample = std::nearbyint(sample * 32'768.f) / 32'768.f;
  return samples;
}

std::vector<float> blocks(Microphone& microphone, int count, int64_t* last_ms = nullptr) {
  std::vector<float> samples;
  for (int i = 0; i < count; ++i) {
    const auto block = microphone.next(kFar);
    EXPECT_TRUE(block.ok()) << block.status();
    if (!block.ok()) return samples;
    if (last_ms != nullptr) {
      EXPECT_GT(block->taken_ms, *last_ms);
      *last_ms = block->taken_ms;
    }
    samples.insert(samples.end(), block->samples.begin(), block->samples.end());
  }
  return samples;
}

using MicrophoneTest = TemporaryFolderTest;

TEST_F(MicrophoneTest, AFileGivesItsSamplesAtTheirTimesAndThenSilence) {
  std::vector<float> sound = sixteen_bits(2'000);
  JumpingClock clock;
  const auto microphone =
      open_microphone(write("a.wav", wav_bytes(sound)).string(), clock.options());
  ASSERT_TRUE(microphone.ok()) << microphone.status();
  std::vector<int64_t> times;
  std::vector<float> heard;
  for (int i = 0; i < 4; ++i) {
    const auto block = (*microphone)->next(kFar);
    ASSERT_TRUE(block.ok()) << block.status();
    heard.insert(heard.end(), block->samples.begin(), block->samples.end());
    times.push_back(block->taken_ms);
  }
  sound.resize(3'200);
  EXPECT_EQ(heard, sound);
  EXPECT_THAT(times, ::testing::ElementsAre(1'050, 1'100, 1'150, 1'200));
  ASSERT_TRUE((*microphone)->restart().ok());
  EXPECT_EQ(blocks(**microphone, 4), sound) << "from its first sample again";
}

TEST_F(MicrophoneTest, AFileIsReadAnewWhereItBeginsAnew) {
  std::vector<float> sound = sixteen_bits(800);
  JumpingClock clock;
  const std::string path = write("a.wav", wav_bytes(sound)).string();
  const auto microphone = open_microphone(path, clock.options());
  ASSERT_TRUE(microphone.ok()) << microphone.status();
  EXPECT_EQ(blocks(**microphone, 1), sound);
  std::reverse(sound.begin(), sound.end());
  (void)write("a.wav", wav_bytes(sound));
  ASSERT_TRUE((*microphone)->restart().ok());
  EXPECT_EQ(blocks(**microphone, 1), sound);
  std::filesystem::remove(path);
  EXPECT_TRUE(absl::IsNotFound((*microphone)->restart()));
}

TEST_F(MicrophoneTest, AFasterFileHasEarlierTimes) {
  JumpingClock clock;
  MicrophoneOptions options = clock.options();
  options.speed = 10;
  const auto microphone =
      open_microphone(write("a.wav", wav_bytes(sixteen_bits(2'000))).string(), options);
  ASSERT_TRUE(microphone.ok()) << microphone.status();
  for (const int64_t expected : {1'005, 1'010, 1'015}) {
    EXPECT_EQ((*microphone)->next(kFar)->taken_ms, expected);
  }
}

TEST_F(MicrophoneTest, AlsaGivesTheSamplesOfTheDevice) {
  const std::vector<float> sound = sixteen_bits(4'000);
  const AlsaFeed feed(folder_);
  feed.speak(sound, 800);
  JumpingClock clock;
  const auto microphone = open_microphone(AlsaFeed::place(), clock.options());
  ASSERT_TRUE(microphone.ok()) << microphone.status();
  EXPECT_EQ((*microphone)->source(), "alsa:fed");
  int64_t last_ms = 0;
  EXPECT_EQ(blocks(**microphone, 1, &last_ms), std::vector<float>(800));
  EXPECT_EQ(blocks(**microphone, 5, &last_ms), sound);
  EXPECT_EQ((*microphone)->overruns(), 0);
  // 4,800 samples take 300 ms, however fast the device gives them.
  EXPECT_GE(clock.now, 1'300);
}

TEST_F(MicrophoneTest, ABlockThatIsNotWholeInTimeIsInTheNextCall) {
  const std::vector<float> sound = sixteen_bits(1'600);
  JumpingClock clock;
  const auto microphone =
      open_microphone(write("a.wav", wav_bytes(sound)).string(), clock.options());
  ASSERT_TRUE(microphone.ok()) << microphone.status();
  EXPECT_TRUE(absl::IsDeadlineExceeded((*microphone)->next(1'020).status()));
  EXPECT_EQ(clock.now, 1'020);
  EXPECT_EQ(blocks(**microphone, 2), sound);
}

// By the real clock: sixteen seconds of sound are awaited, and hardly any come.
TEST_F(MicrophoneTest, StopEndsAWaitFromAnotherThread) {
  const auto microphone = open_microphone(write("a.wav", wav_bytes(sixteen_bits(16))).string(),
                                          {.block_samples = 16'000, .speed = .1});
  ASSERT_TRUE(microphone.ok()) << microphone.status();
  absl::Status status;
  std::thread waits([&] { status = (*microphone)->next(kFar).status(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  (*microphone)->stop();
  waits.join();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
  EXPECT_TRUE(absl::IsCancelled((*microphone)->next(kFar).status())) << "until it is restarted";
  ASSERT_TRUE((*microphone)->restart().ok());
  EXPECT_TRUE(absl::IsDeadlineExceeded((*microphone)->next(0).status()));
}

TEST_F(MicrophoneTest, ADeviceThatIsUnpluggedIsLost) {
  const AlsaFeed feed(folder_);
  JumpingClock clock;
  const auto microphone = open_microphone(AlsaFeed::place(), clock.options());
  ASSERT_TRUE(microphone.ok()) << microphone.status();
  blocks(**microphone, 2);
  feed.unplug();
  absl::StatusOr<SoundBlock> lost = (*microphone)->next(kFar);
  for (int i = 0; i < 20 && lost.ok(); ++i) lost = (*microphone)->next(kFar);
  EXPECT_TRUE(absl::IsUnavailable(lost.status())) << lost.status();
  EXPECT_THAT(std::string(lost.status().message()),
              ::testing::AllOf(HasSubstr("alsa:fed"), HasSubstr("is lost"), HasSubstr("plugged")));
  EXPECT_TRUE(absl::IsUnavailable((*microphone)->next(kFar).status())) << "it stays so";
}

TEST_F(MicrophoneTest, WhereThereIsNoDeviceItSaysWhatToDo) {
  const AlsaFeed feed(folder_);
  const auto none = open_microphone("alsa:nobody");
  EXPECT_TRUE(absl::IsNotFound(none.status())) << none.status();
  EXPECT_THAT(std::string(none.status().message()),
              ::testing::AllOf(HasSubstr("alsa:nobody"), HasSubstr("arecord -L")));
  EXPECT_TRUE(absl::IsNotFound(open_microphone((folder_ / "no.wav").string()).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(open_microphone("alsa:fed", {.block_samples = 1}).status()));
}

// Gives a counting sequence, and loses some of it once.
class LosingReader final : public SoundReader {
 public:
  absl::Status start() override { return absl::OkStatus(); }
  absl::StatusOr<size_t> read(std::span<float> samples) override {
    const size_t count = std::min<size_t>(samples.size(), 300);
    if (next_ == 600) {
      next_ = 1'000;
      return absl::DataLossError("lost");
    }
    for (size_t i = 0; i < count; ++i) samples[i] = static_cast<float>(next_++);
    return count;
  }
  std::optional<int64_t> waiting() override { return 160; }
  std::vector<pollfd> descriptors() override { return {}; }

 private:
  int next_ = 0;
};

TEST(MicrophoneOfAReader, SoundThatIsLostIsCountedAndNoBlockHasAGap) {
  JumpingClock clock;
  const auto microphone =
      microphone_of("loses", std::make_unique<LosingReader>(), clock.options(), 1);
  ASSERT_TRUE(microphone.ok()) << microphone.status();
  const auto block = (*microphone)->next(kFar);
  ASSERT_TRUE(block.ok()) << block.status();
  for (size_t i = 0; i < block->samples.size(); ++i) {
    ASSERT_EQ(block->samples[i], static_cast<float>(1'000 + i));
  }
  EXPECT_EQ((*microphone)->overruns(), 1);
  EXPECT_EQ(block->taken_ms, clock.now - 10) << "160 samples wait behind it";
  ASSERT_TRUE((*microphone)->restart().ok());
  EXPECT_EQ((*microphone)->overruns(), 0);
}

}  // namespace
}  // namespace durward
