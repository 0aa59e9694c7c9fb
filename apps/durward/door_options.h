// What the commands of a door share: which door, where samples come from, what a person sees.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "auth/boot_clock.h"
#include "commands.h"
#include "door/open_door.h"
#include "preview_window.h"

namespace durward {

// A door as a command line has it: opened, watched for Ctrl-C, telling the terminal.
class TerminalDoor;

struct DoorOptions {
  std::string config = "door.json";
  DoorSources sources;
  std::optional<bool> preview;  // nothing: where there is a display and a terminal

  void add_config(CLI::App& command);
  void add_sources(CLI::App& command, bool of_enrolment);
  // Errors: read_door_config's and open_door's.
  [[nodiscard]] absl::StatusOr<std::unique_ptr<TerminalDoor>> open(bool quiet) const;
};

// Tells on standard error what to do, one line that is written anew on a terminal. Challenges are
// always told.
class TerminalObserver final : public DoorObserver {
 public:
  explicit TerminalObserver(bool quiet);
  void guide(std::string_view modality, std::string_view guidance) override;
  void ask(std::string_view modality, const Challenge& challenge) override;
  void progress(std::string_view modality, int64_t done, int64_t wanted) override;
  // Wipes what is shown.
  void end();
  // Shows there what it tells, besides; it outlives this.
  void tell_also(PreviewWindow& window) { window_ = &window; }

 private:
  void show(const std::string& line);

  bool quiet_, terminal_, shown_ = false;
  PreviewWindow* window_ = nullptr;
  std::string round_;
};

class TerminalDoor {
 public:
  explicit TerminalDoor(bool quiet) : observer_(quiet) {}
  // Runs one request; Ctrl-C cancels it.
  template <typename Work>
  auto request(const Work& work) {
    auto result = [&] {
      const std::jthread watch([this](const std::stop_token& done) { cancel_on_interrupt(done); });
      return work(*door_);
    }();
    observer_.end();
    return result;
  }
  [[nodiscard]] Door& door() { return *door_; }

 private:
  friend struct DoorOptions;
  void cancel_on_interrupt(const std::stop_token& done);

  SteadySessionClock clock_;
  SystemBootClock boot_clock_;
  std::unique_ptr<PreviewWindow> window_;  // may be none
  TerminalObserver observer_;
  std::unique_ptr<Door> door_;
};

// The surroundings of a door that is only looked at.
struct LookedAtDoor {
  SteadySessionClock clock;
  SystemBootClock boot_clock;
  [[nodiscard]] DoorSurroundings around() { return {&clock, &boot_clock}; }
};

}  // namespace durward
