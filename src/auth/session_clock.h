// The clock that a session waits by; tests give one of their own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

namespace durward {

class SessionClock {
 public:
  virtual ~SessionClock() = default;
  [[nodiscard]] virtual int64_t now_ms() const = 0;   // never set, never back
  [[nodiscard]] virtual int64_t wall_ms() const = 0;  // since 1970, for people to read
  // Waits until `ready`, which is asked under the lock, or until `until_ms`: whether it is ready.
  virtual bool wait(std::unique_lock<std::mutex>& lock, std::condition_variable& changed,
                    int64_t until_ms, const std::function<bool()>& ready) = 0;
};

// CLOCK_MONOTONIC, which also stamps frames of V4L2 and ALSA.
class SteadySessionClock final : public SessionClock {
 public:
  [[nodiscard]] int64_t now_ms() const override;
  [[nodiscard]] int64_t wall_ms() const override;
  bool wait(std::unique_lock<std::mutex>& lock, std::condition_variable& changed, int64_t until_ms,
            const std::function<bool()>& ready) override;
};

}  // namespace durward
