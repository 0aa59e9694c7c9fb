#include "audio/voice_front_end.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "audio/level.h"
#include "audio/reference_signal.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

constexpr VoiceSpec kNoVad{.voice_activity = VoiceActivity::kNone};

VoiceFrontEnd front_end(const VoiceSpec& spec) {
  auto created = VoiceFrontEnd::create(spec);
  EXPECT_TRUE(created.ok()) << created.status();
  return *std::move(created);
}

bool has_webrtc() { return !absl::IsUnavailable(create_webrtc_vad().status()); }

TEST(PartialStarts, AreResemblyzersSlices) {
  static_assert(std::size(kReferenceLengths) == std::size(kReferenceCounts));
  for (size_t i = 0; i < std::size(kReferenceLengths); ++i) {
    const std::vector<int64_t> starts = partial_starts(kReferenceLengths[i], {});
    ASSERT_EQ(static_cast<int>(starts.size()), kReferenceCounts[i]) << kReferenceLengths[i];
    for (size_t k = 0; k < starts.size(); ++k) EXPECT_EQ(starts[k], static_cast<int64_t>(77 * k));
  }
}

TEST(VoiceFrontEnd, KeepsTheSamplesThatResemblyzerKeeps) {
  if (!has_webrtc()) GTEST_SKIP() << "libwebrtc-audio-processing1 is not installed";
  const auto speech = front_end({}).speech(reference_recording());
  ASSERT_TRUE(speech.ok()) << speech.status();
  ASSERT_EQ(static_cast<int>(speech->size()), kReferenceKept);
  for (size_t i = 0; i < std::size(kReferenceKeptSamples); ++i) {
    EXPECT_NEAR((*speech)[i * 1'000], kReferenceKeptSamples[i], 1e-7) << i;
  }
}

// The mean power differs by ten thousand between bands: each frame is held against its largest.
TEST(VoiceFrontEnd, ItsSpectraAreLibrosas) {
  if (!has_webrtc()) GTEST_SKIP() << "libwebrtc-audio-processing1 is not installed";
  VoiceFrontEnd end = front_end({});
  const auto speech = end.speech(reference_recording());
  ASSERT_TRUE(speech.ok());
  auto mel = MelSpectrum::create({});
  ASSERT_TRUE(mel.ok());
  ASSERT_EQ(mel->frames(static_cast<int64_t>(speech->size())), kReferenceFrames);
  for (size_t i = 0; i < std::size(kReferenceFrameIndices); ++i) {
    std::vector<float> bands(40);
    mel->frame(*speech, kReferenceFrameIndices[i], bands);
    const float* expected = kReferenceMel + 40 * i;
    const float largest = *std::max_element(expected, expected + 40);
    for (size_t band = 0; band < 40; ++band) {
      EXPECT_NEAR(bands[band], expected[band], 4e-6f * largest) << i << " " << band;
    }
  }
}

TEST(VoiceFrontEnd, APartialIsItsSpectra) {
  VoiceFrontEnd end = front_end(kNoVad);
  const Audio audio = reference_recording();
  const auto partials = end.partials(audio.samples);
  ASSERT_TRUE(partials.ok()) << partials.status();
  // 64,000 samples, 401 spectra: partials begin at 0, 77, 154, 231; the last is filled.
  EXPECT_EQ(partials->count, 4);
  ASSERT_EQ(partials->values.size(), 4u * 160 * 40);
  auto mel = MelSpectrum::create({});
  ASSERT_TRUE(mel.ok());
  std::vector<float> bands(40);
  for (const size_t partial : {size_t{0}, size_t{3}}) {
    for (const size_t frame : {size_t{0}, size_t{159}}) {
      mel->frame(audio.samples, static_cast<int64_t>(77 * partial + frame), bands);
      EXPECT_TRUE(std::equal(
          bands.begin(), bands.end(),
          partials->values.begin() + static_cast<std::ptrdiff_t>((partial * 160 + frame) * 40)));
    }
  }
}

TEST(VoiceFrontEnd, AShortRecordingIsFilledWithSilence) {
  Audio audio = reference_recording();
  audio.samples.resize(12'000);  // .75 s
  const auto partials = front_end(kNoVad).partials(audio.samples);
  ASSERT_TRUE(partials.ok());
  EXPECT_EQ(partials->count, 1);
  const auto sum = [&](size_t frame) {
    const auto first = partials->values.begin() + static_cast<std::ptrdiff_t>(frame * 40);
    return std::accumulate(first, first + 40, 0.f);
  };
  EXPECT_GT(sum(74), 0);
  EXPECT_EQ(sum(77), 0) << "77 * 160 - 200 samples is after the end";
}

TEST(VoiceFrontEnd, ASoftRecordingIsRaisedBeforeAnythingElse) {
  Audio soft = reference_recording();
  for (float& sample : soft.samples) sample *= .01f;
  const auto speech = front_end(kNoVad).speech(soft);
  ASSERT_TRUE(speech.ok());
  EXPECT_NEAR(level_dbfs(*speech), -30, 1e-4);
  // Its power is told as it was recorded.
  EXPECT_NEAR(*front_end(kNoVad).speech_power(soft), mean_power(soft.samples), 1e-9);
}

TEST(VoiceFrontEnd, AnotherSampleRateGivesNearlyTheSameSpectra) {
  VoiceFrontEnd end = front_end(kNoVad);
  const Audio audio = reference_recording();
  const auto faster = resample(audio, 44'100);
  ASSERT_TRUE(faster.ok());
  const auto there = end.speech(*faster);
  const auto here = end.speech(audio);
  ASSERT_TRUE(there.ok() && here.ok());
  EXPECT_EQ(there->size(), here->size());
  const auto resampled = end.partials(*there), original = end.partials(*here);
  ASSERT_TRUE(resampled.ok() && original.ok());
  double difference = 0, total = 0;
  for (size_t i = 0; i < original->values.size(); ++i) {
    difference += std::abs(double{resampled->values[i]} - original->values[i]);
    total += original->values[i];
  }
  EXPECT_LT(difference, .02 * total);
}

TEST(VoiceFrontEnd, SilenceAndNoiseAreNoSpeech) {
  Audio silence{.sample_rate = 16'000, .samples = std::vector<float>(16'000)};
  for (const VoiceActivity detector : {VoiceActivity::kNone, VoiceActivity::kWebRtc}) {
    if (detector == VoiceActivity::kWebRtc && !has_webrtc()) continue;
    const auto speech = front_end({.voice_activity = detector}).speech(silence);
    EXPECT_TRUE(absl::IsInvalidArgument(speech.status()));
    EXPECT_THAT(std::string(speech.status().message()), HasSubstr("silent"));
  }
  if (!has_webrtc()) GTEST_SKIP() << "libwebrtc-audio-processing1 is not installed";
  Audio click = silence;
  click.samples[8'000] = 1;
  const auto speech = front_end({}).speech(click);
  EXPECT_TRUE(absl::IsInvalidArgument(speech.status()));
  EXPECT_THAT(std::string(speech.status().message()), HasSubstr("nobody speaks"));
}

TEST(VoiceFrontEnd, WhatIsEmptyOrOfNoRateIsRefused) {
  VoiceFrontEnd end = front_end(kNoVad);
  EXPECT_TRUE(absl::IsInvalidArgument(end.partials({}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(end.speech({.sample_rate = 16'000}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(end.speech({.sample_rate = 1, .samples = {1}}).status()));
}

}  // namespace
}  // namespace durward
