#include "counting_new.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<uint64_t> taken_count{0}, taken_bytes{0};

void* take(size_t size, size_t alignment) noexcept {
  taken_count.fetch_add(1, std::memory_order_relaxed);
  taken_bytes.fetch_add(size, std::memory_order_relaxed);
  if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) return std::malloc(std::max<size_t>(size, 1));
  const size_t rounded = (std::max<size_t>(size, 1) + alignment - 1) / alignment * alignment;
  return rounded < size ? nullptr : std::aligned_alloc(alignment, rounded);
}

void* take_or_throw(size_t size, size_t alignment) {
  void* memory = take(size, alignment);
#if defined(__cpp_exceptions)
  if (memory == nullptr) throw std::bad_alloc();
#else
  if (memory == nullptr) std::abort();
#endif
  return memory;
}

constexpr size_t kAlignment = __STDCPP_DEFAULT_NEW_ALIGNMENT__;

}  // namespace

// The other forms of operator new and delete end in these.
void* operator new(size_t size) { return take_or_throw(size, kAlignment); }
void* operator new(size_t size, std::align_val_t alignment) {
  return take_or_throw(size, static_cast<size_t>(alignment));
}
void* operator new(size_t size, const std::nothrow_t&) noexcept { return take(size, kAlignment); }
void* operator new(size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return take(size, static_cast<size_t>(alignment));
}
void* operator new[](size_t size) { return take_or_throw(size, kAlignment); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return take(size, kAlignment); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }

namespace durward {

device::AllocationCount counted_allocations() {
  return {taken_count.load(std::memory_order_relaxed), taken_bytes.load(std::memory_order_relaxed)};
}

}  // namespace durward
