#include "auth/session.h"

#include <sodium.h>

#include <algorithm>

namespace durward {

struct AuthenticationSession::Request {
  RequestState state;
  std::vector<std::unique_ptr<FactorRun>> runs;
  std::vector<std::thread> threads;  // one for each run

  ~Request() {
    for (std::thread& thread : threads) thread.join();
  }
};

namespace {

// When the time for capture is over, so much longer for factors to say what they have.
constexpr int64_t kHandInMilliseconds = 50;

template <typename Request>
bool every_factor_captured(const Request& request) {
  return std::all_of(request.runs.begin(), request.runs.end(),
                     [](const auto& run) { return run->captured(); });
}

// No more samples are of use.
template <typename Request>
bool capture_is_over(const Request& request) {
  return request.state.cancelled || every_factor_captured(request) ||
         std::any_of(request.runs.begin(), request.runs.end(),
                     [](const auto& run) { return run->captured_evidence().fault.has_value(); });
}

template <typename Request>
bool every_factor_done(const Request& request) {
  return std::all_of(request.runs.begin(), request.runs.end(),
                     [](const auto& run) { return run->done(); });
}

template <typename Request>
bool evaluation_is_over(const Request& request) {
  return request.state.cancelled || every_factor_done(request);
}

std::string new_request_id() {
  unsigned char random[16];
  randombytes_buf(random, sizeof(random));
  char hex[2 * sizeof(random) + 1];
  return sodium_bin2hex(hex, sizeof(hex), random, sizeof(random));
}

}  // namespace

absl::StatusOr<std::unique_ptr<AuthenticationSession>> AuthenticationSession::create(
    Policy policy, SessionParts parts) {
  if (sodium_init() < 0) return absl::UnavailableError("the system gives no random numbers");
  if (parts.limiter == nullptr || parts.log == nullptr || parts.clock == nullptr) {
    return absl::InvalidArgumentError("a session needs a limiter, a log and a clock");
  }
  std::unique_ptr<AuthenticationSession> session(
      new AuthenticationSession(std::move(policy), std::move(parts)));
  for (const Factor* factor : session->parts_.factors) {
    if (!session->memories_.try_emplace(std::string(factor->modality())).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("two factors are ", std::string(factor->modality())));
    }
  }
  return session;
}

AuthenticationSession::~AuthenticationSession() { cancel(); }

void AuthenticationSession::cancel() {
  const std::lock_guard<std::mutex> lock(request_mutex_);
  if (request_ == nullptr) return;
  {
    const std::lock_guard<std::mutex> state_lock(request_->state.mutex);
    request_->state.cancelled = true;
    request_->state.changed.notify_all();
  }
  for (const auto& run : request_->runs) run->factor().stop();
}

Decision AuthenticationSession::outcome(DecisionKind verdict, Reason reason) const {
  Decision decision{verdict, reason};
  decision.threshold = policy_.llr_threshold();
  return decision;
}

void AuthenticationSession::start(Request& request) {
  for (const FactorPolicy& rule : policy_.factors) {
    const auto factor = std::find_if(parts_.factors.begin(), parts_.factors.end(),
                                     [&](Factor* one) { return one->modality() == rule.modality; });
    if (factor == parts_.factors.end()) continue;
    request.runs.push_back(std::make_unique<FactorRun>(rule, **factor, request.state, *parts_.clock,
                                                       memories_.find(rule.modality)->second,
                                                       parts_.observer, observer_mutex_));
  }
  for (const auto& run : request.runs) {
    request.threads.emplace_back([&one = *run] { one.run(); });
  }
}

bool AuthenticationSession::wait(Request& request, int64_t until_ms,
                                 bool (*ready)(const Request&)) {
  std::unique_lock<std::mutex> lock(request.state.mutex);
  return parts_.clock->wait(lock, request.state.changed, until_ms, [&] { return ready(request); });
}

// From here on nothing that a factor's thread finds counts.
void AuthenticationSession::close(Request& request) {
  {
    const std::lock_guard<std::mutex> lock(request.state.mutex);
    request.state.phase = RequestState::Phase::kClosed;
    request.state.changed.notify_all();
  }
  for (const auto& run : request.runs) run->factor().stop();
}

absl::StatusOr<bool> AuthenticationSession::refuse_locked(DecisionRecord& record) {
  DURWARD_ASSIGN_OR_RETURN(const AttemptState state,
                           parts_.limiter->state(record.user, policy_.attempts));
  record.failures = state.failures;
  record.locked_ms = state.locked_ms;
  if (state.open()) return false;
  record.decision =
      outcome(DecisionKind::kLocked, state.disabled ? Reason::kDisabled : Reason::kLockedOut);
  return true;
}

