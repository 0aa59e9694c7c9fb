// Aligned crops of one size, in a RecordStore.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "data/image.h"
#include "pipeline/record_store.h"

namespace durward {

class CropStore {
 public:
  // Errors: RecordStore::create's.
  [[nodiscard]] static absl::StatusOr<CropStore> create(int width, int height);

  // InvalidArgument for another size; ResourceExhausted where the disk is full.
  [[nodiscard]] absl::Status append(const Image& crop);
  // Any thread may read while nobody appends. index in 0..size()-1.
  [[nodiscard]] absl::StatusOr<Image> read(int64_t index) const;
  [[nodiscard]] int64_t size() const { return records_.size(); }

 private:
  CropStore(RecordStore records, int width, int height)
      : records_(std::move(records)), width_(width), height_(height) {}

  RecordStore records_;
  int width_ = 0, height_ = 0;
};

}  // namespace durward
