#include <algorithm>
#include <cstring>

#include "auth/boot_clock.h"
#include "door/door_setup.h"
#include "door/explain.h"
#include "door/open_door.h"
#include "durward/door.h"
#include "pipeline/voice_activity_model.h"

namespace {

using namespace durward;

// As much of a text as fits, ended by a zero.
void put(std::string_view text, char* to, size_t bytes) {
  if (to == nullptr || bytes == 0) return;
  const size_t kept = std::min(text.size(), bytes - 1);
  std::copy_n(text.begin(), kept, to);
  to[kept] = '\0';
}

durward_door_code code_of(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return DURWARD_DOOR_OK;
    case absl::StatusCode::kCancelled:
      return DURWARD_DOOR_CANCELLED;
    case absl::StatusCode::kInvalidArgument:
      return DURWARD_DOOR_INVALID_ARGUMENT;
    case absl::StatusCode::kNotFound:
      return DURWARD_DOOR_NOT_FOUND;
    case absl::StatusCode::kAlreadyExists:
      return DURWARD_DOOR_ALREADY_EXISTS;
    case absl::StatusCode::kPermissionDenied:
      return DURWARD_DOOR_NOT_ALLOWED;
    case absl::StatusCode::kResourceExhausted:
      return DURWARD_DOOR_NO_ROOM;
    case absl::StatusCode::kAborted:
      return DURWARD_DOOR_BUSY;
    case absl::StatusCode::kFailedPrecondition:
      return DURWARD_DOOR_NOT_POSSIBLE;
    case absl::StatusCode::kUnavailable:
      return DURWARD_DOOR_UNAVAILABLE;
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kUnauthenticated:
      return DURWARD_DOOR_DAMAGED;
    default:
      return DURWARD_DOOR_FAILED;
  }
}

durward_door_code tell(const absl::Status& status, const durward_door_message* message) {
  if (message != nullptr) {
    const absl::string_view words = status.message();
    put({words.data(), words.size()}, message->text, message->bytes);
  }
  return code_of(status);
}

// Nothing that is thrown inside, as for want of memory, reaches C.
template <typename Work>
durward_door_code guarded(const durward_door_message* message, const Work& work) {
  try {
    return tell(work(), message);
  } catch (const std::bad_alloc&) {
    return tell(absl::ResourceExhaustedError("there is no memory"), message);
  } catch (const std::exception& error) {
    return tell(absl::InternalError(error.what()), message);
  } catch (...) {
    return tell(absl::InternalError("something was thrown"), message);
  }
}

// A struct of this version, or an earlier one's, which was shorter: its fields, others zero.
template <typename Struct>
absl::StatusOr<Struct> fields_of(const Struct* given, std::string_view name) {
  Struct own{};
  if (given == nullptr) return own;
  if (given->struct_bytes < sizeof(size_t) || given->struct_bytes > sizeof(Struct)) {
    return absl::InvalidArgumentError(absl::StrCat(std::string(name), ": struct_bytes is ",
                                                   given->struct_bytes, ", not ", sizeof(Struct)));
  }
  std::memcpy(&own, given, given->struct_bytes);
  return own;
}

class CObserver final : public DoorObserver {
 public:
  explicit CObserver(const durward_door_observer& calls) : calls_(calls) {}

  void guide(std::string_view modality, std::string_view guidance) override {
    if (calls_.guide == nullptr) return;
    calls_.guide(calls_.context, std::string(modality).c_str(), std::string(guidance).c_str());
  }
  void ask(std::string_view modality, const Challenge& challenge) override {
    if (calls_.ask == nullptr) return;
    std::vector<const char*> steps;
    for (const std::string& step : challenge.steps) steps.push_back(step.c_str());
    calls_.ask(calls_.context, std::string(modality).c_str(), steps.data(), steps.size(),
               explain(challenge).c_str());
  }
  void progress(std::string_view modality, int64_t done, int64_t wanted) override {
    if (calls_.progress == nullptr) return;
    calls_.progress(calls_.context, std::string(modality).c_str(), done, wanted);
  }

 private:
  const durward_door_observer calls_;
};

