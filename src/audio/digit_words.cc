#include "audio/digit_words.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <array>

namespace durward {
namespace {

constexpr size_t kMostWords = 200, kMostPhones = 30;

absl::Status bad_line(size_t number, std::string_view line) {
  return absl::InvalidArgumentError(
      absl::StrCat("line ", number, " is \"", std::string(line.substr(0, 60)),
                   "\"; expected a digit and its phones, as 3 TH R IY"));
}

bool is_phone(std::string_view phone) {
  return !phone.empty() && phone.size() <= 8 && std::all_of(phone.begin(), phone.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c));
  });
}

absl::StatusOr<std::vector<DigitWord>> parse_words(std::string_view text) {
  std::vector<DigitWord> words;
  std::array<bool, 10> there = {};
  size_t number = 0;
  const std::vector<std::string> lines = absl::StrSplit(std::string(text), '\n');
  for (const std::string& line : lines) {
    ++number;
    const std::vector<std::string> parts = absl::StrSplit(
        std::string(line.substr(0, line.find('#'))), absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (parts.empty()) continue;
    const bool digit =
        parts[0].size() == 1 && absl::ascii_isdigit(static_cast<unsigned char>(parts[0][0]));
    if (!digit || parts.size() < 2 || parts.size() > kMostPhones + 1 ||
        !std::all_of(parts.begin() + 1, parts.end(), is_phone)) {
      return bad_line(number, line);
    }
    if (words.size() == kMostWords) {
      return absl::InvalidArgumentError(absl::StrCat("more than ", kMostWords, " words"));
    }
    DigitWord word{.digit = parts[0][0] - '0', .phones = parts[1]};
    for (size_t i = 2; i < parts.size(); ++i) absl::StrAppend(&word.phones, " ", parts[i]);
    there[static_cast<size_t>(word.digit)] = true;
    words.push_back(std::move(word));
  }
  const auto missing = std::find(there.begin(), there.end(), false);
  if (missing != there.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no word for the digit ", missing - there.begin()));
  }
  return words;
}

}  // namespace

std::vector<DigitWord> english_digit_words() {
  return {{0, "Z IH R OW"},   {0, "Z IY R OW"}, {0, "OW"},     {1, "W AH N"}, {1, "HH W AH N"},
          {2, "T UW"},        {3, "TH R IY"},   {4, "F AO R"}, {5, "F AY V"}, {6, "S IH K S"},
          {7, "S EH V AH N"}, {8, "EY T"},      {9, "N AY N"}};
}

absl::StatusOr<std::vector<DigitWord>> parse_digit_words(std::string_view text,
                                                         std::string_view name) {
  absl::StatusOr<std::vector<DigitWord>> words = parse_words(text);
  if (!words.ok()) return with_context(words.status(), name);
  return words;
}

}  // namespace durward
