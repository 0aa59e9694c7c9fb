// Silero's detector from its file, on our engine; tests/formats/onnx holds its probabilities
// against ONNX Runtime's, to 1e-5.
#include "pipeline/silero_model.h"

#include <gmock/gmock.h>

#include <cstring>

#include "audio/voice_front_end.h"
#include "data/audio.h"
#include "support/assets.h"
#include "support/demo_material.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

// Passes everything on and keeps the probabilities.
class Listening final : public RuntimeModel {
 public:
  Listening(std::unique_ptr<RuntimeModel> model, std::vector<float>& heard)
      : model_(std::move(model)), heard_(heard) {}
  RuntimeKind kind() const override { return model_->kind(); }
  const std::vector<PortInfo>& inputs() const override { return model_->inputs(); }
  const std::vector<PortInfo>& outputs() const override { return model_->outputs(); }
  absl::Status run(std::span<const std::span<const std::byte>> in,
                   std::span<const std::span<std::byte>> out) override {
    const absl::Status status = model_->run(in, out);
    float probability = 0;
    std::memcpy(&probability, out[0].data(), sizeof(probability));
    heard_.push_back(probability);
    return status;
  }
  absl::StatusOr<std::vector<OpRecord>> profile() override { return model_->profile(); }

 private:
  std::unique_ptr<RuntimeModel> model_;
  std::vector<float>& heard_;
};

TEST(SileroModel, FindsSpeechWhereItIsOverAWholeRecording) {
  const auto path = default_silero_vad();
  if (!path.ok()) GTEST_SKIP() << path.status();
  const auto recording = asset("voices/arabic_digits/00000010/eight-06.wav");
  if (!recording) GTEST_SKIP() << "needs the shared assets: voices/arabic_digits";
  const auto compiled = compile_silero_vad(*path);
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  std::vector<float> probabilities;
  auto vad =
      create_silero_vad(std::make_unique<Listening>(compiled->load({}).value(), probabilities));
  ASSERT_TRUE(vad.ok()) << vad.status();
  EXPECT_EQ((*vad)->frame_samples(), 512);
  std::vector<float> samples(8'192);  // half a second of silence before and after
  const std::vector<float> word = read_audio(*recording).value().samples;
  samples.insert(samples.end(), word.begin(), word.end());
  samples.resize(samples.size() + 8'192);
  const auto speech = (*vad)->detect(samples);
  ASSERT_TRUE(speech.ok()) << speech.status();
  ASSERT_EQ(speech->size(), samples.size() / 512);
  EXPECT_EQ(std::count(speech->begin(), speech->begin() + 16, 1), 0) << "in silence";
  EXPECT_GE(std::count(speech->begin() + 16, speech->end() - 16, 1), 5);
  EXPECT_EQ(speech->back(), 0);
  // Speech begins at .5 and ends below .35.
  bool speaks = false;
  for (size_t i = 0; i < speech->size(); ++i) {
    speaks = probabilities[i] >= (speaks ? .35f : .5f);
    EXPECT_EQ((*speech)[i], speaks ? 1 : 0) << i;
  }
  EXPECT_EQ(*(*vad)->detect(samples), *speech) << "nothing is left of the recording before";
}

TEST(SileroModel, AFrontEndWithItCutsPausesOut) {
  if (!default_silero_vad().ok()) GTEST_SKIP() << "needs what scripts/setup fetches: silero_vad";
  const auto recording = asset("voices/arabic_digits/00000010/eight-06.wav");
  if (!recording) GTEST_SKIP() << "needs the shared assets: voices/arabic_digits";
  const VoiceSpec spec{.voice_activity = VoiceActivity::kSilero};
  EXPECT_TRUE(absl::IsFailedPrecondition(VoiceFrontEnd::create(spec).status()));
  auto maker = DetectorMaker::create(VoiceActivity::kSilero);
  ASSERT_TRUE(maker.ok()) << maker.status();
  auto front_end = VoiceFrontEnd::create(spec, maker->make().value());
  ASSERT_TRUE(front_end.ok()) << front_end.status();
  Audio audio = read_audio(*recording).value();
  const size_t word = audio.samples.size();
  audio.samples.resize(word + 32'000);
  const auto speech = front_end->speech(audio);
  ASSERT_TRUE(speech.ok()) << speech.status();
  EXPECT_LT(speech->size(), word + 8'000);
  EXPECT_GT(speech->size(), 2'000u);
}

TEST(SileroModel, AnotherModelIsRefused) {
  std::vector<float> heard;
  const auto path = default_silero_vad();
  if (!path.ok()) GTEST_SKIP() << path.status();
  const auto compiled = compile_silero_vad(*path);
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  EXPECT_FALSE(compile_silero_vad("/nowhere/silero.onnx").ok());
  class Other final : public RuntimeModel {
   public:
    RuntimeKind kind() const override { return RuntimeKind::kReference; }
    const std::vector<PortInfo>& inputs() const override { return ports_; }
    const std::vector<PortInfo>& outputs() const override { return ports_; }
    absl::Status run(std::span<const std::span<const std::byte>>,
                     std::span<const std::span<std::byte>>) override {
      return absl::OkStatus();
    }
    absl::StatusOr<std::vector<OpRecord>> profile() override { return std::vector<OpRecord>(); }

   private:
    std::vector<PortInfo> ports_{{"x", DataType::kFloat32, {1, 160, 40}, std::nullopt}};
  };
  const auto refused = create_silero_vad(std::make_unique<Other>());
  EXPECT_TRUE(absl::IsInvalidArgument(refused.status()));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("1x160x40"));
}

}  // namespace
}  // namespace durward
