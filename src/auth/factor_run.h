// One request's work on one factor, on a thread of its own: capture, then, when the session says
// so, liveness and comparison.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>

#include "auth/factor.h"
#include "auth/session_clock.h"

namespace durward {

// What a person should see or hear meanwhile. Called from the threads of the factors, one call at a
// time; what it does delays them.
class SessionObserver {
 public:
  virtual ~SessionObserver() = default;
  virtual void guide(std::string_view modality, std::string_view guidance) = 0;
  virtual void ask(std::string_view modality, const Challenge& challenge) = 0;
};

// What the factors' threads and the session share; everything but `user` is under the mutex.
struct RequestState {
  std::string user;
  int64_t capture_until_ms = 0;
  std::mutex mutex;
  std::condition_variable changed;
  enum class Phase { kCapture, kEvaluate, kClosed } phase = Phase::kCapture;
  bool cancelled = false;
};

class FactorRun {
 public:
  // All outlive the run; `memory` is this modality's.
  FactorRun(const FactorPolicy& rule, Factor& factor, RequestState& request, SessionClock& clock,
            SampleMemory& memory, SessionObserver* observer, std::mutex& observer_mutex);

  // The thread's whole work.
  void run();

  // Under the request's mutex.
  [[nodiscard]] bool captured() const { return captured_; }  // no more samples are awaited
  [[nodiscard]] bool done() const { return done_; }          // nor anything else
  // What capture gave; nothing is compared yet.
  [[nodiscard]] const FactorEvidence& captured_evidence() const { return evidence_; }
  // What is known now: a factor that was captured and not evaluated is missing.
  [[nodiscard]] FactorEvidence evidence() const;

  [[nodiscard]] Factor& factor() const { return factor_; }
  [[nodiscard]] const FactorPolicy& rule() const { return rule_; }

 private:
  void capture(FactorEvidence& evidence);
  void evaluate(FactorEvidence& evidence);
  absl::Status begin();
  void guide(const std::string& guidance);
  bool closed();

  const FactorPolicy& rule_;
  Factor& factor_;
  RequestState& request_;
  SessionClock& clock_;
  SampleMemory& memory_;
  SessionObserver* observer_;
  std::mutex& observer_mutex_;
  std::optional<Challenge> challenge_;
  std::string last_guidance_, last_advice_;  // what was said, and the last that was not empty

  FactorEvidence evidence_;
  bool captured_ = false, evaluated_ = false, done_ = false;
};

}  // namespace durward