absl::Status AuthenticationSession::judge(Request& request, DecisionRecord& record) {
  const int64_t until_ms = request.state.capture_until_ms;
  const int64_t began_ms = until_ms - policy_.time.capture_ms;
  wait(request, until_ms + kHandInMilliseconds, capture_is_over<Request>);
  const int64_t last_sample_ms = std::min(parts_.clock->now_ms(), until_ms);
  record.capture_ms = last_sample_ms - began_ms;

  bool cancelled = false, any_fault = false;
  const auto look = [&](bool at_decision) {
    const std::lock_guard<std::mutex> lock(request.state.mutex);
    cancelled = request.state.cancelled;
    record.factors.clear();
    for (const auto& run : request.runs) {
      record.factors.push_back(at_decision ? run->evidence() : run->captured_evidence());
      any_fault |= record.factors.back().fault.has_value();
    }
    for (const FactorPolicy& rule : policy_.factors) {
      const bool there = std::any_of(request.runs.begin(), request.runs.end(),
                                     [&](const auto& run) { return &run->rule() == &rule; });
      if (!there)
        record.factors.push_back({.modality = rule.modality, .missing = Missing::kNoSource});
    }
  };
  look(false);
  if (cancelled) {
    record.decision = outcome(DecisionKind::kRetry, Reason::kCancelled);
    return absl::OkStatus();
  }
  if (!any_fault) {
    if (const std::optional<Decision> lacking = lacks_factors(policy_, record.factors)) {
      record.decision = *lacking;
      return absl::OkStatus();
    }
  }

  DURWARD_ASSIGN_OR_RETURN(const std::optional<AttemptState> charged,
                           parts_.limiter->charge(record.user, policy_.attempts));
  if (!charged) {
    // Another process took the last attempt meanwhile.
    DURWARD_ASSIGN_OR_RETURN(const bool locked, refuse_locked(record));
    if (!locked) record.decision = outcome(DecisionKind::kLocked, Reason::kLockedOut);
    return absl::OkStatus();
  }
  record.failures = charged->failures;
  record.locked_ms = charged->locked_ms;
  if (!any_fault) {
    {
      const std::lock_guard<std::mutex> lock(request.state.mutex);
      request.state.phase = RequestState::Phase::kEvaluate;
      request.state.changed.notify_all();
    }
    record.deadline_hit =
        !wait(request, last_sample_ms + policy_.time.decide_within_ms, evaluation_is_over<Request>);
  }
  look(true);
  record.decision = cancelled ? outcome(DecisionKind::kRetry, Reason::kCancelled)
                              : decide(policy_, record.factors);
  const int64_t now_ms = parts_.clock->now_ms();
  record.decide_ms = now_ms - last_sample_ms;
  int64_t taken_ms = 0;
  for (const FactorEvidence& one : record.factors)
    taken_ms = std::max(taken_ms, one.last_sample_ms);
  if (taken_ms > 0) record.since_last_sample_ms = std::max<int64_t>(now_ms - taken_ms, 0);
  return absl::OkStatus();
}

absl::Status AuthenticationSession::conclude(DecisionRecord& record) {
  if (record.decision.verdict == DecisionKind::kAccept) {
    DURWARD_RETURN_IF_ERROR(parts_.limiter->reset(record.user));
    record.failures = record.locked_ms = 0;
  }
  return parts_.log->append(record_text(record));
}

absl::StatusOr<DecisionRecord> AuthenticationSession::run(std::string_view user) {
  {
    const std::lock_guard<std::mutex> lock(request_mutex_);
    if (request_ != nullptr) {
      const std::lock_guard<std::mutex> state_lock(request_->state.mutex);
      if (!every_factor_done(*request_)) {
        return absl::UnavailableError(
            "a source or a model that was late for the last request still runs; try again");
      }
    }
    request_ = nullptr;
  }
  DecisionRecord record{.request = new_request_id(),
                        .time_ms = parts_.clock->wall_ms(),
                        .user = std::string(user),
                        .policy = policy_.name,
                        .policy_sha256 = policy_.sha256};
  DURWARD_ASSIGN_OR_RETURN(const bool locked, refuse_locked(record));
  if (!locked) {
    const auto request = std::make_shared<Request>();
    request->state.user = user;
    request->state.capture_until_ms = parts_.clock->now_ms() + policy_.time.capture_ms;
    {
      const std::lock_guard<std::mutex> lock(request_mutex_);
      start(*request);
      request_ = request;
    }
    const absl::Status status = judge(*request, record);
    close(*request);
    DURWARD_RETURN_IF_ERROR(status);
  }
  DURWARD_RETURN_IF_ERROR(conclude(record));
  return record;
}

absl::StatusOr<DecisionRecord> AuthenticationSession::authenticate(std::string_view user) {
  if (busy_.exchange(true)) {
    return absl::FailedPreconditionError("another request runs; one at a time, or cancel it");
  }
  absl::StatusOr<DecisionRecord> record = run(user);
  busy_ = false;
  return record;
}

}  // namespace durward
