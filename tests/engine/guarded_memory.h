// Memory between two pages that stop the program when they are touched: what a kernel reads or
// writes beyond its tensors fails at once, with sanitizers and without.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace durward {

// The end of the memory that touches its guard page: the other one is at most a page away.
enum class Guarded { kStart, kEnd };

class GuardedMemory {
 public:
  // With kEnd the start is `alignment` or better aligned, so the last alignment - 1 bytes may be
  // unguarded.
  GuardedMemory(size_t bytes, Guarded guarded, size_t alignment = 1) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t inside = (bytes + page - 1) / page * page;
    mapped_bytes_ = inside + 2 * page;
    mapping_ = mmap(nullptr, mapped_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT_NE(mapping_, MAP_FAILED);
    std::byte* first = static_cast<std::byte*>(mapping_) + page;
    EXPECT_TRUE(inside == 0 || mprotect(first, inside, PROT_READ | PROT_WRITE) == 0);
    data_ = guarded == Guarded::kStart ? first : first + (inside - bytes) / alignment * alignment;
  }
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;
  GuardedMemory(GuardedMemory&& other) noexcept
      : mapping_(std::exchange(other.mapping_, nullptr)),
        mapped_bytes_(other.mapped_bytes_),
        data_(other.data_) {}
  ~GuardedMemory() {
    if (mapping_ != nullptr) munmap(mapping_, mapped_bytes_);
  }

  [[nodiscard]] std::byte* data() const { return data_; }

 private:
  void* mapping_ = nullptr;
  size_t mapped_bytes_ = 0;
  std::byte* data_ = nullptr;
};

// A tensor in guarded memory, at whatever alignment its size gives it.
class GuardedInt8 {
 public:
  GuardedInt8(size_t count, int8_t fill, Guarded guarded) : memory_(count, guarded), count_(count) {
    for (size_t i = 0; i < count; ++i) data()[i] = fill;
  }
  GuardedInt8(const std::vector<int8_t>& values, Guarded guarded)
      : GuardedInt8(values.size(), 0, guarded) {
    for (size_t i = 0; i < values.size(); ++i) data()[i] = values[i];
  }

  [[nodiscard]] int8_t* data() const { return reinterpret_cast<int8_t*>(memory_.data()); }
  [[nodiscard]] std::vector<int8_t> values() const { return {data(), data() + count_}; }

 private:
  GuardedMemory memory_;
  size_t count_;
};

}  // namespace durward
