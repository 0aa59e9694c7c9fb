#include "audio/voice_activity.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>

#include "audio/reference_signal.h"

namespace durward {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

std::vector<uint8_t> frames(std::string_view text) {
  std::vector<uint8_t> result;
  for (const char c : text) result.push_back(c == '#' ? 1 : 0);
  return result;
}

// Drawn by hand from the rule: more than 4 of the 8 frames from 3 before to 4 after, then 3 more on
// each side.
TEST(FramesToKeep, AWordGrowsOnBothSides) {
  EXPECT_EQ(frames_to_keep(frames("..........########..........")),
            frames(".......#############........"));
}

TEST(FramesToKeep, AClickIsCutOutAndAShortPauseStays) {
  EXPECT_EQ(frames_to_keep(frames("..........####..........")), frames("........................"));
  EXPECT_EQ(frames_to_keep(frames("########....########")), frames("####################"));
}

TEST(FramesToKeep, OfALongPauseTheMiddleIsCutOut) {
  EXPECT_EQ(frames_to_keep(frames("##########....................##########")),
            frames("############...............#############"));
}

TEST(FramesToKeep, NothingOfNothing) {
  EXPECT_TRUE(frames_to_keep({}).empty());
  EXPECT_EQ(frames_to_keep(frames(".")), frames("."));
}

class WebRtcVadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto created = create_webrtc_vad();
    if (absl::IsUnavailable(created.status())) {
      EXPECT_THAT(std::string(created.status().message()),
                  HasSubstr("libwebrtc-audio-processing1"));
      GTEST_SKIP() << created.status();
    }
    ASSERT_TRUE(created.ok()) << created.status();
    vad_ = *std::move(created);
  }
  std::unique_ptr<VoiceActivityDetector> vad_;
};

// Against the package webrtcvad, which builds WebRTC's sources by itself.
TEST_F(WebRtcVadTest, FindsWhatThePackageWebrtcvadFinds) {
  const Audio audio = reference_recording();
  EXPECT_EQ(vad_->frame_samples(), 480);
  for (int repetition = 0; repetition < 2; ++repetition) {  // the first leaves nothing behind
    const auto speech = vad_->detect(audio.samples);
    ASSERT_TRUE(speech.ok()) << speech.status();
    EXPECT_THAT(*speech, ElementsAreArray(kReferenceSpeech));
  }
}

TEST_F(WebRtcVadTest, ARestShorterThanAFrameIsNotJudged) {
  const auto speech = vad_->detect(std::vector<float>(959));
  ASSERT_TRUE(speech.ok());
  EXPECT_EQ(speech->size(), 1u);
  EXPECT_TRUE(vad_->detect(std::vector<float>(479))->empty());
}

TEST_F(WebRtcVadTest, SamplesBeyondFullScaleAreClipped) {
  EXPECT_TRUE(vad_->detect(std::vector<float>(960, 7.5f)).ok());
}

}  // namespace
}  // namespace durward
