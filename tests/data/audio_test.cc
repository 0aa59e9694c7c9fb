#include "data/audio.h"

#include <gmock/gmock.h>
#include <sndfile.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>
#include <string>

#include "data/audio_header.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string little_endian(uint32_t value, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

struct Wav {
  uint32_t rate = 16'000, channels = 1, bits = 16, format = 1;  // 3: float
};

// Byte by byte, as Microsoft's specification lays it out.
std::string wav(const Wav& wav, const std::string& data) {
  const uint32_t frame = wav.channels * wav.bits / 8;
  return "RIFF" + little_endian(static_cast<uint32_t>(36 + data.size()), 4) + "WAVEfmt " +
         little_endian(16, 4) + little_endian(wav.format, 2) + little_endian(wav.channels, 2) +
         little_endian(wav.rate, 4) + little_endian(wav.rate * frame, 4) + little_endian(frame, 2) +
         little_endian(wav.bits, 2) + "data" +
         little_endian(static_cast<uint32_t>(data.size()), 4) + data;
}

std::string float_wav(const std::vector<float>& samples) {
  std::string data(samples.size() * sizeof(float), '\0');
  std::memcpy(data.data(), samples.data(), data.size());
  return wav({.bits = 32, .format = 3}, data);
}

absl::StatusOr<Audio> decode(const std::string& bytes, const AudioLimits& limits = {}) {
  return decode_audio(std::as_bytes(std::span(bytes)), "a.wav", limits);
}

std::vector<float> sine(double hz, int rate, size_t samples) {
  std::vector<float> result(samples);
  for (size_t n = 0; n < samples; ++n) {
    result[n] = static_cast<float>(
        .5 * std::sin(2 * std::numbers::pi * hz * static_cast<double>(n) / rate));
  }
  return result;
}

