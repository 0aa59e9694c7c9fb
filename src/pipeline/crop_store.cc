#include "pipeline/crop_store.h"

#include <span>
#include <utility>

namespace durward {

absl::StatusOr<CropStore> CropStore::create(int width, int height) {
  DURWARD_ASSIGN_OR_RETURN(RecordStore records,
                           RecordStore::create(Image(width, height).rgb.size()));
  return CropStore(std::move(records), width, height);
}

absl::Status CropStore::append(const Image& crop) {
  if (crop.width != width_ || crop.height != height_) {
    return absl::InvalidArgumentError(absl::StrCat("a crop of ", crop.width, "x", crop.height,
                                                   " pixels, expected ", width_, "x", height_));
  }
  return records_.append(std::as_bytes(std::span(crop.rgb)));
}

absl::StatusOr<Image> CropStore::read(int64_t index) const {
  Image crop(width_, height_);
  DURWARD_RETURN_IF_ERROR(records_.read(index, std::as_writable_bytes(std::span(crop.rgb))));
  return crop;
}

}  // namespace durward
