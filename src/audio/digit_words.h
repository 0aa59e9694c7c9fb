// The words that are heard as digits: how each sounds, in the phones of an acoustic model.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace durward {

struct DigitWord {
  int digit = 0;       // 0..9
  std::string phones;  // as the acoustic model names them: "TH R IY"

  bool operator==(const DigitWord&) const = default;
};

// English, in the phones of pocketsphinx's en-us model (CMU's pronouncing dictionary); 0 is "zero"
// and "oh".
[[nodiscard]] std::vector<DigitWord> english_digit_words();

// Lines of a digit and its phones, "3 TH R IY"; as many as a digit has pronunciations; what follows
// a # is for people. InvalidArgument names the line and what it must be, or the digit of which
// there is no word; `name` (of the file) stands before it.
[[nodiscard]] absl::StatusOr<std::vector<DigitWord>> parse_digit_words(std::string_view text,
                                                                       std::string_view name);

}  // namespace durward
