#include "device/clock_rate.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace durward::device {
namespace {

#if defined(__x86_64__)
#define DURWARD_ADDITION "add %1, %0\n\t"
#elif defined(__aarch64__) || defined(__arm__)
#define DURWARD_ADDITION "add %0, %0, %1\n\t"
#endif

constexpr int kAdditions = 16, kRounds = 20000, kTries = 9;

// The chain's sum, so that it is needed. Registers are added: some processors add constants
// without taking a cycle for it.
uint64_t add_in_a_chain() {
  uint64_t sum = 1;
#if defined(DURWARD_ADDITION)
  uintptr_t value = 1;
  const uintptr_t addend = 3;
  for (int i = 0; i < kRounds; ++i) {
    asm volatile(DURWARD_ADDITION DURWARD_ADDITION DURWARD_ADDITION DURWARD_ADDITION
                     DURWARD_ADDITION DURWARD_ADDITION DURWARD_ADDITION DURWARD_ADDITION
                         DURWARD_ADDITION DURWARD_ADDITION DURWARD_ADDITION DURWARD_ADDITION
                             DURWARD_ADDITION DURWARD_ADDITION DURWARD_ADDITION DURWARD_ADDITION
                 : "+r"(value)
                 : "r"(addend));
  }
  sum = value;
#endif
  return sum;
}

}  // namespace

double measure_clock_rate() {
  if (add_in_a_chain() == 1) return 0;
  double shortest = 1;
  for (int i = 0; i < kTries; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    add_in_a_chain();
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
    shortest = std::min(shortest, passed.count());
  }
  return shortest > 0 ? kAdditions * double{kRounds} / shortest : 0;
}

}  // namespace durward::device
