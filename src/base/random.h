// A small deterministic generator: the same seed gives the same numbers on every platform.
#pragma once

#include <cstdint>

namespace durward {

// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  // Uniform in 0..bound-1; bound > 0. The bias is below bound / 2^64.
  uint64_t below(uint64_t bound) { return high_product(next(), bound); }

  // Uniform in [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  // The upper half of the 128-bit product, where the compiler may have no 128-bit integers.
  static uint64_t high_product(uint64_t a, uint64_t b) {
    constexpr uint64_t kLow = 0xffffffff;
    const uint64_t low = (a & kLow) * (b & kLow);
    const uint64_t one = (a >> 32) * (b & kLow) + (low >> 32);
    const uint64_t other = (a & kLow) * (b >> 32) + (one & kLow);
    return (a >> 32) * (b >> 32) + (one >> 32) + (other >> 32);
  }

  uint64_t state_;
};

}  // namespace durward
