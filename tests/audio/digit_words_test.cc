#include "audio/digit_words.h"

#include <gmock/gmock.h>

namespace durward {
namespace {

using ::testing::HasSubstr;

constexpr const char* kArabic =
    "# Arabic digits in the phones of en-us\n"
    "0 S IH F R\n1 W AA HH IH D\n2  IH TH N AA N   # dual\n\n3 TH AE L AE TH AH\n4 AA R B AH\n"
    "5 HH AE M S AH\n5 K AE M S AH\r\n6 S IH T AH\n7 S AE B AH\n8 TH AE M AE N IY AH\n9 T IH S "
    "AH\n";

TEST(DigitWords, AreReadAsTheyAreWritten) {
  const auto words = parse_digit_words(kArabic, "arabic.txt");
  ASSERT_TRUE(words.ok()) << words.status();
  ASSERT_EQ(words->size(), 11u);
  EXPECT_EQ((*words)[2], (DigitWord{2, "IH TH N AA N"}));
  EXPECT_EQ((*words)[6], (DigitWord{5, "K AE M S AH"}));
}

TEST(DigitWords, WhatIsWrongIsNamed) {
  const auto message = [](const std::string& text) {
    return std::string(parse_digit_words(text, "words.txt").status().message());
  };
  EXPECT_THAT(message("1 W AH N\n"), HasSubstr("words.txt: no word for the digit 0"));
  EXPECT_THAT(message("0 Z\n10 T EH N\n"), HasSubstr("line 2"));
  EXPECT_THAT(message("ten T EH N\n"), HasSubstr("line 1"));
  EXPECT_THAT(message("1\n"), HasSubstr("phones"));
  EXPECT_THAT(message("1 W;AH\n"), HasSubstr("line 1"));
}

TEST(DigitWords, EnglishHasEveryDigit) {
  std::string text;
  for (const DigitWord& word : english_digit_words()) {
    absl::StrAppend(&text, word.digit, " ", word.phones, "\n");
  }
  EXPECT_EQ(*parse_digit_words(text, "english"), english_digit_words());
}

}  // namespace
}  // namespace durward
