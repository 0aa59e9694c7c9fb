#include "audio/digit_recognizer.h"

#include <gmock/gmock.h>

#include "support/spoken_digits.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

class DigitRecognizerTest : public TemporaryFolderTest {
 protected:
  void SetUp() override {
    auto created = DigitRecognizer::create();
    if (absl::IsNotFound(created.status())) {
      EXPECT_THAT(std::string(created.status().message()), HasSubstr("pocketsphinx-en-us"));
      GTEST_SKIP() << created.status();
    }
    ASSERT_TRUE(created.ok()) << created.status();
    recognizer_ = *std::move(created);
  }
  std::vector<HeardDigit> hear(std::span<const float> samples) {
    EXPECT_TRUE(recognizer_->begin().ok());
    for (size_t at = 0; at < samples.size(); at += 960) {
      EXPECT_TRUE(
          recognizer_->push(samples.subspan(at, std::min<size_t>(960, samples.size() - at))).ok());
    }
    EXPECT_TRUE(recognizer_->finish().ok());
    const auto heard = recognizer_->heard();
    EXPECT_TRUE(heard.ok()) << heard.status();
    return *heard;
  }
  std::unique_ptr<DigitRecognizer> recognizer_;
};

TEST_F(DigitRecognizerTest, HearsTheDigitsThatAreSpokenAndWhen) {
  for (const std::string digits : {"4061", "935268"}) {
    const auto spoken = spoken_digits(digits, "en-us", folder_);
    if (!spoken) GTEST_SKIP() << "needs espeak-ng";
    const std::vector<HeardDigit> heard = hear(spoken->samples);
    std::string text;
    for (const HeardDigit& digit : heard) absl::StrAppend(&text, digit.digit);
    ASSERT_EQ(text, digits);
    for (size_t i = 0; i < heard.size(); ++i) {
      EXPECT_NEAR(static_cast<double>(heard[i].end), static_cast<double>(spoken->ends[i]), 3'200)
          << "to .2 s";
      EXPECT_LT(heard[i].begin, heard[i].end);
    }
  }
}

TEST_F(DigitRecognizerTest, HearsNothingInSilence) {
  EXPECT_TRUE(hear(white_noise(32'000, .001f, 1)).empty());
  EXPECT_TRUE(hear({}).empty());
}

TEST_F(DigitRecognizerTest, AModelThatDoesNotFitIsRefused) {
  EXPECT_TRUE(absl::IsNotFound(
      DigitRecognizer::create({.acoustic = folder_, .words = english_digit_words()}).status()));
  for (const char* name : {"means", "variances", "transition_matrices", "feat.params", "mdef"}) {
    write(name, "nothing");
  }
  EXPECT_TRUE(absl::IsInvalidArgument(
      DigitRecognizer::create({.acoustic = folder_, .words = english_digit_words()}).status()));
  const auto unknown = DigitRecognizer::create({.words = {{0, "XX YY"}}});
  EXPECT_TRUE(absl::IsInvalidArgument(unknown.status()));
  EXPECT_THAT(std::string(unknown.status().message()), HasSubstr("XX YY"));
}

}  // namespace
}  // namespace durward
