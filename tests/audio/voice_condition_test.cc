#include "audio/voice_condition.h"

#include <gmock/gmock.h>

#include <cmath>
#include <string>

#include "audio/level.h"
#include "audio/reference_signal.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

// A transform of two samples: its spectra, summed over a recording, are its power, which makes the
// added noise visible.
VoiceFrontEnd front_end() {
  auto created = VoiceFrontEnd::create({.voice_activity = VoiceActivity::kNone});
  EXPECT_TRUE(created.ok()) << created.status();
  return *std::move(created);
}

std::shared_ptr<const Audio> tone(size_t samples) {
  Audio audio{.sample_rate = 16'000, .samples = std::vector<float>(samples)};
  for (size_t n = 0; n < samples; ++n) audio.samples[n] = n % 2 == 0 ? .25f : -.25f;
  return std::make_shared<const Audio>(std::move(audio));
}

double total(const VoicePartials& partials) {
  double sum = 0;
  for (const float value : partials.values) sum += value;
  return sum;
}

TEST(VoiceCondition, ACutTakesTheFirstSecondsOfWhatIsSaid) {
  VoiceFrontEnd end = front_end();
  const Audio audio = reference_recording();
  const auto cut = voice_partials(end, audio, {.seconds = 2});
  ASSERT_TRUE(cut.ok()) << cut.status();
  const auto expected = end.partials(std::span(audio.samples).first(32'000));
  ASSERT_TRUE(expected.ok());
  EXPECT_EQ(cut->values, expected->values);
  // All of it where less is said.
  const auto longer = voice_partials(end, audio, {.seconds = 100});
  ASSERT_TRUE(longer.ok());
  EXPECT_EQ(longer->values, end.partials(audio.samples)->values);
}

// White noise at 0 dB under white noise doubles the power in every band, nearly.
TEST(VoiceCondition, NoiseIsAddedAtTheRatioThatIsAsked) {
  VoiceFrontEnd end = front_end();
  Audio speech{.sample_rate = 16'000, .samples = {}};
  Audio noise = speech;
  uint32_t state = 1;
  for (int n = 0; n < 200'000; ++n) {
    state = state * 1'664'525 + 1'013'904'223;
    const float sample = static_cast<float>(state >> 16) / 65'536.f - .5f;
    (n < 64'000 ? speech : noise).samples.push_back(n < 64'000 ? sample : sample / 8);
  }
  const auto clean = voice_partials(end, speech);
  ASSERT_TRUE(clean.ok());
  const auto shared = std::make_shared<const Audio>(noise);
  for (const double db : {0., 10., -10.}) {
    const auto noisy = voice_partials(end, speech, {.snr_db = db, .noise = shared}, 3);
    ASSERT_TRUE(noisy.ok()) << noisy.status();
    EXPECT_NEAR(total(*noisy) / total(*clean) / (1 + std::pow(10, -db / 10)), 1, .02) << db;
  }
}

TEST(VoiceCondition, ThePlaceInTheNoiseDependsOnTheSeedAlone) {
  VoiceFrontEnd end = front_end();
  const Audio audio = reference_recording();
  Audio noise = audio;
  noise.samples.insert(noise.samples.end(), audio.samples.rbegin(), audio.samples.rend());
  const VoiceCondition condition{.snr_db = 0, .noise = std::make_shared<const Audio>(noise)};
  const auto first = voice_partials(end, audio, condition, 1);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(voice_partials(end, audio, condition, 1)->values, first->values);
  EXPECT_NE(voice_partials(end, audio, condition, 2)->values, first->values);
}

TEST(VoiceCondition, AShortNoiseIsRepeated) {
  VoiceFrontEnd end = front_end();
  const auto noisy = voice_partials(end, reference_recording(), {.snr_db = 0, .noise = tone(64)});
  ASSERT_TRUE(noisy.ok()) << noisy.status();
  const auto clean = voice_partials(end, reference_recording());
  // All of it is at 8 kHz, where the last band ends: the others' power stays.
  EXPECT_NEAR(total(*noisy) / total(*clean), 1, .1);
}

TEST(VoiceCondition, SilentNoiseIsRefused) {
  VoiceFrontEnd end = front_end();
  const auto silent = std::make_shared<const Audio>(
      Audio{.sample_rate = 16'000, .samples = std::vector<float>(64)});
  const auto noisy = voice_partials(end, reference_recording(), {.snr_db = 0, .noise = silent});
  EXPECT_TRUE(absl::IsInvalidArgument(noisy.status()));
  EXPECT_THAT(std::string(noisy.status().message()), HasSubstr("noise is silent"));
}

using AddCondition = TemporaryFolderTest;

TEST_F(AddCondition, IsReadAsWritten) {
  VoiceCondition condition;
  ASSERT_TRUE(add_condition("cut=2.5s", condition).ok());
  EXPECT_EQ(condition.seconds, 2.5);
  const std::string wav(
      "RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x80\x3e\0\0\0\x7d\0\0\2\0\x10\0"
      "data\4\0\0\0\0\x40\0\xc0",
      48);
  const auto path = write("noise.wav", wav);
  ASSERT_TRUE(add_condition("snr=-5:" + path.string(), condition).ok());
  EXPECT_EQ(condition.snr_db, -5);
  ASSERT_NE(condition.noise, nullptr);
  EXPECT_THAT(condition.noise->samples, ::testing::ElementsAre(.5f, -.5f));
}

TEST_F(AddCondition, WhatIsNoConditionSaysSo) {
  for (const char* text : {"", "cut", "cut=", "cut=s", "cut=2", "cut=0s", "cut=-1s", "cut=nans",
                           "snr=10", "snr=:a.wav", "snr=x:a.wav", "snr=101:a.wav", "loud"}) {
    VoiceCondition condition;
    const absl::Status status = add_condition(text, condition);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << text;
    EXPECT_THAT(std::string(status.message()), HasSubstr("cut=2s")) << text;
  }
  VoiceCondition condition;
  ASSERT_TRUE(add_condition("cut=2s", condition).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(add_condition("cut=3s", condition)));
  EXPECT_TRUE(
      absl::IsNotFound(add_condition("snr=10:" + (folder_ / "absent.wav").string(), condition)));
}

}  // namespace
}  // namespace durward
