#include "formats/tflite/tflite_ops.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <string>

namespace durward {
namespace {

constexpr TfliteOps kAll[] = {TfliteOps::kCurrent, TfliteOps::kMicro, TfliteOps::kMicro2020};

}  // namespace

std::string_view to_string(TfliteOps ops) {
  switch (ops) {
    case TfliteOps::kCurrent:
      return "current";
    case TfliteOps::kMicro:
      return "micro";
    case TfliteOps::kMicro2020:
      return "micro-2020";
  }
  return "unknown";
}

absl::StatusOr<TfliteOps> parse_tflite_ops(std::string_view name) {
  for (const TfliteOps ops : kAll) {
    if (to_string(ops) == name) return ops;
  }
  const std::vector<std::string_view> names = tflite_ops_names();
  std::vector<std::string> list(names.begin(), names.end());
  return absl::InvalidArgumentError(absl::StrCat("no set of TFLite operators is called '",
                                                 std::string(name), "'; there are ",
                                                 absl::StrJoin(list, ", ")));
}

std::vector<std::string_view> tflite_ops_names() {
  std::vector<std::string_view> names;
  for (const TfliteOps ops : kAll) names.push_back(to_string(ops));
  return names;
}

}  // namespace durward
