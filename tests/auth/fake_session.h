// Parts for a session that a test drives: a clock that it sets, and factors that do as it says.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "auth/factor.h"
#include "auth/factor_run.h"
#include "auth/session_clock.h"

namespace durward {

// Stands still until somebody moves it on.
class FakeSessionClock final : public SessionClock {
 public:
  int64_t now_ms() const override { return now_; }
  int64_t wall_ms() const override { return 1'700'000'000'000; }
  bool wait(std::unique_lock<std::mutex>& lock, std::condition_variable& changed, int64_t until_ms,
            const std::function<bool()>& ready) override {
    while (!ready() && now_ < until_ms) changed.wait_for(lock, std::chrono::milliseconds(1));
    return ready();
  }
  void advance_to(int64_t ms) {
    int64_t now = now_;
    while (now < ms && !now_.compare_exchange_weak(now, ms)) {
    }
  }
  void advance(int64_t ms) { now_ += ms; }

 private:
  std::atomic<int64_t> now_ = 1'000'000;
};

// Gives `frames` samples, a new one each 10 ms, then has enough.
class FakeFactor : public Factor {
 public:
  FakeFactor(std::string modality, FakeSessionClock& clock)
      : modality_(std::move(modality)), clock_(clock) {}

  // What the test sets.
  int frames = 3;
  bool usable = true;
  std::string guidance;
  absl::Status begin_status, capture_status, compare_status;
  FactorComparison comparison{.score = 0.8, .llr = 8, .bundle_sha256 = std::string(64, 'a')};
  std::optional<double> pad_llr = 5;
  std::function<std::string(int)> digest_of;  // of the frame of this number, from 0
  std::function<std::string(int)> source_of = [](int) { return "source"; };
  std::function<ChallengeResponse(const Challenge&)> answer;
  std::function<void()> on_capture, on_prepare, on_compare;
  bool hangs = false;  // capture waits for stop()

  // What it did.
  std::atomic<int> begun = 0, compared = 0, kept = 0;

  std::string_view modality() const override { return modality_; }
  absl::Status begin(std::string_view, const Challenge* challenge) override {
    ++begun;
    taken_ = 0;
    kept = 0;
    stopped_ = false;
    challenge_ = challenge;
    return begin_status;
  }
  absl::StatusOr<CapturedSample> capture(int64_t until_ms) override {
    if (on_capture) on_capture();
    if (hangs) {
      wait_for_stop();
      return absl::CancelledError("stopped");
    }
    if (!capture_status.ok()) return capture_status;
    if (taken_ >= frames) {
      clock_.advance_to(until_ms);
      return absl::DeadlineExceededError("none came");
    }
    clock_.advance(10);
    CapturedSample sample{.mark = {source_of(taken_), clock_.now_ms() + taken_, ""},
                          .usable = usable,
                          .guidance = guidance};
    sample.mark.digest = digest_of ? digest_of(taken_) : absl::StrCat(modality_, total_++);
    ++taken_;
    return sample;
  }
  void keep() override { ++kept; }
  bool complete() const override { return kept >= frames; }
  ChallengeResponse response() const override { return answer(*challenge_); }
  void prepare() override {
    if (on_prepare) on_prepare();
  }
  absl::StatusOr<std::optional<double>> liveness() override { return pad_llr; }
  absl::StatusOr<FactorComparison> compare() override {
    ++compared;
    if (on_compare) on_compare();
    if (!compare_status.ok()) return compare_status;
    return comparison;
  }
  void stop() override { stopped_ = true; }

  void wait_for_stop() const {
    while (!stopped_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

 private:
  const std::string modality_;
  FakeSessionClock& clock_;
  const Challenge* challenge_ = nullptr;
  int taken_ = 0, total_ = 0;
  std::atomic<bool> stopped_ = false;
};

}  // namespace durward
