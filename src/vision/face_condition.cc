#include "vision/face_condition.h"

#include <absl/strings/numbers.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "data/tensor.h"

namespace durward {

absl::Status add_condition(std::string_view text, FaceCondition& condition) {
  constexpr std::string_view kSize = "size=";
  constexpr int kLeast = 4, kMost = 4096;
  int side = 0;
  if (!text.starts_with(kSize) || condition.side ||
      !absl::SimpleAtoi(std::string(text.substr(kSize.size())), &side) || side < kLeast ||
      side > kMost) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", std::string(text), "\" is no condition of faces; expected size=PIXELS, ",
                     kLeast, " to ", kMost, ", as size=24, once"));
  }
  condition.side = side;
  return absl::OkStatus();
}

absl::StatusOr<Image> under_condition(Image crop, const FaceCondition& condition) {
  const int longer = std::max(crop.width, crop.height);
  if (!condition.side || *condition.side >= longer) return crop;
  const double scale = static_cast<double>(*condition.side) / longer;
  const auto reduced = [&](int side) {
    return std::max(1, static_cast<int>(std::lround(scale * side)));
  };
  DURWARD_ASSIGN_OR_RETURN(
      const Image small,
      resize_image(crop, reduced(crop.width), reduced(crop.height), Interpolation::kArea));
  return resize_image(small, crop.width, crop.height, Interpolation::kBilinear);
}

}  // namespace durward