durward_door_verdict verdict_of(DecisionKind kind) {
  switch (kind) {
    case DecisionKind::kAccept:
      return DURWARD_DOOR_ACCEPTED;
    case DecisionKind::kReject:
      return DURWARD_DOOR_REFUSED;
    case DecisionKind::kRetry:
      return DURWARD_DOOR_RETRY;
    case DecisionKind::kLocked:
      break;
  }
  return DURWARD_DOOR_LOCKED;
}

class CResult {
 public:
  // Cleared, but for its size.
  absl::Status take(durward_door_result* result) {
    if (result == nullptr || result->struct_bytes != sizeof(durward_door_result)) {
      return absl::InvalidArgumentError(
          absl::StrCat("result: struct_bytes is not ", sizeof(durward_door_result)));
    }
    result_ = result;
    *result_ = {};
    result_->struct_bytes = sizeof(durward_door_result);
    return absl::OkStatus();
  }

  void set(durward_door_verdict verdict, std::string_view user, std::string_view reason,
           std::string_view words) {
    result_->verdict = verdict;
    if (verdict == DURWARD_DOOR_ACCEPTED) put(user, result_->user, sizeof result_->user);
    put(reason, result_->reason, sizeof result_->reason);
    put(words, result_->words, sizeof result_->words);
  }

  void set(const DecisionRecord& record) {
    set(verdict_of(record.decision.verdict), record.user, name_of(record.decision.reason),
        explain(record));
    result_->failures = record.failures;
    result_->locked_ms = record.locked_ms;
  }

  void set(const Enrolment& enrolment, std::string_view user) {
    if (enrolment.enrolled()) {
      return set(DURWARD_DOOR_ACCEPTED, user, "enrolled", "enrolled");
    }
    const EnrolledFactor& last = enrolment.factors.back();
    const bool too_little =
        *last.refusal == EnrolRefusal::kNoSample || *last.refusal == EnrolRefusal::kLowQuality;
    set(too_little ? DURWARD_DOOR_RETRY : DURWARD_DOOR_REFUSED, user, name_of(*last.refusal),
        explain(last));
  }

 private:
  durward_door_result* result_ = nullptr;
};

std::vector<std::string> one_or_none(const char* place) {
  return place == nullptr ? std::vector<std::string>() : std::vector<std::string>{place};
}

}  // namespace

struct durward_door {
  explicit durward_door(const durward_door_observer& calls) : observer(calls) {}

  SteadySessionClock clock;
  SystemBootClock boot_clock;
  CObserver observer;
  std::unique_ptr<Door> door;  // ends before what it uses
};

namespace {

absl::Status check_pointers(std::initializer_list<const void*> pointers) {
  for (const void* pointer : pointers) {
    if (pointer == nullptr) return absl::InvalidArgumentError("a pointer is null");
  }
  return absl::OkStatus();
}

}  // namespace

const char* durward_door_version() noexcept { return DURWARD_VERSION; }

durward_door_code durward_door_open(const char* config_file, const durward_door_sources* sources,
                                    const durward_door_observer* observer, durward_door** door,
                                    const durward_door_message* message) noexcept {
  if (door != nullptr) *door = nullptr;
  return guarded(message, [&]() -> absl::Status {
    DURWARD_RETURN_IF_ERROR(check_pointers({config_file, door}));
    DURWARD_ASSIGN_OR_RETURN(const durward_door_sources places, fields_of(sources, "sources"));
    DURWARD_ASSIGN_OR_RETURN(const durward_door_observer calls, fields_of(observer, "observer"));
    DURWARD_ASSIGN_OR_RETURN(const DoorConfig config, read_door_config(config_file));
    auto made = std::make_unique<durward_door>(calls);
    DURWARD_ASSIGN_OR_RETURN(
        made->door,
        open_door(config,
                  {.cameras = one_or_none(places.camera),
                   .microphones = one_or_none(places.microphone),
                   .touch = places.touch == nullptr ? "" : places.touch},
                  {&made->clock, &made->boot_clock, &made->observer, load_voice_activity}));
    *door = made.release();
    return absl::OkStatus();
  });
}

