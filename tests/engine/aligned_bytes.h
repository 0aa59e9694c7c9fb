// A copy of bytes where plans have to lie: at a multiple of 64 bytes, and `shift` bytes behind one
// to see what happens otherwise. Sanitizers see reads beyond its end.
#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <span>

#include "engine/plan.h"

namespace durward {

class AlignedBytes {
 public:
  explicit AlignedBytes(std::span<const std::byte> bytes, size_t shift = 0)
      : size_(bytes.size()),
        shift_(shift),
        memory_(static_cast<std::byte*>(
            ::operator new(size_ + shift, std::align_val_t{kPlanAlignment}))) {
    if (size_ > 0) std::memcpy(memory_ + shift, bytes.data(), size_);
  }
  AlignedBytes(const AlignedBytes&) = delete;
  AlignedBytes& operator=(const AlignedBytes&) = delete;
  ~AlignedBytes() { ::operator delete(memory_, std::align_val_t{kPlanAlignment}); }

  [[nodiscard]] std::span<std::byte> bytes() { return {memory_ + shift_, size_}; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return {memory_ + shift_, size_}; }

 private:
  size_t size_, shift_;
  std::byte* memory_;
};

}  // namespace durward
