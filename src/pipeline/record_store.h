// Records of one size, kept in an unnamed temporary file: memory does not grow with their number,
// and nothing of a face or a voice is left behind when the process ends, however it ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/status.h"

namespace durward {

class RecordStore {
 public:
  // In the folder for temporary files (TMPDIR). Unavailable where no file can be made there.
  [[nodiscard]] static absl::StatusOr<RecordStore> create(size_t bytes_per_record);
  RecordStore(RecordStore&& other) noexcept;
  RecordStore& operator=(RecordStore&& other) noexcept;
  ~RecordStore();

  // InvalidArgument for another size; ResourceExhausted where the disk is full.
  [[nodiscard]] absl::Status append(std::span<const std::byte> record);
  // Any thread may read while nobody appends. index in 0..size()-1; a record's bytes.
  [[nodiscard]] absl::Status read(int64_t index, std::span<std::byte> record) const;
  [[nodiscard]] int64_t size() const { return size_; }

 private:
  RecordStore(int fd, size_t bytes_per_record) : fd_(fd), bytes_per_record_(bytes_per_record) {}

  int fd_ = -1;
  size_t bytes_per_record_ = 0;
  int64_t size_ = 0;
};

}  // namespace durward
