#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include "commands.h"

namespace durward {
namespace {

absl::StatusOr<std::map<std::string, int64_t>> parse_values(const std::vector<std::string>& texts,
                                                            const std::string& option) {
  std::map<std::string, int64_t> values;
  for (const std::string& text : texts) {
    const size_t split = text.rfind('=');
    int64_t value = 0;
    if (split == std::string::npos || split == 0 ||
        !absl::SimpleAtoi(text.substr(split + 1), &value)) {
      return absl::InvalidArgumentError(
          absl::StrCat(option, " ", text, ": expected NAME=VALUE with a whole number"));
    }
    if (!values.try_emplace(text.substr(0, split), value).second) {
      return absl::InvalidArgumentError(absl::StrCat(option, " ", text, ": it was given before"));
    }
  }
  return values;
}

}  // namespace

void ReadingOptions::add_to(CLI::App& command) {
  command
      .add_option("--dimension", dimensions,
                  "of an .onnx model, the size of a dimension that it leaves open: NAME=VALUE, or "
                  "INPUT[NUMBER]=VALUE")
      ->allow_extra_args(false);
  command
      .add_option("--fix", fixed_inputs,
                  "of an .onnx model, an integer input that is always the same: NAME=VALUE "
                  "(sr=16000)")
      ->allow_extra_args(false);
}

absl::StatusOr<ModelReading> ReadingOptions::reading() const {
  ModelReading result;
  DURWARD_ASSIGN_OR_RETURN(result.dimensions, parse_values(dimensions, "--dimension"));
  DURWARD_ASSIGN_OR_RETURN(result.fixed_inputs, parse_values(fixed_inputs, "--fix"));
  return result;
}

}  // namespace durward
