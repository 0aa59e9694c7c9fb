// Memory between two pages that cannot be touched, for kernels that must stay inside their tensors.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "base/random.h"

namespace durward {

// Which end of the elements lies against a forbidden page; the other side is checked for writes.
enum class Guard : uint8_t { kBefore, kBehind };

inline Guard either_end(Random& random) {
  return random.below(2) == 0 ? Guard::kBefore : Guard::kBehind;
}

template <typename T>
class Guarded {
 public:
  // `count` times `value`. With `alignment` above T's own, up to alignment - 1 bytes lie between
  // the last element and the forbidden page behind it.
  Guarded(size_t count, T value, Guard guard, size_t alignment = alignof(T)) : count_(count) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t bytes = count * sizeof(T);
    const size_t inner = (bytes + page - 1) / page * page + page;
    mapped_bytes_ = inner + 2 * page;
    void* mapping = mmap(nullptr, mapped_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) std::abort();
    mapping_ = static_cast<std::byte*>(mapping);
    first_ = mapping_ + page;
    last_ = first_ + inner;
    if (mprotect(first_, inner, PROT_READ | PROT_WRITE) != 0) std::abort();
    std::fill(first_, last_, kPadding);
    const size_t offset = guard == Guard::kBefore ? 0 : (inner - bytes) / alignment * alignment;
    data_ = reinterpret_cast<T*>(first_ + offset);
    std::fill_n(data_, count_, value);
  }
  Guarded(size_t count, Guard guard, size_t alignment = alignof(T))
      : Guarded(count, T{}, guard, alignment) {}
  Guarded(const std::vector<T>& values, Guard guard, size_t alignment = alignof(T))
      : Guarded(values.size(), guard, alignment) {
    std::copy(values.begin(), values.end(), data_);
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  Guarded(Guarded&& other) noexcept
      : count_(other.count_),
        mapped_bytes_(other.mapped_bytes_),
        mapping_(std::exchange(other.mapping_, nullptr)),
        first_(other.first_),
        last_(other.last_),
        data_(other.data_) {}
  ~Guarded() {
    if (mapping_ != nullptr) munmap(mapping_, mapped_bytes_);
  }

  [[nodiscard]] T* data() const { return data_; }
  [[nodiscard]] std::byte* bytes() const { return reinterpret_cast<std::byte*>(data_); }
  [[nodiscard]] std::vector<T> values() const { return {data_, data_ + count_}; }

  // Whether nothing was written between the elements and the forbidden pages.
  [[nodiscard]] bool padding_intact() const {
    const auto intact = [](std::byte byte) { return byte == kPadding; };
    const auto* begin = reinterpret_cast<const std::byte*>(data_);
    return std::all_of(static_cast<const std::byte*>(first_), begin, intact) &&
           std::all_of(begin + count_ * sizeof(T), static_cast<const std::byte*>(last_), intact);
  }

 private:
  static constexpr std::byte kPadding{0xa5};
  size_t count_;
  size_t mapped_bytes_ = 0;
  std::byte* mapping_ = nullptr;
  std::byte* first_ = nullptr;
  std::byte* last_ = nullptr;
  T* data_ = nullptr;
};

}  // namespace durward
