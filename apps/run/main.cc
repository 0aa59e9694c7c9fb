// durward-run: takes a bundle to a device, proves that it computes there what was validated, and
// brings back a profile. It needs the engine and nothing else; docs/profile.md shows how to use it.
//
// Output goes through write(2): the streams of a C library alone would be a part of the size.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "../shared/counting_new.h"
#include "device/bundle_view.h"
#include "device/golden_check.h"
#include "device/json_writer.h"
#include "device/plan_profile.h"
#include "engine/kernels/isa.h"
#include "engine/session.h"

namespace durward {
namespace {

using device::BundleView;
using Clock = std::chrono::steady_clock;

constexpr int kAllEqual = 0, kCannotTell = 1, kDifferent = 3;
constexpr char kUsage[] =
    "usage: durward-run BUNDLE [--isa NAME] [--threads N] [--scrub] [--json FILE [--runs N]]\n"
    "Verifies the SHA-256 of every member of the bundle, runs its golden vectors with no faster\n"
    "instruction set than NAME, on N threads (1), and compares every byte.\n"
    "  --json FILE  profiles N runs (50) of the first golden vector and writes what it found;\n"
    "               durward profile --from FILE shows it, durward compare FILE FILE two of them\n"
    "  --scrub      compares the weights in memory, too, with what they were at the beginning\n"
    "Exits 0 where all is equal, 3 where the bundle is damaged or a byte differs, 1 where that\n"
    "could not be found out.\n"
    "Examples:\n"
    "  durward-run face.bundle\n"
    "  durward-run face.bundle --isa neon --json pi4.json\n";

void say(int file, const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = ::write(file, text.data() + done, text.size() - done);
    if (wrote <= 0) return;
    done += static_cast<size_t>(wrote);
  }
}
int fail(const std::string& what) {
  say(STDERR_FILENO, "durward-run: " + what + "\n");
  return kCannotTell;
}
int differs(const std::string& what) {
  say(STDOUT_FILENO, "failed: " + what + "\n");
  return kDifferent;
}

struct Arguments {
  std::string bundle, isa, json;
  uint64_t threads = 1, runs = 50;
  bool scrub = false;
};

bool parse_number(const std::string& text, uint64_t& number) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end;
}

bool parse(int count, char** given, Arguments& parsed) {
  for (int i = 1; i < count; ++i) {
    const std::string option = given[i];
    const std::string value = i + 1 < count ? given[i + 1] : "";
    bool takes_value = true, good = i + 1 < count;
    if (option == "--isa") {
      parsed.isa = value;
    } else if (option == "--json") {
      parsed.json = value;
    } else if (option == "--threads") {
      good = good && parse_number(value, parsed.threads);
    } else if (option == "--runs") {
      good = good && parse_number(value, parsed.runs) && parsed.runs > 0 && parsed.runs <= 100000;
    } else {
      takes_value = false;
      good = option == "--scrub" || (!option.starts_with("--") && parsed.bundle.empty());
      if (option == "--scrub") parsed.scrub = true;
      if (option != "--scrub" && good) parsed.bundle = option;
    }
    if (!good) return false;
    if (takes_value) ++i;
  }
  return !parsed.bundle.empty();
}

// Makes the session; what is wrong, or nothing.
std::string create(const BundleView& bundle, const Arguments& arguments,
                   std::unique_ptr<Session>& session) {
  SessionOptions options;
  options.threads = arguments.threads;
  options.scrub = arguments.scrub;
  for (const Isa isa : isas()) {
    if (arguments.isa == name(isa)) options.isa = isa;
  }
  if (!arguments.isa.empty() && !options.isa) {
    return "there is no instruction set '" + arguments.isa + "'";
  }
  return Session::create(bundle.plan(), options, session).message;
}

// Written beside and moved into place, never that of a device or a pipe: a profile is whole or not
// there. What is wrong, or nothing.
std::string write_whole(const std::string& path, const std::string& text) {
  struct stat there {};
  if (::stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) return "it is no regular file";
  const std::string beside = path + ".part";
  const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return std::strerror(errno);
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = ::write(file, text.data() + done, text.size() - done);
    if (wrote <= 0) break;
    done += static_cast<size_t>(wrote);
  }
  const bool whole = done == text.size() && ::fsync(file) == 0;
  if (::close(file) == 0 && whole && std::rename(beside.c_str(), path.c_str()) == 0) return {};
  const std::string problem = std::strerror(errno);
  ::unlink(beside.c_str());
  return problem;
}

