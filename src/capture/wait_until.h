// Waiting until a time of CLOCK_MONOTONIC, which is what std::chrono::steady_clock is here.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "capture/picture_source.h"

namespace durward {

// Whether it is ready. Times beyond a day are a day: they would overflow the clock's unit.
template <typename Ready>
bool wait_until_ms(std::unique_lock<std::mutex>& lock, std::condition_variable& changed,
                   int64_t until_ms, const Ready& ready) {
  constexpr int64_t kDay = 86'400'000;
  const int64_t until = std::min(until_ms, monotonic_ms() + kDay);
  return changed.wait_until(
      lock, std::chrono::steady_clock::time_point(std::chrono::milliseconds(until)), ready);
}

}  // namespace durward
