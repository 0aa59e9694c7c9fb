// Enrols somebody at a door, or verifies him, and says why: the library from C++.
#include <cstdio>
#include <string>

#include "auth/boot_clock.h"
#include "door/explain.h"
#include "door/open_door.h"

namespace {

class Guide final : public durward::DoorObserver {
  void guide(std::string_view modality, std::string_view guidance) override {
    if (!guidance.empty()) tell(modality, guidance);
  }
  void ask(std::string_view modality, const durward::Challenge& challenge) override {
    tell(modality, durward::explain(challenge));
  }
  void progress(std::string_view, int64_t, int64_t) override {}
  static void tell(std::string_view modality, std::string_view words) {
    std::fprintf(stderr, "%s: %s\n", std::string(modality).c_str(), std::string(words).c_str());
  }
};

absl::StatusOr<bool> run(const std::string& file, const std::string& what, const std::string& user,
                         const durward::DoorSources& sources) {
  durward::SteadySessionClock clock;
  durward::SystemBootClock boot_clock;
  Guide guide;
  DURWARD_ASSIGN_OR_RETURN(const durward::DoorConfig config, durward::read_door_config(file));
  DURWARD_ASSIGN_OR_RETURN(const auto door,
                           durward::open_door(config, sources, {&clock, &boot_clock, &guide, {}}));
  if (what == "enroll") {
    DURWARD_ASSIGN_OR_RETURN(const durward::Enrolment made, door->enroll(user));
    const std::string words = made.enrolled() ? "enrolled" : durward::explain(made.factors.back());
    std::puts(words.c_str());
    return made.enrolled();
  }
  DURWARD_ASSIGN_OR_RETURN(const durward::DecisionRecord record, door->verify(user));
  std::puts(durward::explain(record).c_str());
  return record.decision.verdict == durward::DecisionKind::kAccept;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 6) {
    std::fputs("usage: door-cpp DOOR.json enroll|verify USER camera|microphone|touch SOURCE\n",
               stderr);
    return 2;
  }
  const std::string kind = arguments[4], place = arguments[5];
  durward::DoorSources sources;
  if (kind == "camera") sources.cameras = {place};
  if (kind == "microphone") sources.microphones = {place};
  if (kind == "touch") sources.touch = place;
  const absl::StatusOr<bool> accepted = run(arguments[1], arguments[2], arguments[3], sources);
  if (!accepted.ok()) std::fprintf(stderr, "door-cpp: %s\n", accepted.status().ToString().c_str());
  return !accepted.ok() ? 1 : *accepted ? 0 : 3;
}
