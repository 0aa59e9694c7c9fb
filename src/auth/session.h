// The session: capture -> quality -> liveness -> match -> fuse -> decide -> record, one decision
// for each request.
//
// Factors capture at the same time, each on a thread of its own, until all have enough or the time
// for capture is over. If what they have could be accepted at all, the attempt is charged, and they
// judge liveness and compare until all are done or the decision is due. Then it is decided with
// what is there, recorded, and told. docs/decisions.md has the order and what each stop costs.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "auth/attempt_limiter.h"
#include "auth/decision_log.h"
#include "auth/decision_record.h"
#include "auth/factor_run.h"

namespace durward {

// All outlive the session.
struct SessionParts {
  std::vector<Factor*> factors;  // those that are there; the policy says which are needed
  AttemptLimiter* limiter = nullptr;
  DecisionLog* log = nullptr;
  SessionClock* clock = nullptr;
  SessionObserver* observer = nullptr;  // may be none
};

// From any thread: one request at a time, cancel() meanwhile.
class AuthenticationSession {
 public:
  // InvalidArgument where a part is missing or two factors have the same modality.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<AuthenticationSession>> create(
      Policy policy, SessionParts parts);
  // Waits for what still runs.
  ~AuthenticationSession();
  AuthenticationSession(const AuthenticationSession&) = delete;
  AuthenticationSession& operator=(const AuthenticationSession&) = delete;

  // The decision about one user, as it was recorded. Every error means: not accepted.
  // FailedPrecondition while another request runs; Unavailable while a source or a model that was
  // late for the last one still does; the limiter's and the log's errors.
  [[nodiscard]] absl::StatusOr<DecisionRecord> authenticate(std::string_view user);

  // Ends the present request soon, as a retry that says so; an attempt that was charged stays so.
  // Nothing where there is none.
  void cancel();

 private:
  struct Request;
  AuthenticationSession(Policy policy, SessionParts parts)
      : policy_(std::move(policy)), parts_(std::move(parts)) {}

  absl::StatusOr<DecisionRecord> run(std::string_view user);
  absl::Status judge(Request& request, DecisionRecord& record);
  void start(Request& request);
  void close(Request& request);
  bool wait(Request& request, int64_t until_ms, bool (*ready)(const Request&));
  absl::StatusOr<bool> refuse_locked(DecisionRecord& record);
  absl::Status conclude(DecisionRecord& record);
  Decision outcome(DecisionKind verdict, Reason reason) const;

  const Policy policy_;
  const SessionParts parts_;
  std::map<std::string, SampleMemory, std::less<>> memories_;  // by modality
  std::mutex observer_mutex_;
  std::atomic<bool> busy_ = false;

  std::mutex request_mutex_;          // of the pointer
  std::shared_ptr<Request> request_;  // the present one, or one that still has threads
};

}  // namespace durward
