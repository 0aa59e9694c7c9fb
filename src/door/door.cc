#include "door/door.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "auth/state_database.h"
#include "door/capture_round.h"
#include "door/nearest_user.h"

namespace durward {

// Holds the door for one request.
class Door::Request {
 public:
  static absl::StatusOr<std::unique_ptr<Request>> begin(Door& door) {
    const std::lock_guard<std::mutex> lock(door.request_mutex_);
    if (door.busy_) {
      return absl::AbortedError("another request runs; one at a time, or cancel it");
    }
    door.busy_ = true;
    door.cancelled_ = false;
    return std::unique_ptr<Request>(new Request(door));
  }
  ~Request() {
    door_.parts_.book->set_candidate({});
    const std::lock_guard<std::mutex> lock(door_.request_mutex_);
    door_.busy_ = false;
    door_.request_ended_.notify_all();
  }
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

 private:
  explicit Request(Door& door) : door_(door) {}
  Door& door_;
};

bool Enrolment::enrolled() const {
  return !factors.empty() && std::none_of(factors.begin(), factors.end(), [](const auto& factor) {
    return factor.refusal.has_value();
  });
}

bool Identification::accepted() const {
  return decision && decision->decision.verdict == DecisionKind::kAccept;
}

absl::StatusOr<std::unique_ptr<Door>> Door::create(DoorParts parts) {
  if (parts.book == nullptr || parts.clock == nullptr || parts.boot_clock == nullptr) {
    return absl::InvalidArgumentError("a door needs a template book and two clocks");
  }
  std::unique_ptr<Door> door(new Door(std::move(parts)));
  const DoorParts& mine = door->parts_;
  DURWARD_ASSIGN_OR_RETURN(const Secret key, mine.book->with_store([](TemplateStore& store) {
    return store.key_for(kAuthKeyPurpose);
  }));
  DURWARD_ASSIGN_OR_RETURN(AttemptLimiter limiter,
                           AttemptLimiter::open(mine.state, key, *mine.boot_clock));
  door->limiter_ = std::make_unique<AttemptLimiter>(std::move(limiter));
  DURWARD_ASSIGN_OR_RETURN(DecisionLog log, DecisionLog::open(mine.log, mine.state, key));
  door->log_ = std::make_unique<DecisionLog>(std::move(log));
  for (const DoorFactor& factor : mine.factors) {
    door->memories_.try_emplace(std::string(factor.factor->modality()));
  }
  DURWARD_ASSIGN_OR_RETURN(AuthenticationSession * unused, door->session_for(1));
  (void)unused;
  return door;
}

Door::~Door() {
  cancel();
  std::unique_lock<std::mutex> lock(request_mutex_);
  request_ended_.wait(lock, [this] { return !busy_; });
}

void Door::cancel() {
  const std::lock_guard<std::mutex> lock(request_mutex_);
  if (!busy_) return;
  cancelled_ = true;
  if (running_ != nullptr) running_->cancel();
  for (const DoorFactor& factor : parts_.factors) factor.factor->stop();
}

DoorFactor* Door::factor_of(std::string_view modality) {
  const auto found = std::find_if(parts_.factors.begin(), parts_.factors.end(),
                                  [&](auto& one) { return one.factor->modality() == modality; });
  return found == parts_.factors.end() ? nullptr : &*found;
}

SampleMemory& Door::memory_of(std::string_view modality) {
  return memories_.find(modality)->second;
}

// A line of the log that is no decision.
absl::Status Door::note(std::string_view event, std::string_view user, std::string_view detail) {
  nlohmann::ordered_json record = {
      {"event", event}, {"time_ms", parts_.clock->wall_ms()}, {"user", user}};
  if (!detail.empty()) record["detail"] = detail;
  return log_->append(
      record.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

// For one person, or for the likeliest of many.
absl::StatusOr<AuthenticationSession*> Door::session_for(int64_t people) {
  std::unique_ptr<AuthenticationSession>& session = people > 1 ? identify_session_ : session_;
  if (session != nullptr && (people == 1 || people == identify_people_)) return session.get();
  session = nullptr;
  Policy policy = parts_.policy;
  policy.cost_false_accept *= static_cast<double>(people);
  SessionParts parts{.factors = {},
                     .limiter = limiter_.get(),
                     .log = log_.get(),
                     .clock = parts_.clock,
                     .observer = parts_.observer};
  for (const DoorFactor& factor : parts_.factors) parts.factors.push_back(factor.factor.get());
  DURWARD_ASSIGN_OR_RETURN(session, AuthenticationSession::create(std::move(policy), parts));
  if (people > 1) identify_people_ = people;
  return session.get();
}

absl::StatusOr<DecisionRecord> Door::authenticate(AuthenticationSession& session,
                                                  std::string_view user) {
  {
    const std::lock_guard<std::mutex> lock(request_mutex_);
    if (cancelled_) return absl::CancelledError("stopped");
    running_ = &session;
  }
  absl::StatusOr<DecisionRecord> record = session.authenticate(user);
  {
    const std::lock_guard<std::mutex> lock(request_mutex_);
    running_ = nullptr;
  }
  if (record.ok()) migrate(*record);
  return record;
}

absl::Status Door::migrate_factor(std::string_view user, TemplateFactor& factor) {
  DURWARD_ASSIGN_OR_RETURN(std::vector<float> embedding, factor.embedding());
  return parts_.book->with_store([&](TemplateStore& store) {
    return store.migrate(user, {{factor.model(), std::move(embedding)}});
  });
}

// The samples that were just accepted become a template of the present model beside the old one.
void Door::migrate(const DecisionRecord& record) {
  if (record.decision.verdict != DecisionKind::kAccept) return;
  for (const FactorEvidence& evidence : record.factors) {
    DoorFactor* mine = factor_of(evidence.modality);
    // On their own, whatever the other factors said.
    if (mine == nullptr || evidence.missing || !(evidence.llr > kConsistentLlr) ||
        evidence.template_match != TemplateMatch::kCompatibleModel) {
      continue;
    }
    const absl::Status status = migrate_factor(record.user, *mine->factor);
    // The user is accepted and that is recorded, whether or not this line is.
    (void)(status.ok() ? note("template-migrated", record.user, evidence.modality)
                       : note("template-not-migrated", record.user,
                              absl::StrCat(evidence.modality, ": ", status.message())));
  }
}

absl::StatusOr<DecisionRecord> Door::verify(std::string_view user) {
  DURWARD_RETURN_IF_ERROR(check_user_name(user));
  DURWARD_ASSIGN_OR_RETURN(const auto request, Request::begin(*this));
  DURWARD_ASSIGN_OR_RETURN(AuthenticationSession * session, session_for(1));
  return authenticate(*session, user);
}

// What the policy cannot do without is there.
absl::Status Door::check_sources(bool of_enrolment) const {
  int64_t can_count = 0;
  for (const FactorPolicy& rule : parts_.policy.factors) {
    const bool there =
        std::any_of(parts_.factors.begin(), parts_.factors.end(),
                    [&](const DoorFactor& one) { return one.factor->modality() == rule.modality; });
    can_count += there && rule.use == FactorUse::kFor;
    if (rule.required && !there) {
      return absl::FailedPreconditionError(absl::StrCat("the policy ", parts_.policy.name,
                                                        " requires a ", rule.modality,
                                                        ", and nothing here gives samples of it"));
    }
  }
  if (can_count < parts_.policy.factors_needed) {
    return absl::FailedPreconditionError(
        absl::StrCat("the policy ", parts_.policy.name, " needs ", parts_.policy.factors_needed,
                     " factors that speak for a person, and ", can_count,
                     of_enrolment ? " can be enrolled here" : " are here"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Enrolment> Door::enroll_factors(std::string_view user, const EnrolOptions& options) {
  Enrolment enrolment;
  for (const DoorFactor& mine : parts_.factors) {
    TemplateFactor& factor = *mine.factor;
    DURWARD_ASSIGN_OR_RETURN(EnrolledFactor enrolled,
                             enroll_factor({.factor = factor,
                                            .rule = parts_.policy.factor(factor.modality()),
                                            .capture_ms = parts_.policy.time.capture_ms,
                                            .book = *parts_.book,
                                            .clock = *parts_.clock,
                                            .memory = memory_of(factor.modality()),
                                            .observer = parts_.observer,
                                            .cancelled = cancelled_},
                                           options));
    parts_.book->set_candidate({});
    if (!enrolled.refusal) {
      DURWARD_ASSIGN_OR_RETURN(
          const std::optional<NearestUser> nearest,
          nearest_user(*parts_.book, factor.model(), enrolled.made.embedding, user));
      // Among N people the likeliest is more alike than one of them.
      const std::optional<double> llr =
          nearest ? score_alone_llr(mine.calibration, nearest->score) : std::nullopt;
      if (llr && *llr > kConsistentLlr + std::log(static_cast<double>(nearest->people))) {
        enrolled.resembles = nearest->user;
      }
    }
    enrolment.factors.push_back(std::move(enrolled));
    if (enrolment.factors.back().refusal) break;
  }
  return enrolment;
}

absl::Status Door::keep_enrolment(std::string_view user, const Enrolment& enrolment, bool replace) {
  if (!enrolment.enrolled()) {
    const EnrolledFactor& last = enrolment.factors.back();
    return note("enrolment-refused", user,
                absl::StrCat(last.modality, ": ", std::string(name_of(*last.refusal))));
  }
  std::vector<NewTemplate> templates;
  std::string modalities;
  for (const EnrolledFactor& factor : enrolment.factors) {
    templates.push_back(factor.made);
    absl::StrAppend(&modalities, modalities.empty() ? "" : ", ", factor.modality);
  }
  DURWARD_RETURN_IF_ERROR(parts_.book->with_store([&](TemplateStore& store) {
    return replace ? store.enroll_again(user, templates) : store.enroll_new(user, templates);
  }));
  const absl::Status noted = note(replace ? "enrolled-again" : "enrolled", user, modalities);
  return noted.ok() ? noted : with_context(noted, "the templates are in the store, but");
}

absl::StatusOr<Enrolment> Door::enroll(std::string_view user, const EnrolOptions& options) {
  DURWARD_RETURN_IF_ERROR(check_user_name(user));
  if (options.rounds < 1 || options.rounds > kMaxEnrolRounds) {
    return absl::InvalidArgumentError(
        absl::StrCat("an enrolment has 1 to ", kMaxEnrolRounds, " rounds, not ", options.rounds));
  }
  DURWARD_ASSIGN_OR_RETURN(const auto request, Request::begin(*this));
  // Told before anybody has to look into a camera; it is decided when the templates are written.
  const absl::Status there = templates_of(user).status();
  if (there.ok() && !options.replace) {
    return absl::AlreadyExistsError(
        absl::StrCat("somebody is enrolled as \"", std::string(user), "\" already"));
  }
  if (!there.ok() && (options.replace || !absl::IsNotFound(there))) return there;
  // Who is enrolled already may add one factor to the others.
  if (parts_.factors.empty()) {
    return absl::FailedPreconditionError("nothing here gives samples to enrol");
  }
  if (!options.replace) DURWARD_RETURN_IF_ERROR(check_sources(true));
  DURWARD_ASSIGN_OR_RETURN(Enrolment enrolment, enroll_factors(user, options));
  DURWARD_RETURN_IF_ERROR(keep_enrolment(user, enrolment, options.replace));
  return enrolment;
}

absl::StatusOr<Identification> Door::search() {
  const auto rule = std::find_if(
      parts_.policy.factors.begin(), parts_.policy.factors.end(), [&](const FactorPolicy& one) {
        return one.use == FactorUse::kFor && factor_of(one.modality) != nullptr;
      });
  if (rule == parts_.policy.factors.end()) {
    return absl::FailedPreconditionError(
        "nothing here gives samples of a factor that the policy uses for people");
  }
  DURWARD_RETURN_IF_ERROR(check_sources(false));
  const DoorFactor& mine = *factor_of(rule->modality);
  TemplateFactor& factor = *mine.factor;
  DURWARD_ASSIGN_OR_RETURN(
      const CapturedRound round,
      capture_round({factor, *parts_.clock, memory_of(rule->modality), parts_.observer, cancelled_},
                    "", parts_.policy.time.capture_ms));
  if (round.fault || !round.complete) {
    const std::string detail =
        round.fault ? absl::StrCat("samples are ", std::string(name_of(*round.fault)))
                    : "too few samples were good enough";
    DURWARD_RETURN_IF_ERROR(note("nobody-identified", "", detail));
    return Identification{};
  }
  DURWARD_ASSIGN_OR_RETURN(const std::vector<float> embedding, factor.embedding());
  DURWARD_ASSIGN_OR_RETURN(const std::optional<NearestUser> nearest,
                           nearest_user(*parts_.book, factor.model(), embedding));
  if (!nearest) {
    return absl::FailedPreconditionError(
        absl::StrCat("nobody is enrolled with a ", rule->modality, " of the present model"));
  }
  Identification found{.people = nearest->people};
  // Who is like nobody costs nobody an attempt.
  const std::optional<double> llr = score_alone_llr(mine.calibration, nearest->score);
  if (llr && *llr < 0) {
    DURWARD_RETURN_IF_ERROR(note("nobody-identified", "", "like nobody who is enrolled"));
    return found;
  }
  DURWARD_ASSIGN_OR_RETURN(AuthenticationSession * session, session_for(nearest->people));
  DURWARD_ASSIGN_OR_RETURN(found.decision, authenticate(*session, nearest->user));
  return found;
}

absl::StatusOr<Identification> Door::identify() {
  DURWARD_ASSIGN_OR_RETURN(const auto request, Request::begin(*this));
  return search();
}

absl::StatusOr<std::vector<UserSummary>> Door::users() {
  return parts_.book->with_store([](TemplateStore& store) { return store.users(); });
}

absl::StatusOr<std::vector<Template>> Door::templates_of(std::string_view user) {
  DURWARD_RETURN_IF_ERROR(check_user_name(user));
  return parts_.book->templates_of(user);
}

absl::Status Door::forget(std::string_view user) {
  DURWARD_RETURN_IF_ERROR(check_user_name(user));
  DURWARD_RETURN_IF_ERROR(
      parts_.book->with_store([&](TemplateStore& store) { return store.forget(user); }));
  DURWARD_RETURN_IF_ERROR(limiter_->reset(user));
  return note("forgotten", user);
}

absl::Status Door::unlock(std::string_view user) {
  DURWARD_RETURN_IF_ERROR(check_user_name(user));
  DURWARD_RETURN_IF_ERROR(limiter_->reset(user));
  return note("unlocked", user);
}

absl::Status Door::back_up(const std::filesystem::path& path) {
  return parts_.book->with_store([&](TemplateStore& store) { return store.back_up(path); });
}

}  // namespace durward
