// Aligned crops of one size, kept in an unnamed temporary file: memory does not grow with their
// number, and nothing of a face is left behind when the process ends, however it ends.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "data/image.h"

namespace durward {

class CropStore {
 public:
  // In the folder for temporary files (TMPDIR). Unavailable where no file can be made there.
  [[nodiscard]] static absl::StatusOr<CropStore> create(int width, int height);
  CropStore(CropStore&& other) noexcept;
  CropStore& operator=(CropStore&& other) noexcept;
  ~CropStore();

  // InvalidArgument for another size; ResourceExhausted where the disk is full.
  [[nodiscard]] absl::Status append(const Image& crop);
  // Any thread may read while nobody appends. index in 0..size()-1.
  [[nodiscard]] absl::StatusOr<Image> read(int64_t index) const;
  [[nodiscard]] int64_t size() const { return size_; }

 private:
  CropStore(int fd, int width, int height) : fd_(fd), width_(width), height_(height) {}
  [[nodiscard]] int64_t bytes_per_crop() const { return int64_t{3} * width_ * height_; }

  int fd_ = -1;
  int width_ = 0, height_ = 0;
  int64_t size_ = 0;
};

}  // namespace durward
