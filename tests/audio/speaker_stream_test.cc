#include "audio/speaker_stream.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "audio/energy_detector.h"
#include "support/sound_files.h"

namespace durward {
namespace {

// Its embedding has the root of the power in the lower and in the upper bands, and 1.
class BandModel final : public RuntimeModel {
 public:
  BandModel(int& runs, float last) : runs_(runs), last_(last) {}
  RuntimeKind kind() const override { return RuntimeKind::kReference; }
  const std::vector<PortInfo>& inputs() const override { return inputs_; }
  const std::vector<PortInfo>& outputs() const override { return outputs_; }
  absl::Status run(std::span<const std::span<const std::byte>> in,
                   std::span<const std::span<std::byte>> out) override {
    ++runs_;
    std::vector<float> values(160 * 40);
    std::memcpy(values.data(), in[0].data(), in[0].size());
    float embedding[3] = {0, 0, last_};
    for (size_t i = 0; i < values.size(); ++i) embedding[i % 40 < 20 ? 0 : 1] += values[i] / 1e3f;
    std::memcpy(out[0].data(), embedding, sizeof(embedding));
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<OpRecord>> profile() override { return std::vector<OpRecord>(); }

 private:
  int& runs_;
  const float last_;
  std::vector<PortInfo> inputs_{{"partial", DataType::kFloat32, {1, 160, 40}, std::nullopt}};
  std::vector<PortInfo> outputs_{{"embedding", DataType::kFloat32, {1, 3}, std::nullopt}};
};

SpeakerStream speaker(int& runs, float last = 1) {
  auto voice = VoiceStream::create({}, std::make_unique<EnergyDetector>());
  EXPECT_TRUE(voice.ok()) << voice.status();
  auto embedder = Embedder::create(std::make_unique<BandModel>(runs, last), {1, 160, 40});
  EXPECT_TRUE(embedder.ok()) << embedder.status();
  return SpeakerStream(*std::move(voice), *std::move(embedder));
}

void push(SpeakerStream& stream, std::span<const float> samples) {
  for (size_t at = 0; at + 960 <= samples.size(); at += 960) {
    ASSERT_TRUE(stream.push(samples.subspan(at, 960)).ok());
  }
}

TEST(SpeakerStream, TheEmbeddingIsTheMeanOfThePartials) {
  int runs = 0, alone = 0;
  SpeakerStream stream = speaker(runs);
  const std::vector<float> sound = white_noise(64'000, .5f, 1);
  push(stream, sound);
  EXPECT_GE(runs, 3) << "while it is heard";
  const int before = runs;
  const auto embedding = stream.embedding();
  ASSERT_TRUE(embedding.ok()) << embedding.status();
  EXPECT_LE(runs, before + 1) << "at the end, only the last partial is left";
  EXPECT_EQ(runs, stream.voice().partials());

  auto embedder = Embedder::create(std::make_unique<BandModel>(alone, 1.f), {1, 160, 40});
  std::vector<double> mean(3);
  for (int64_t i = 0; i < stream.voice().partials(); ++i) {
    const std::vector<float> values = *embedder->embed(stream.voice().partial(i));
    const double length = std::hypot(values[0], values[1], values[2]);
    for (size_t k = 0; k < 3; ++k) mean[k] += values[k] / length;
  }
  const double length = std::hypot(mean[0], mean[1], mean[2]);
  for (size_t k = 0; k < 3; ++k) EXPECT_NEAR((*embedding)[k], mean[k] / length, 1e-6);
  EXPECT_EQ(*stream.embedding(), *embedding) << "the second time";
}

// Four times as loud in the second half: the speech's level is 10 dB above that of its beginning.
TEST(SpeakerStream, PartialsThatWereTakenForTooSoftAreMadeAnew) {
  int runs = 0;
  SpeakerStream stream = speaker(runs);
  std::vector<float> sound = white_noise(32'000, .02f, 1);
  const std::vector<float> loud = white_noise(32'000, .08f, 2);
  sound.insert(sound.end(), loud.begin(), loud.end());
  push(stream, sound);
  const int before = runs;
  const auto embedding = stream.embedding();
  ASSERT_TRUE(embedding.ok()) << embedding.status();
  EXPECT_GT(runs, before + 1);
  // As if everything had been heard at its last level.
  int alone = 0;
  auto embedder = Embedder::create(std::make_unique<BandModel>(alone, 1.f), {1, 160, 40});
  std::vector<double> mean(3);
  for (int64_t i = 0; i < stream.voice().partials(); ++i) {
    const std::vector<float> values = *embedder->embed(stream.voice().partial(i));
    const double length = std::hypot(values[0], values[1], values[2]);
    for (size_t k = 0; k < 3; ++k) mean[k] += values[k] / length;
  }
  const double length = std::hypot(mean[0], mean[1], mean[2]);
  for (size_t k = 0; k < 3; ++k) EXPECT_NEAR((*embedding)[k], mean[k] / length, .02);
}

TEST(SpeakerStream, WhatIsNoEmbeddingIsAnError) {
  int runs = 0;
  SpeakerStream nan = speaker(runs, std::numeric_limits<float>::quiet_NaN());
  absl::Status status;
  const std::vector<float> sound = white_noise(64'000, .5f, 1);
  for (size_t at = 0; status.ok() && at + 960 <= sound.size(); at += 960) {
    status = nan.push(std::span(sound).subspan(at, 960));
  }
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  SpeakerStream nobody = speaker(runs);
  EXPECT_TRUE(absl::IsInvalidArgument(nobody.embedding().status()));
}

}  // namespace
}  // namespace durward
