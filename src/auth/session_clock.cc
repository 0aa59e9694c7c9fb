#include "auth/session_clock.h"

#include <chrono>

namespace durward {

int64_t SteadySessionClock::now_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int64_t SteadySessionClock::wall_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

bool SteadySessionClock::wait(std::unique_lock<std::mutex>& lock, std::condition_variable& changed,
                              int64_t until_ms, const std::function<bool()>& ready) {
  return changed.wait_until(
      lock, std::chrono::steady_clock::time_point(std::chrono::milliseconds(until_ms)), ready);
}

}  // namespace durward
