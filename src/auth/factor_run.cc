#include "auth/factor_run.h"

namespace durward {
namespace {

constexpr size_t kMaxDetailBytes = 300;

// An error as it is kept in the record.
std::string detail_of(const absl::Status& status) {
  return std::string(status.message().substr(0, kMaxDetailBytes));
}

}  // namespace

FactorRun::FactorRun(const FactorPolicy& rule, Factor& factor, RequestState& request,
                     SessionClock& clock, SampleMemory& memory, SessionObserver* observer,
                     std::mutex& observer_mutex)
    : rule_(rule),
      factor_(factor),
      request_(request),
      clock_(clock),
      memory_(memory),
      observer_(observer),
      observer_mutex_(observer_mutex) {
  evidence_.modality = rule.modality;
  evidence_.missing = Missing::kNoSample;
}

bool FactorRun::closed() {
  const std::lock_guard<std::mutex> lock(request_.mutex);
  return request_.cancelled || request_.phase == RequestState::Phase::kClosed;
}

void FactorRun::guide(const std::string& guidance) {
  if (observer_ == nullptr || guidance == last_guidance_) return;
  last_guidance_ = guidance;
  const std::lock_guard<std::mutex> lock(observer_mutex_);
  observer_->guide(rule_.modality, guidance);
}

absl::Status FactorRun::begin() {
  if (rule_.challenge) {
    DURWARD_ASSIGN_OR_RETURN(
        challenge_, new_challenge(*rule_.challenge, clock_.now_ms(), factor_.visible_actions()));
  }
  DURWARD_RETURN_IF_ERROR(factor_.begin(request_.user, challenge_ ? &*challenge_ : nullptr));
  if (challenge_ && observer_ != nullptr) {
    const std::lock_guard<std::mutex> lock(observer_mutex_);
    observer_->ask(rule_.modality, *challenge_);
  }
  return absl::OkStatus();
}

void FactorRun::capture(FactorEvidence& evidence) {
  if (const absl::Status status = begin(); !status.ok()) {
    evidence.missing = absl::IsNotFound(status) ? Missing::kNotEnrolled : Missing::kSourceLost;
    evidence.detail = detail_of(status);
    return;
  }
  SampleGuard guard(clock_.now_ms(), memory_);
  bool any = false;
  while (!factor_.complete() && !closed()) {
    const absl::StatusOr<CapturedSample> sample = factor_.capture(request_.capture_until_ms);
    if (!sample.ok()) {
      const bool late = absl::IsDeadlineExceeded(sample.status());
      if (!late && !absl::IsCancelled(sample.status())) {
        evidence.missing = Missing::kSourceLost;
        evidence.detail = detail_of(sample.status());
        return;
      }
      break;
    }
    evidence.last_sample_ms = sample->mark.taken_ms;
    const SampleGuard::Use use = guard.check(sample->mark, clock_.now_ms());
    if (use == SampleGuard::Use::kFault) {
      evidence.fault = guard.fault();
      return;
    }
    if (use == SampleGuard::Use::kSkip) continue;
    any = true;
    guide(sample->guidance);
    if (!sample->guidance.empty()) last_advice_ = sample->guidance;
    if (!sample->usable) continue;
    factor_.keep();
    ++evidence.samples;
  }
  if (evidence.samples == 0) {
    evidence.missing = any ? Missing::kLowQuality : Missing::kNoSample;
    evidence.detail = last_advice_;
    return;
  }
  evidence.missing = std::nullopt;
  if (challenge_) evidence.challenge = verify_response(*challenge_, factor_.response());
}

void FactorRun::evaluate(FactorEvidence& evidence) {
  if (rule_.pad != PadRule::kOff) {
    const absl::StatusOr<std::optional<double>> pad = factor_.liveness();
    if (!pad.ok()) {
      evidence.missing = Missing::kModelFailed;
      evidence.detail = detail_of(pad.status());
      return;
    }
    evidence.pad_llr = *pad;
  }
  if (closed()) return;
  absl::StatusOr<FactorComparison> comparison = factor_.compare();
  if (!comparison.ok()) {
    evidence.missing =
        absl::IsNotFound(comparison.status()) ? Missing::kNotEnrolled : Missing::kModelFailed;
    evidence.detail = detail_of(comparison.status());
    return;
  }
  evidence.score = comparison->score;
  evidence.llr = comparison->llr;
  evidence.qualities = std::move(comparison->qualities);
  evidence.template_age_days = comparison->template_age_days;
  evidence.template_match = comparison->template_match;
  evidence.bundle_sha256 = std::move(comparison->bundle_sha256);
}

FactorEvidence FactorRun::evidence() const {
  FactorEvidence evidence = evidence_;
  if (!evidence.missing && !evidence.fault && !evaluated_) evidence.missing = Missing::kDeadline;
  return evidence;
}

void FactorRun::run() {
  const int64_t began_ms = clock_.now_ms();
  FactorEvidence evidence = evidence_;
  capture(evidence);
  evidence.capture_ms = clock_.now_ms() - began_ms;
  {
    std::unique_lock<std::mutex> lock(request_.mutex);
    // What comes too late is not known to the session.
    if (request_.phase == RequestState::Phase::kCapture) evidence_ = evidence;
    captured_ = true;
    request_.changed.notify_all();
  }
  if (!evidence.missing && !evidence.fault) factor_.prepare();
  {
    std::unique_lock<std::mutex> lock(request_.mutex);
    request_.changed.wait(lock, [&] { return request_.phase != RequestState::Phase::kCapture; });
    const bool in_time = !evidence_.missing && !evidence_.fault;
    if (request_.phase == RequestState::Phase::kClosed || !in_time) {
      done_ = true;
      request_.changed.notify_all();
      return;
    }
  }
  const int64_t evaluate_ms = clock_.now_ms();
  evaluate(evidence);
  evidence.evaluate_ms = clock_.now_ms() - evaluate_ms;
  const std::lock_guard<std::mutex> lock(request_.mutex);
  if (request_.phase != RequestState::Phase::kClosed) {
    evidence_ = std::move(evidence);
    evaluated_ = true;
  }
  done_ = true;
  request_.changed.notify_all();
}

}  // namespace durward
