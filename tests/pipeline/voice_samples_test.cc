#include "pipeline/voice_samples.h"

#include <gmock/gmock.h>

#include <cmath>
#include <string>
#include <vector>

#include "audio/voice_front_end.h"
#include "pipeline/golden_inputs.h"
#include "pipeline/record_store.h"
#include "pipeline/trial_set.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr VoiceSpec kAllOfIt{.voice_activity = VoiceActivity::kNone};

// 16-bit WAV, one channel, 16 kHz: a saw-tooth of that period, soft noise for period 0.
std::string recording(int period, double seconds) {
  const auto samples = static_cast<uint32_t>(seconds * 16'000);
  std::string data;
  uint32_t state = 1;
  for (uint32_t n = 0; n < samples; ++n) {
    state = state * 1'664'525 + 1'013'904'223;
    int value = static_cast<int>(state >> 24) - 128;
    if (period > 0) value += static_cast<int>(n) % period * 4'000 / period - 2'000;
    data += static_cast<char>(value);
    data += static_cast<char>(value >> 8);
  }
  const auto word = [](uint32_t value) {
    std::string text;
    for (int i = 0; i < 4; ++i) text += static_cast<char>(value >> (8 * i));
    return text;
  };
  return "RIFF" + word(static_cast<uint32_t>(36 + data.size())) + "WAVEfmt " + word(16) +
         std::string("\1\0\1\0", 4) + word(16'000) + word(32'000) + std::string("\2\0\x10\0", 4) +
         "data" + word(static_cast<uint32_t>(data.size())) + data;
}

class VoiceSamples : public TemporaryFolderTest {
 protected:
  // .5 s, 3 s, words, 2 s of silence, 1.7 s
  std::vector<std::filesystem::path> files() const {
    return {write("a.wav", recording(120, .5)), write("b.wav", recording(100, 3)),
            write("c.wav", "words"), write("d.wav", recording(120, 0)),
            write("e.wav", recording(80, 1.7))};
  }
  static std::vector<float> values(const SampleSet& set) {
    std::vector<float> all;
    for (int64_t i = 0; i < set.samples.count; ++i) {
      const auto sample = read_sample(set.samples, i);
      EXPECT_TRUE(sample.ok()) << sample.status();
      all.insert(all.end(), sample->begin(), sample->end());
    }
    return all;
  }
};

TEST_F(VoiceSamples, AreTheFrontEndsPartialsInTheOrderOfTheFiles) {
  const auto paths = files();
  const auto set = collect_samples(paths, {.preprocessing = kAllOfIt});
  ASSERT_TRUE(set.ok()) << set.status();
  // 3 s are partials at 0, .77 and 1.54 s: .91 of the third is filled.
  EXPECT_THAT(set->file_of_sample, ElementsAre(0, 1, 1, 1, 4));
  EXPECT_EQ(set->samples.shape, (Shape{1, 160, 40}));
  ASSERT_EQ(set->skipped.size(), 2u);
  EXPECT_EQ(set->skipped[0].path, paths[2]);
  EXPECT_THAT(set->skipped[0].reason, HasSubstr("not a WAV"));
  EXPECT_THAT(set->skipped[1].reason, HasSubstr("no samples"));
  EXPECT_FALSE(set->picture);

  auto front_end = VoiceFrontEnd::create(kAllOfIt);
  ASSERT_TRUE(front_end.ok());
  std::vector<float> expected;
  for (const size_t file : {0, 1, 4}) {
    const auto audio = read_audio(paths[file]);
    ASSERT_TRUE(audio.ok()) << audio.status();
    const auto speech = front_end->speech(*audio);
    ASSERT_TRUE(speech.ok()) << speech.status();
    const auto partials = front_end->partials(*speech);
    expected.insert(expected.end(), partials->values.begin(), partials->values.end());
  }
  EXPECT_EQ(values(*set), expected);
}

TEST_F(VoiceSamples, DoNotDependOnTheNumberOfThreads) {
  const auto paths = files();
  const auto noise =
      std::make_shared<const Audio>(*read_audio(write("noise.wav", recording(0, 5))));
  SampleOptions options{.preprocessing = kAllOfIt,
                        .condition = {.seconds = 1, .snr_db = 0, .noise = noise}};
  const auto one = collect_samples(paths, options);
  options.threads = 3;
  const auto three = collect_samples(paths, options);
  ASSERT_TRUE(one.ok() && three.ok()) << one.status() << three.status();
  EXPECT_EQ(values(*one), values(*three));
  options.condition_seed = 2;
  EXPECT_NE(values(*collect_samples(paths, options)), values(*one));
}

TEST_F(VoiceSamples, NoRecordingThatCanBeUsedIsAnError) {
  const std::vector<std::filesystem::path> paths{write("a.wav", "words")};
  const auto set = collect_samples(paths, {.preprocessing = kAllOfIt});
  EXPECT_TRUE(absl::IsInvalidArgument(set.status()));
  EXPECT_THAT(std::string(set.status().message()), HasSubstr("a.wav: not a WAV"));
}

// As LibriSpeech: speaker/chapter/files.
TEST_F(VoiceSamples, SpeakersAreTheFirstFolders) {
  write("84/121/a.wav", recording(120, 3));
  write("84/122/b.wav", recording(120, 1));
  write("95/7/c.wav", recording(100, 1));
  const auto set = load_trial_set(folder_, {}, {.preprocessing = kAllOfIt});
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_TRUE(set->all_pairs);
  EXPECT_THAT(set->person_of_row, ElementsAre(0, 0, 1));
  EXPECT_THAT(set->samples_of_row,
              ElementsAre(ElementsAre(0, 1, 2), ElementsAre(3), ElementsAre(4)));
}

TEST_F(VoiceSamples, ACsvNamesRecordings) {
  write("a.wav", recording(120, 1));
  write("b.wav", recording(120, 1));
  const auto list = write("trials.csv", "enrol,probe,label\na.wav,b.wav,1\n");
  const auto set = load_trial_set(list, {}, {.preprocessing = kAllOfIt});
  ASSERT_TRUE(set.ok()) << set.status();
  ASSERT_EQ(set->trials.size(), 1u);
  EXPECT_TRUE(set->trials[0].genuine);
  const auto pairs = write("pairs.txt", "a 1 2\n");
  EXPECT_THAT(
      std::string(load_trial_set(pairs, {}, {.preprocessing = kAllOfIt}).status().message()),
      HasSubstr(".csv"));
}

TEST(GoldenInputs, OfAVoiceAreFiniteAndDiffer) {
  const auto inputs = golden_inputs(VoiceSpec{});
  ASSERT_TRUE(inputs.ok()) << inputs.status();
  ASSERT_EQ(inputs->size(), 3u);
  for (const std::vector<float>& input : *inputs) {
    ASSERT_EQ(input.size(), 160u * 40);
    double sum = 0;
    for (const float value : input) sum += value;
    EXPECT_TRUE(std::isfinite(sum));
    EXPECT_GT(sum, 0);
  }
  EXPECT_NE((*inputs)[1], (*inputs)[2]);
  EXPECT_EQ(*golden_inputs(VoiceSpec{}), *inputs) << "the same in each run";
}

TEST(RecordStore, GivesBackWhatWasAppendedAndRefusesAnotherSize) {
  auto store = RecordStore::create(4);
  ASSERT_TRUE(store.ok()) << store.status();
  for (const char* text : {"abcd", "efgh"}) {
    ASSERT_TRUE(store->append(std::as_bytes(std::span(text, 4))).ok());
  }
  EXPECT_TRUE(absl::IsInvalidArgument(store->append(std::as_bytes(std::span("abc", 3)))));
  EXPECT_EQ(store->size(), 2);
  std::string read(4, ' ');
  ASSERT_TRUE(store->read(1, std::as_writable_bytes(std::span(read))).ok());
  EXPECT_EQ(read, "efgh");
  EXPECT_TRUE(absl::IsDataLoss(store->read(2, std::as_writable_bytes(std::span(read)))));
  std::string small(3, ' ');
  EXPECT_TRUE(absl::IsInvalidArgument(store->read(0, std::as_writable_bytes(std::span(small)))));
}

}  // namespace
}  // namespace durward
