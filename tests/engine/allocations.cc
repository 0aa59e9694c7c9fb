#include "engine/allocations.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

thread_local int64_t count = 0;
std::atomic<int64_t> count_of_all{0};
thread_local int64_t until_failure = -1;  // negative: none
thread_local size_t watched_bytes = 0;
thread_local int64_t watched_count = 0;
thread_local void* watched = nullptr;

void* allocate(size_t bytes, size_t alignment) noexcept {
  ++count;
  ++count_of_all;
  if (until_failure >= 0 && until_failure-- == 0) return nullptr;
  const size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (bytes == watched_bytes && bytes > 0) {
    ++watched_count;
    watched = memory;
  }
  return memory;
}
void* allocate_or_throw(size_t bytes, size_t alignment) {
  void* memory = allocate(bytes, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
constexpr size_t kAlignment = __STDCPP_DEFAULT_NEW_ALIGNMENT__;

}  // namespace

// The other forms of operator new and delete end in these.
void* operator new(size_t bytes) { return allocate_or_throw(bytes, kAlignment); }
void* operator new(size_t bytes, std::align_val_t alignment) {
  return allocate_or_throw(bytes, static_cast<size_t>(alignment));
}
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  return allocate(bytes, kAlignment);
}
void* operator new(size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(bytes, static_cast<size_t>(alignment));
}
void* operator new[](size_t bytes) { return allocate_or_throw(bytes, kAlignment); }
void* operator new[](size_t bytes, const std::nothrow_t&) noexcept {
  return allocate(bytes, kAlignment);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }

namespace durward {

int64_t allocations() noexcept { return count; }
int64_t allocations_of_all_threads() noexcept { return count_of_all; }

FailingAllocation::FailingAllocation(int64_t after) noexcept { until_failure = after; }
FailingAllocation::~FailingAllocation() { until_failure = -1; }
bool FailingAllocation::happened() const noexcept { return until_failure < 0; }

WatchedAllocation::WatchedAllocation(size_t bytes) noexcept {
  watched_bytes = bytes;
  watched_count = 0;
}
WatchedAllocation::~WatchedAllocation() { watched_bytes = 0; }
std::byte* WatchedAllocation::memory() const noexcept {
  return watched_count == 1 ? static_cast<std::byte*>(watched) : nullptr;
}

}  // namespace durward