std::string document(const Session& session, const device::PlanProfile& profile,
                     const device::ProfileSubject& subject) {
  device::JsonWriter json;
  json.begin_object();
  json.field("schema", "durward-profile/1");
  json.key("tool").begin_object();
  json.field("name", "durward-run");
  json.field("version", DURWARD_VERSION);
  json.end_object();
  json.key("machine").begin_object();
  json.field("cpu", device::processor_name());
  json.key("isa").begin_list();
  for (const Isa isa : isas()) {
    if (available(isa)) json.value(name(isa));
  }
  json.end_list();
  json.end_object();
  json.key("profiles").begin_list();
  write_profile(json, session, profile, subject);
  json.end_list();
  json.end_object();
  return json.text();
}

int profile(Session& session, const device::FindMember& find, const device::ProfileSubject& subject,
            const Arguments& arguments) {
  const auto inputs = device::golden_inputs(session, find, 0);
  if (!inputs) return fail("there is no golden vector to profile with");
  const device::PlanProfile profile = device::profile_session(
      session, *inputs,
      {.runs = static_cast<size_t>(arguments.runs), .allocations = counted_allocations});
  const std::string problem = write_whole(arguments.json, document(session, profile, subject));
  if (!problem.empty()) return fail("cannot write " + arguments.json + ": " + problem);
  say(STDOUT_FILENO, "profiled: " + std::to_string(profile.runs) + " runs, median " +
                         std::to_string(static_cast<int64_t>(profile.us.median)) +
                         " microseconds; wrote " + arguments.json + "\n");
  return kAllEqual;
}

int scrub(Session& session) {
  if (session.scrub(SIZE_MAX).code != EngineCode::kOk) {
    return differs("scrub: memory changed that nothing writes to");
  }
  say(STDOUT_FILENO,
      "scrubbed: " + std::to_string(session.scrub_bytes()) + " bytes, none changed\n");
  return kAllEqual;
}

int run(const Arguments& arguments) {
  device::MappedBytes file;
  BundleView bundle;
  std::string reason;
  if (!device::MappedBytes::open(arguments.bundle, file, reason)) return fail(reason);
  if (!BundleView::read(file.bytes(), bundle, reason)) {
    return differs(arguments.bundle + ": " + reason);
  }
  const device::AllocationCount before = counted_allocations();
  const Clock::time_point begin = Clock::now();
  std::unique_ptr<Session> session;
  if (reason = create(bundle, arguments, session); !reason.empty()) {
    return fail(arguments.bundle + ": " + reason);
  }
  const std::chrono::duration<double, std::micro> load = Clock::now() - begin;
  const device::AllocationCount after = counted_allocations();

  const device::FindMember find = [&](const std::string& path) { return bundle.member(path); };
  const device::GoldenOutcome golden = device::check_golden(*session, find);
  if (!golden.problem.empty()) return differs(golden.problem);
  if (golden.vectors == 0) return differs("there are no golden vectors in " + arguments.bundle);
  say(STDOUT_FILENO, "passed: " + std::to_string(golden.vectors) + " golden vectors, " +
                         std::to_string(golden.bytes) + " bytes of output, all equal (" +
                         name(device::fastest_isa(*session)) + ")\n");
  if (arguments.scrub) {
    if (const int result = scrub(*session); result != kAllEqual) return result;
  }
  if (arguments.json.empty()) return kAllEqual;
  const device::ProfileSubject subject = {
      .file = arguments.bundle.substr(arguments.bundle.rfind('/') + 1),
      .model = bundle.model_name(),
      .file_bytes = file.bytes().size(),
      .threads = std::max<uint64_t>(arguments.threads, 1),
      .load_us = load.count(),
      .golden_vectors = golden.vectors,
      .golden_bytes = golden.bytes,
      .load_allocations = {after.count - before.count, after.bytes - before.bytes},
      .allocations_counted = true};
  return profile(*session, find, subject, arguments);
}

}  // namespace
}  // namespace durward

int main(int count, char** arguments) {
  if (count == 2 && std::strcmp(arguments[1], "--help") == 0) {
    durward::say(STDOUT_FILENO, durward::kUsage);
    return durward::kAllEqual;
  }
  durward::Arguments parsed;
  if (!durward::parse(count, arguments, parsed)) {
    durward::say(STDERR_FILENO, durward::kUsage);
    return durward::kCannotTell;
  }
  return durward::run(parsed);
}
