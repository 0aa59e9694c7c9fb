// Conditions that a face model is judged under: faces far away.
#pragma once

#include <optional>
#include <string_view>

#include "base/status.h"
#include "data/image.h"

namespace durward {

struct FaceCondition {
  // The aligned crop is reduced until its longer side has so many pixels, each the mean of those
  // that it stands for, and enlarged again between their centres: what a camera sees of a face that
  // far away.
  std::optional<int> side = {};
};

// Adds to a condition what a text says: "size=24" (pixels, 4 to 4096). InvalidArgument for another
// text or one said before.
[[nodiscard]] absl::Status add_condition(std::string_view text, FaceCondition& condition);

// An aligned crop under the condition, of the size that it has; as it is where its longer side has
// no more pixels than the condition's. Errors: resize_image's.
[[nodiscard]] absl::StatusOr<Image> under_condition(Image crop, const FaceCondition& condition);

}  // namespace durward
