// A door: enrols people, decides whether somebody is who he claims to be, finds who somebody is,
// and forgets them. What an application, a daemon or a login module wraps.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/session.h"
#include "biometrics/score_calibration.h"
#include "door/enrolment.h"

namespace durward {

// A factor with what its scores weigh.
struct DoorFactor {
  std::unique_ptr<TemplateFactor> factor;
  ScoreCalibration calibration;
};

// What a door is made of; open_door() (door/open_door.h) makes it from a configuration.
struct DoorParts {
  Policy policy = {};
  std::unique_ptr<TemplateBook> book = nullptr;  // which the factors look templates up in
  std::vector<DoorFactor> factors = {};          // of the sources that are there
  std::filesystem::path state, log;              // both of them of the book's store
  // These outlive the door.
  SessionClock* clock = nullptr;
  const BootClock* boot_clock = nullptr;
  DoorObserver* observer = nullptr;  // may be none
};

struct Enrolment {
  std::vector<EnrolledFactor> factors;  // up to the first that was refused

  // Whether it is in the store.
  [[nodiscard]] bool enrolled() const;
};

struct Identification {
  int64_t people = 0;  // who were searched
  // Of who is most like; nothing where nobody is like at all. Only an accept names him.
  std::optional<DecisionRecord> decision = std::nullopt;

  [[nodiscard]] bool accepted() const;
};

// From any thread. Enrolment, verification and identification are requests: one at a time, others
// meanwhile get Aborted. Errors besides those named: the store's, the limiter's, the
// log's; none of them accepts anybody.
class Door {
 public:
  // InvalidArgument where a part is missing or two factors have the same modality; those of
  // opening state and log.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Door>> create(DoorParts parts);
  // Cancels a request, and waits for it.
  ~Door();
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  // Takes several rounds of each factor that is there, and writes all templates at once, or none.
  // AlreadyExists for somebody who is enrolled, NotFound with `replace` for one who is not;
  // FailedPrecondition where a factor that the policy requires is not there; Unavailable where a
  // source is lost.
  [[nodiscard]] absl::StatusOr<Enrolment> enroll(std::string_view user,
                                                 const EnrolOptions& options = {});
  // AuthenticationSession::authenticate. After an accept, templates of older models that the
  // policy took migrate to the present one where the samples speak for it themselves; where they
  // cannot be written, the log says so and the accept stands.
  [[nodiscard]] absl::StatusOr<DecisionRecord> verify(std::string_view user);
  // Looks for who is most like by the first factor that the policy uses for people, then verifies
  // that claim with new samples, by the policy with its cost of a false accept times the number of
  // people: with N chances its bound holds as with one. FailedPrecondition where no such factor is
  // there or nobody is enrolled with it.
  [[nodiscard]] absl::StatusOr<Identification> identify();
  // Ends the present request soon; it then has the error Cancelled, or a retry that says so.
  void cancel();

  [[nodiscard]] absl::StatusOr<std::vector<UserSummary>> users();
  [[nodiscard]] absl::StatusOr<std::vector<Template>> templates_of(std::string_view user);
  // Erases templates and attempts; NotFound.
  [[nodiscard]] absl::Status forget(std::string_view user);
  // Takes a lock or a disablement away.
  [[nodiscard]] absl::Status unlock(std::string_view user);
  // A copy of the store that opens with the same key; AlreadyExists.
  [[nodiscard]] absl::Status back_up(const std::filesystem::path& path);

  [[nodiscard]] const Policy& policy() const { return parts_.policy; }

 private:
  class Request;
  explicit Door(DoorParts parts) : parts_(std::move(parts)) {}

  absl::Status check_sources(bool of_enrolment) const;
  absl::StatusOr<Enrolment> enroll_factors(std::string_view user, const EnrolOptions& options);
  absl::Status keep_enrolment(std::string_view user, const Enrolment& enrolment, bool replace);
  void migrate(const DecisionRecord& record);
  absl::Status migrate_factor(std::string_view user, TemplateFactor& factor);
  absl::StatusOr<Identification> search();
  absl::StatusOr<AuthenticationSession*> session_for(int64_t people);
  absl::StatusOr<DecisionRecord> authenticate(AuthenticationSession& session,
                                              std::string_view user);
  absl::Status note(std::string_view event, std::string_view user, std::string_view detail = {});
  SampleMemory& memory_of(std::string_view modality);
  DoorFactor* factor_of(std::string_view modality);

  DoorParts parts_;
  std::unique_ptr<AttemptLimiter> limiter_;
  std::unique_ptr<DecisionLog> log_;
  std::unique_ptr<AuthenticationSession> session_;
  // The session of an identification among so many people.
  std::unique_ptr<AuthenticationSession> identify_session_;
  int64_t identify_people_ = 0;
  std::map<std::string, SampleMemory, std::less<>> memories_;  // of rounds outside of a decision

  std::mutex request_mutex_;
  std::condition_variable request_ended_;
  bool busy_ = false;
  std::atomic<bool> cancelled_ = false;
  AuthenticationSession* running_ = nullptr;  // what decides at present
};

}  // namespace durward
