#include "pipeline/feature_header.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_replace.h>

#include "micro/constants.h"

namespace durward {
namespace {

constexpr std::string_view kHeader =
    R"(/* NAME_features.h, made by durward export --to c: do not edit.
 *
 * Measured features to the input of NAME_run: each through its own quantiles to the normal
 * distribution (docs/touch.md). Flash: FLASH bytes of tables. */
#ifndef UPPER_FEATURES_H
#define UPPER_FEATURES_H

#include <stdint.h>

#define UPPER_FEATURES COUNT
#define UPPER_KNOTS KNOTS

/* In this order:
LIST */
static const float NAME_knots[UPPER_FEATURES][UPPER_KNOTS] = {
TABLE};
static const float NAME_images[UPPER_KNOTS] = {IMAGES};
/* What stands for a missing value. */
static const float NAME_medians[UPPER_FEATURES] = {
MEDIANS};

static float NAME_normal(const float* knots, float value) {
  int first = 0, last;
  float part;
  while (first < UPPER_KNOTS && knots[first] < value) ++first;
  if (first == UPPER_KNOTS) return NAME_images[UPPER_KNOTS - 1];
  if (knots[first] == value) {
    for (last = first; last + 1 < UPPER_KNOTS && knots[last + 1] == value; ++last) continue;
    return (NAME_images[first] + NAME_images[last]) * 0.5f;
  }
  if (first == 0) return NAME_images[0];
  part = (value - knots[first - 1]) / (knots[first] - knots[first - 1]);
  return NAME_images[first - 1] + part * (NAME_images[first] - NAME_images[first - 1]);
}

QUANTISE/* raw[i] is the feature i, NaN where it is missing. Build with -ffp-contract=off. */
static void NAME_features(const float* raw, TYPE* input) {
  int i;
  for (i = 0; i < UPPER_FEATURES; ++i) {
    const float value = raw[i] == raw[i] ? raw[i] : NAME_medians[i];
    input[i] = STORED;
  }
}

#endif
)";

// Ties to even, within int8.
constexpr std::string_view kQuantise = R"(static int8_t NAME_quantised(float value) {
  union {
    float value;
    int32_t bits;
  } rounded;
  float steps = value / SCALE;
  steps = steps > LOWEST ? steps : LOWEST;
  steps = steps < HIGHEST ? steps : HIGHEST;
  rounded.value = steps + 12582912.0f; /* 1.5 * 2^23: its last place is worth 1 */
  return (int8_t)(rounded.bits - 0x4b400000 + (ZERO_POINT));
}

)";

std::string list_of(std::span<const float> values) {
  return absl::StrJoin(values, ", ",
                       [](std::string* out, float value) { absl::StrAppend(out, c_float(value)); });
}

}  // namespace

CFile feature_header(const FeatureSpec& spec, const Plan& plan, const std::string& name) {
  const PlanTensor& input = plan.tensors[static_cast<size_t>(plan.inputs[0])];
  const bool quantised = input.type == PlanType::kInt8;
  const size_t knots = spec.knots[0].size();
  const std::string normal = "NAME_normal(NAME_knots[i], value)";
  std::string list, table, medians;
  for (size_t i = 0; i < spec.features(); ++i) {
    // The file's own names are data: nothing of them may end the comment.
    absl::StrAppend(&list, " *   ", i, " ", c_identifier(spec.names[i]), "\n");
    absl::StrAppend(&table, "  {", list_of(spec.knots[i]), "},\n");
    absl::StrAppend(&medians, "  ", c_float(spec.medians[i]), ",\n");
  }
  std::string text = absl::StrReplaceAll(
      std::string(kHeader), {{"QUANTISE", quantised ? std::string(kQuantise) : ""},
                             {"TYPE", quantised ? "int8_t" : "float"},
                             {"STORED", quantised ? "NAME_quantised(" + normal + ")" : normal}});
  text = absl::StrReplaceAll(
      text, {{"SCALE", c_float(input.scale)},
             {"LOWEST", c_float(static_cast<float>(-128 - input.zero_point))},
             {"HIGHEST", c_float(static_cast<float>(127 - input.zero_point))},
             {"ZERO_POINT", absl::StrCat(input.zero_point)},
             {"FLASH", absl::StrCat(sizeof(float) * (knots + spec.features() * (knots + 1)))},
             {"UPPER_FEATURES COUNT", absl::StrCat("UPPER_FEATURES ", spec.features())},
             {"UPPER_KNOTS KNOTS", absl::StrCat("UPPER_KNOTS ", knots)},
             {"LIST", list},
             {"TABLE", table},
             {"IMAGES", list_of(normal_images(knots))},
             {"MEDIANS", medians}});
  text = absl::StrReplaceAll(text, {{"UPPER", absl::AsciiStrToUpper(name)}, {"NAME", name}});
  return {name + "_features.h", std::move(text)};
}

}  // namespace durward
