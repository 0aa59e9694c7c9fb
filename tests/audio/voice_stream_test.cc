#include "audio/voice_stream.h"

#include <gmock/gmock.h>

#include <cmath>

#include "audio/energy_detector.h"
#include "audio/reference_signal.h"
#include "audio/voice_front_end.h"

namespace durward {
namespace {

// Between the reference recording's noise, raised by 24 dB, and its speech, as it is or soft and
// raised.
constexpr double kLoud = 1.5e-3;

VoiceStream stream(double threshold = kLoud) {
  auto created = VoiceStream::create({}, std::make_unique<EnergyDetector>(threshold));
  EXPECT_TRUE(created.ok()) << created.status();
  return *std::move(created);
}

// The reference recording twice: 8 s, half of it loud.
std::vector<float> sound(float scale = 1) {
  std::vector<float> samples = reference_recording().samples;
  const std::vector<float> once = samples;
  samples.insert(samples.end(), once.begin(), once.end());
  for (float& sample : samples) sample *= scale;
  return samples;
}

void push_in_pieces(VoiceStream& stream, std::span<const float> samples, size_t piece) {
  for (size_t at = 0; at < samples.size(); at += piece) {
    ASSERT_TRUE(stream.push(samples.subspan(at, std::min(piece, samples.size() - at))).ok());
  }
}

std::vector<float> all_partials(const VoiceStream& stream) {
  std::vector<float> values;
  for (int64_t i = 0; i < stream.partials(); ++i) {
    const std::vector<float> partial = stream.partial(i);
    values.insert(values.end(), partial.begin(), partial.end());
  }
  return values;
}

// It is loud enough to be left at its level.
TEST(VoiceStream, GivesWhatTheFrontEndGivesOfTheWholeRecording) {
  auto front_end = VoiceFrontEnd::create({}, std::make_unique<EnergyDetector>(kLoud));
  ASSERT_TRUE(front_end.ok()) << front_end.status();
  const auto speech = front_end->speech({.sample_rate = 16'000, .samples = sound()});
  ASSERT_TRUE(speech.ok()) << speech.status();
  const auto expected = front_end->partials(*speech);
  ASSERT_TRUE(expected.ok());
  ASSERT_GE(expected->count, 4);
  for (const size_t piece : {size_t{137}, size_t{960}, size_t{200'000}}) {
    VoiceStream voice = stream();
    push_in_pieces(voice, sound(), piece);
    EXPECT_EQ(voice.gain(), 1);
    ASSERT_TRUE(voice.finish().ok());
    EXPECT_EQ(voice.partials(), expected->count);
    EXPECT_EQ(all_partials(voice), expected->values) << "in pieces of " << piece;
    EXPECT_DOUBLE_EQ(voice.kept_seconds(), static_cast<double>(speech->size()) / 16'000);
  }
}

TEST(VoiceStream, PartialsAreThereBeforeTheEndAndStayTheSame) {
  VoiceStream voice = stream();
  push_in_pieces(voice, sound(), 960);
  const int64_t before = voice.partials();
  const std::vector<float> values = all_partials(voice);
  ASSERT_TRUE(voice.finish().ok());
  EXPECT_GE(before, voice.partials() - 1) << "at most one was waiting for its end";
  std::vector<float> after = all_partials(voice);
  after.resize(values.size());
  EXPECT_EQ(after, values);
}

// All of it is kept, whatever its level.
TEST(VoiceStream, SoftSpeechIsRaisedToTheLevel) {
  VoiceStream voice = stream(-1);
  push_in_pieces(voice, sound(.1f), 960);
  ASSERT_TRUE(voice.finish().ok());
  const double level = voice.quality().level_dbfs;
  EXPECT_LT(level, -35);
  EXPECT_NEAR(20 * std::log10(voice.gain()), -30 - level, .01);
  VoiceStream loud = stream(-1);
  push_in_pieces(loud, sound(), 960);
  ASSERT_TRUE(loud.finish().ok());
  const std::vector<float> raised = voice.partial(1), original = loud.partial(1);
  const double power = std::pow(.1 * voice.gain(), 2);
  for (size_t i = 0; i < raised.size(); i += 97) {
    EXPECT_NEAR(raised[i], original[i] * power, 1e-3 * original[i] * power + 1e-9);
  }
}

TEST(VoiceStream, KnowsHowLongNobodyHasSpoken) {
  VoiceStream voice = stream();
  push_in_pieces(voice, std::vector<float>(16'000, 1e-4f), 960);
  EXPECT_FALSE(voice.heard_speech());
  push_in_pieces(voice, sound(), 960);  // ends with half a second of speech
  EXPECT_TRUE(voice.heard_speech());
  EXPECT_NEAR(voice.silent_seconds(), 0, .06);
  push_in_pieces(voice, std::vector<float>(16'000, 1e-4f), 960);
  EXPECT_NEAR(voice.silent_seconds(), 1, .06);
  ASSERT_TRUE(voice.begin().ok());
  EXPECT_FALSE(voice.heard_speech()) << "nothing is left of the recording before";
}

TEST(VoiceStream, WhereNobodySpeaksThereIsNothing) {
  VoiceStream voice = stream();
  EXPECT_TRUE(absl::IsInvalidArgument(voice.finish()));
  push_in_pieces(voice, std::vector<float>(16'000, 1e-4f), 960);
  EXPECT_TRUE(absl::IsInvalidArgument(voice.finish()));
}

TEST(VoiceStream, HasALimit) {
  VoiceStream voice = stream();
  const std::vector<float> minute(16'000 * 60, 1e-4f);
  ASSERT_TRUE(voice.push(minute).ok());
  ASSERT_TRUE(voice.push(minute).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(voice.push(std::vector<float>(1))));
  EXPECT_TRUE(absl::IsInvalidArgument(VoiceStream::create({}, nullptr).status()));
}

}  // namespace
}  // namespace durward