class AudioFile : public TemporaryFolderTest {
 protected:
  // By libsndfile's encoders.
  std::string encode(int format, const std::vector<float>& samples) const {
    const std::string path = (folder_ / "encoded").string();
    SF_INFO info{.frames = 0,
                 .samplerate = 16'000,
                 .channels = 1,
                 .format = format,
                 .sections = 0,
                 .seekable = 0};
    SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
    EXPECT_NE(file, nullptr) << sf_strerror(nullptr);
    sf_write_float(file, samples.data(), static_cast<sf_count_t>(samples.size()));
    sf_close(file);
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static constexpr int kFlac = SF_FORMAT_FLAC | SF_FORMAT_PCM_16;
  static constexpr int kVorbis = SF_FORMAT_OGG | SF_FORMAT_VORBIS;
};

TEST(DecodeAudio, IntegersOfAnyWidthAreShareOfTheirFullScale) {
  const auto narrow = decode(wav({.bits = 8}, std::string("\x80\x00\xff\xc0", 4)));
  ASSERT_TRUE(narrow.ok()) << narrow.status();
  EXPECT_EQ(narrow->sample_rate, 16'000);
  EXPECT_THAT(narrow->samples, ElementsAre(0, -1, 127 / 128.f, .5f));
  const auto usual = decode(wav({}, std::string("\0\x80\xff\x7f\0\x40", 6)));
  ASSERT_TRUE(usual.ok()) << usual.status();
  EXPECT_THAT(usual->samples, ElementsAre(-1, 32767 / 32768.f, .5f));
  const auto wide = decode(wav({.bits = 24}, std::string("\0\0\x80\0\0\x20", 6)));
  ASSERT_TRUE(wide.ok()) << wide.status();
  EXPECT_THAT(wide->samples, ElementsAre(-1, .25f));
}

TEST(DecodeAudio, TwoChannelsBecomeTheirMean) {
  const auto audio =
      decode(wav({.rate = 44'100, .channels = 2}, std::string("\0\x40\0\0\0\x40\0\xc0", 8)));
  ASSERT_TRUE(audio.ok()) << audio.status();
  EXPECT_EQ(audio->sample_rate, 44'100);
  EXPECT_THAT(audio->samples, ElementsAre(.25f, 0));
}

TEST(DecodeAudio, FloatsMayGoAboveFullScale) {
  const auto audio = decode(float_wav({.5f, -1.5f, 8}));
  ASSERT_TRUE(audio.ok()) << audio.status();
  EXPECT_THAT(audio->samples, ElementsAre(.5f, -1.5f, 8));
}

TEST_F(AudioFile, FlacIsLosslessAndVorbisNearlyThat) {
  std::vector<float> samples = sine(440, 16'000, 16'000);
  for (float& sample : samples) sample = std::round(sample * 32'768) / 32'768;
  const auto flac = decode(encode(kFlac, samples));
  ASSERT_TRUE(flac.ok()) << flac.status();
  EXPECT_EQ(flac->samples, samples);
  const auto ogg = decode(encode(kVorbis, samples));
  ASSERT_TRUE(ogg.ok()) << ogg.status();
  ASSERT_EQ(ogg->samples.size(), samples.size());
  for (size_t i = 1'000; i < 15'000; ++i) EXPECT_NEAR(ogg->samples[i], samples[i], .05) << i;
}

TEST_F(AudioFile, ATruncatedRecordingIsAnErrorWhereverItIsCut) {
  const std::vector<float> samples = sine(440, 16'000, 6'000);
  for (const std::string& whole :
       {encode(kFlac, samples), encode(kVorbis, samples), wav({}, std::string(400, '\x11'))}) {
    ASSERT_TRUE(decode(whole).ok());
    for (size_t size = 0; size < whole.size(); size += 1 + whole.size() / 400) {
      EXPECT_FALSE(decode(whole.substr(0, size)).ok())
          << whole.substr(0, 4) << " cut to " << size << " of " << whole.size();
    }
    const absl::Status half = decode(whole.substr(0, whole.size() - 40)).status();
    EXPECT_TRUE(absl::IsDataLoss(half)) << whole.substr(0, 4) << half;
    EXPECT_THAT(std::string(half.message()), HasSubstr("truncated"));
  }
}

TEST(DecodeAudio, AWavOfUnknownLengthEndsWithTheFile) {
  std::string piped = wav({}, std::string(8, '\0'));
  piped.replace(40, 4, "\xff\xff\xff\xff");
  const auto audio = decode(piped);
  ASSERT_TRUE(audio.ok()) << audio.status();
  EXPECT_EQ(audio->samples.size(), 4u);
}

// The header's 36 bits for the number of samples are 0, as an encoder leaves them that cannot go
// back.
TEST_F(AudioFile, AFlacOfUnknownLengthIsReadToItsEnd) {
  const std::vector<float> samples = sine(440, 16'000, 6'000);
  const std::string whole = encode(kFlac, samples);
  std::string piped = whole;
  piped[21] = static_cast<char>(piped[21] & '\xf0');
  piped.replace(22, 4, std::string(4, '\0'));
  const auto audio = decode(piped);
  ASSERT_TRUE(audio.ok()) << audio.status();
  EXPECT_EQ(audio->samples, decode(whole)->samples);
  EXPECT_TRUE(absl::IsResourceExhausted(decode(piped, {.max_samples = 5'999}).status()));
}

TEST(DecodeAudio, BadRecordingsAreRefusedByWhatIsWrong) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::pair<std::string, const char*> cases[] = {
      {"", "an empty file"},
      {"RIFF and more words", "not a WAV, FLAC or Ogg"},
      {wav({}, ""), "no samples"},
      {wav({.rate = 1}, std::string(8, '\0')), "1 samples per second"},
      {wav({.rate = 1'000'000}, std::string(8, '\0')), "1000000 samples per second"},
      {float_wav({0, kNan}), "not a finite number"},
      {float_wav({-kInfinity}), "not a finite number"},
      {float_wav({0, 20'000}), "20000"},
  };
  for (const auto& [bytes, message] : cases) {
    const auto audio = decode(bytes);
    EXPECT_TRUE(absl::IsInvalidArgument(audio.status())) << message << audio.status();
    EXPECT_THAT(std::string(audio.status().message()), HasSubstr(message));
    EXPECT_THAT(std::string(audio.status().message()), HasSubstr("a.wav"));
  }
}

TEST_F(AudioFile, WhatIsTooLongIsRefusedBeforeItIsDecoded) {
  const std::string bytes = wav({}, std::string(2'000, '\0'));
  EXPECT_TRUE(decode(bytes, {.max_samples = 1'000}).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(decode(bytes, {.max_samples = 999}).status()));
  EXPECT_TRUE(
      absl::IsResourceExhausted(decode(wav({.channels = 17}, std::string(340, '\0'))).status()));
  // The number of samples is in the header's last 36 bits before the checksum: 2^32 of them here,
  // three days.
  std::string flac = encode(kFlac, sine(440, 16'000, 6'000));
  flac[21] = static_cast<char>(flac[21] | 1);
  const auto days = decode(flac);
  EXPECT_TRUE(absl::IsResourceExhausted(days.status())) << days.status();
  EXPECT_THAT(std::string(days.status().message()), HasSubstr("268435 seconds"));
}

TEST_F(AudioFile, ErrorsNameTheFile) {
  EXPECT_TRUE(absl::IsNotFound(read_audio(folder_ / "absent.wav").status()));
  const auto path = write("text.wav", "these are words");
  EXPECT_THAT(std::string(read_audio(path).status().message()), HasSubstr("text.wav"));
}

// A tone is the same tone at another rate; what lies above the new rate's half is gone.
TEST(Resample, ToneStaysItself) {
  for (const int rate : {8'000, 22'050, 44'100, 48'000}) {
    const auto audio = resample(
        {.sample_rate = rate, .samples = sine(1'000, rate, static_cast<size_t>(rate))}, 16'000);
    ASSERT_TRUE(audio.ok()) << audio.status();
    EXPECT_EQ(audio->sample_rate, 16'000);
    ASSERT_EQ(audio->samples.size(), 16'000u);
    const std::vector<float> expected = sine(1'000, 16'000, 16'000);
    for (size_t n = 1'000; n < 15'000; ++n) {
      EXPECT_NEAR(audio->samples[n], expected[n], 1e-4) << rate << " " << n;
    }
  }
}

TEST(Resample, WhatTheNewRateCannotHoldIsGone) {
  const auto audio =
      resample({.sample_rate = 48'000, .samples = sine(10'000, 48'000, 48'000)}, 16'000);
  ASSERT_TRUE(audio.ok());
  for (size_t n = 1'000; n < 15'000; ++n) EXPECT_NEAR(audio->samples[n], 0, 1e-4) << n;
}

TEST(Resample, LengthsAreRoundedUpAndTheSameRateChangesNothing) {
  const auto size = [](size_t samples, int from, int to) {
    return resample({.sample_rate = from, .samples = std::vector<float>(samples)}, to)
        ->samples.size();
  };
  EXPECT_EQ(size(1, 48'000, 16'000), 1u);
  EXPECT_EQ(size(4, 48'000, 16'000), 2u);
  EXPECT_EQ(size(3, 8'000, 16'000), 6u);
  EXPECT_EQ(resample({.sample_rate = 16'000, .samples = {1, 2}}, 16'000)->samples,
            (std::vector<float>{1, 2}));
}

TEST(Resample, NothingAndImpossibleRatesAreRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(resample({.sample_rate = 16'000}, 8'000).status()));
  for (const auto& [from, to] : {std::pair(0, 16'000), {16'000, 0}, {1, 16'000}}) {
    EXPECT_TRUE(
        absl::IsInvalidArgument(resample({.sample_rate = from, .samples = {1}}, to).status()));
  }
}

}  // namespace
}  // namespace durward
