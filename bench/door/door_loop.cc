// A door that stays open and does what it is told line by line: so that what a request takes, and
// what stays behind after many, is seen from outside. bench/door.py is who tells it.
// usage: door_loop DOOR.json [--camera SOURCE]... [--microphone SOURCE]...
// Lines of standard input: "enroll USER ROUNDS", "verify USER", "identify", "fill COUNT" (users
// whose templates point anywhere: as many bytes and as much to search as people). Each is answered
// by one line of JSON; the first line says that the door is open, and how long that took.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "auth/boot_clock.h"
#include "base/random.h"
#include "door/door_setup.h"
#include "door/open_door.h"
#include "pipeline/voice_activity_model.h"

namespace durward {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

json failed(const absl::Status& status) { return {{"error", std::string(status.message())}}; }

std::vector<float> any_direction(Random& random, size_t dims) {
  std::vector<float> values(dims);
  double squares = 0;
  for (float& value : values) {
    value = static_cast<float>(random.uniform() + random.uniform() + random.uniform() - 1.5);
    squares += static_cast<double>(value) * value;
  }
  for (float& value : values) value /= static_cast<float>(std::sqrt(squares));
  return values;
}

// More users, with templates of the models of those who are there.
absl::StatusOr<json> fill(const DoorConfig& config, int count) {
  DURWARD_ASSIGN_OR_RETURN(TemplateStore store, open_door_store(config));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<UserSummary> users, store.users());
  if (users.empty()) return absl::FailedPreconditionError("enrol somebody first");
  DURWARD_ASSIGN_OR_RETURN(const std::vector<Template> like, store.templates_of(users[0].name));
  Random random(1);
  for (int i = 0; i < count; ++i) {
    std::vector<NewTemplate> templates;
    for (const Template& one : like) {
      templates.push_back({one.model, any_direction(random, one.embedding.size())});
    }
    DURWARD_RETURN_IF_ERROR(store.enroll_new(absl::StrCat("filled-", i), templates));
  }
  return json{{"users", users.size() + static_cast<size_t>(count)}};
}

absl::StatusOr<json> answer(Door& door, const DoorConfig& config, SessionClock& clock,
                            const std::string& line) {
  std::istringstream words(line);
  std::string what, user;
  words >> what;
  if (what == "fill") {
    int count = 0;
    words >> count;
    return fill(config, count);
  }
  if (what == "identify") {
    DURWARD_ASSIGN_OR_RETURN(const Identification found, door.identify());
    return json{{"people", found.people}, {"accepted", found.accepted()}};
  }
  words >> user;
  if (what == "verify") {
    DURWARD_ASSIGN_OR_RETURN(const DecisionRecord record, door.verify(user));
    json told = json::parse(record_text(record));
    int64_t taken_ms = 0;
    for (const FactorEvidence& one : record.factors) {
      taken_ms = std::max(taken_ms, one.last_sample_ms);
    }
    told["told_ms"] = clock.now_ms() - taken_ms;
    return told;
  }
  if (what == "enroll") {
    EnrolOptions options;
    words >> options.rounds;
    DURWARD_ASSIGN_OR_RETURN(const Enrolment made, door.enroll(user, options));
    json result = {{"enrolled", made.enrolled()}};
    if (!made.enrolled()) result["detail"] = made.factors.back().detail;
    return result;
  }
  return absl::InvalidArgumentError(absl::StrCat("no such request: ", line));
}

int run(const std::string& file, const DoorSources& sources) {
  const auto start = Clock::now();
  SteadySessionClock clock;
  SystemBootClock boot_clock;
  const absl::StatusOr<DoorConfig> config = read_door_config(file);
  if (!config.ok()) {
    std::cout << failed(config.status()).dump() << std::endl;
    return 1;
  }
  const absl::StatusOr<std::unique_ptr<Door>> door =
      open_door(*config, sources, {&clock, &boot_clock, nullptr, load_voice_activity});
  if (!door.ok()) {
    std::cout << failed(door.status()).dump() << std::endl;
    return 1;
  }
  std::cout << json{{"open_ms", ms_since(start)}}.dump() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    const auto began = Clock::now();
    const absl::StatusOr<json> result = answer(**door, *config, clock, line);
    json told = result.ok() ? *result : failed(result.status());
    told["request_ms"] = ms_since(began);
    std::cout << told.dump() << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace durward

int main(int argc, char** argv) {
  durward::DoorSources sources;
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--camera") sources.cameras.emplace_back(argv[i + 1]);
    if (option == "--microphone") sources.microphones.emplace_back(argv[i + 1]);
  }
  if (argc < 2 || argc % 2 != 0 ||
      sources.cameras.size() + sources.microphones.size() != static_cast<size_t>(argc - 2) / 2) {
    std::cerr << "usage: door_loop DOOR.json [--camera SOURCE]... [--microphone SOURCE]...\n";
    return 2;
  }
  return durward::run(argv[1], sources);
}