void durward_door_close(durward_door* door) noexcept { delete door; }

durward_door_code durward_door_enroll(durward_door* door, const char* user,
                                      const durward_door_enrolment* options,
                                      durward_door_result* result,
                                      const durward_door_message* message) noexcept {
  return guarded(message, [&]() -> absl::Status {
    CResult out;
    DURWARD_RETURN_IF_ERROR(out.take(result));
    DURWARD_RETURN_IF_ERROR(check_pointers({door, user}));
    DURWARD_ASSIGN_OR_RETURN(const durward_door_enrolment given, fields_of(options, "options"));
    EnrolOptions enrol{.replace = given.replace != 0};
    if (given.rounds != 0) enrol.rounds = given.rounds;
    DURWARD_ASSIGN_OR_RETURN(const Enrolment enrolment, door->door->enroll(user, enrol));
    out.set(enrolment, user);
    return absl::OkStatus();
  });
}

durward_door_code durward_door_verify(durward_door* door, const char* user,
                                      durward_door_result* result,
                                      const durward_door_message* message) noexcept {
  return guarded(message, [&]() -> absl::Status {
    CResult out;
    DURWARD_RETURN_IF_ERROR(out.take(result));
    DURWARD_RETURN_IF_ERROR(check_pointers({door, user}));
    DURWARD_ASSIGN_OR_RETURN(const DecisionRecord record, door->door->verify(user));
    out.set(record);
    return absl::OkStatus();
  });
}

durward_door_code durward_door_identify(durward_door* door, durward_door_result* result,
                                        const durward_door_message* message) noexcept {
  return guarded(message, [&]() -> absl::Status {
    CResult out;
    DURWARD_RETURN_IF_ERROR(out.take(result));
    DURWARD_RETURN_IF_ERROR(check_pointers({door}));
    DURWARD_ASSIGN_OR_RETURN(const Identification found, door->door->identify());
    if (found.decision) {
      out.set(*found.decision);
    } else {
      out.set(DURWARD_DOOR_REFUSED, "", "nobody", "like none of those who are enrolled");
    }
    return absl::OkStatus();
  });
}

void durward_door_cancel(durward_door* door) noexcept {
  if (door != nullptr) door->door->cancel();
}

durward_door_code durward_door_users(durward_door* door, void (*visit)(void*, const char*, int64_t),
                                     void* context, const durward_door_message* message) noexcept {
  return guarded(message, [&]() -> absl::Status {
    DURWARD_RETURN_IF_ERROR(check_pointers({door, reinterpret_cast<const void*>(visit)}));
    DURWARD_ASSIGN_OR_RETURN(const std::vector<UserSummary> users, door->door->users());
    for (const UserSummary& user : users) visit(context, user.name.c_str(), user.templates);
    return absl::OkStatus();
  });
}

durward_door_code durward_door_forget(durward_door* door, const char* user,
                                      const durward_door_message* message) noexcept {
  return guarded(message, [&]() -> absl::Status {
    DURWARD_RETURN_IF_ERROR(check_pointers({door, user}));
    return door->door->forget(user);
  });
}

durward_door_code durward_door_unlock(durward_door* door, const char* user,
                                      const durward_door_message* message) noexcept {
  return guarded(message, [&]() -> absl::Status {
    DURWARD_RETURN_IF_ERROR(check_pointers({door, user}));
    return door->door->unlock(user);
  });
}

durward_door_code durward_door_back_up(durward_door* door, const char* file,
                                       const durward_door_message* message) noexcept {
  return guarded(message, [&]() -> absl::Status {
    DURWARD_RETURN_IF_ERROR(check_pointers({door, file}));
    return door->door->back_up(file);
  });
}

durward_door_code durward_door_restore(const char* config_file, const char* file,
                                       const durward_door_message* message) noexcept {
  return guarded(message, [&]() -> absl::Status {
    DURWARD_RETURN_IF_ERROR(check_pointers({config_file, file}));
    DURWARD_ASSIGN_OR_RETURN(const DoorConfig config, read_door_config(config_file));
    return restore_door_store(config, file);
  });
}
