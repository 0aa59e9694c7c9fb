// Memory for lists of many megabytes that are read from end to end: in huge pages where the system
// has them, so that it is not the look-up of pages that takes the time.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>

namespace durward {

template <typename Type>
struct HugePageAllocator {
  using value_type = Type;
  HugePageAllocator() = default;
  template <typename Other>
  HugePageAllocator(const HugePageAllocator<Other>&) {}  // NOLINT: as allocators do

  Type* allocate(size_t count) {
    const size_t bytes = count * sizeof(Type);
    void* memory = ::operator new(bytes, alignment(bytes));
    if (bytes >= kPage) ::madvise(memory, bytes, MADV_HUGEPAGE);
    return static_cast<Type*>(memory);
  }
  void deallocate(Type* memory, size_t count) {
    ::operator delete(memory, alignment(count * sizeof(Type)));
  }
  bool operator==(const HugePageAllocator&) const { return true; }

 private:
  static constexpr size_t kPage = size_t{2} << 20;
  static std::align_val_t alignment(size_t bytes) {
    return std::align_val_t{bytes >= kPage ? kPage : alignof(std::max_align_t)};
  }
};

}  // namespace durward
