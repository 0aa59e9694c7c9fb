#include "door_options.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "door/explain.h"
#include "pipeline/voice_activity_model.h"
#include "terminal.h"

namespace durward {

void DoorOptions::add_config(CLI::App& command) {
  command.add_option("--door", config, "the door's configuration (docs/door.md)")
      ->type_name("FILE")
      ->capture_default_str();
}

void DoorOptions::add_sources(CLI::App& command, bool of_enrolment) {
  const std::string several = of_enrolment ? "; several of them: one for each round, in turn" : "";
  command
      .add_option(
          "--camera", sources.cameras,
          "a number or /dev/videoN, a video, a folder of pictures, or gst:PIPELINE" + several)
      ->type_name("SOURCE")
      ->allow_extra_args(false);
  command
      .add_option("--microphone", sources.microphones,
                  "alsa:DEVICE (alsa:default), or a sound file" + several)
      ->type_name("SOURCE")
      ->allow_extra_args(false);
  command
      .add_option("--touch", sources.touch,
                  "entries of a PIN, one a line (docs/touch.md): a file, a pipe, or - for "
                  "standard input")
      ->type_name("FILE");
  command.add_flag("--preview,!--no-preview", preview,
                   "show the camera in a window; without either where there is a display and "
                   "standard error is a terminal");
}

absl::StatusOr<std::unique_ptr<TerminalDoor>> DoorOptions::open(bool quiet) const {
  DURWARD_ASSIGN_OR_RETURN(const DoorConfig read, read_door_config(config));
  auto door = std::make_unique<TerminalDoor>(quiet);
  DoorSurroundings around{&door->clock_, &door->boot_clock_, &door->observer_, load_voice_activity};
  const bool fits = has_display() && ::isatty(STDERR_FILENO) == 1 && !quiet;
  if (!sources.cameras.empty() && preview.value_or(fits)) {
    absl::StatusOr<std::unique_ptr<PreviewWindow>> window = open_preview_window();
    if (preview && !window.ok()) return window.status();
    // Nobody asked for it: a door opens without.
    if (window.ok()) {
      door->window_ = *std::move(window);
      door->observer_.tell_also(*door->window_);
      around.viewer = [&shown = *door->window_](const Image& frame,
                                                const std::optional<Box>& face) {
        shown.show(frame, face);
      };
    }
  }
  DURWARD_ASSIGN_OR_RETURN(door->door_, open_door(read, sources, around));
  return door;
}

TerminalObserver::TerminalObserver(bool quiet)
    : quiet_(quiet), terminal_(::isatty(STDERR_FILENO) == 1) {}

void TerminalObserver::show(const std::string& line) {
  const std::string text = printable(line);
  if (terminal_) {
    std::fprintf(stderr, "\r\x1b[K%s", text.c_str());
    shown_ = !text.empty();
  } else if (!text.empty()) {
    std::fprintf(stderr, "%s\n", text.c_str());
  }
  std::fflush(stderr);
}

void TerminalObserver::guide(std::string_view modality, std::string_view guidance) {
  if (window_ != nullptr) window_->tell(guidance);
  if (quiet_) return;
  if (guidance.empty()) {
    if (terminal_) show(round_);
    return;
  }
  show(absl::StrCat(round_.empty() ? "" : round_ + "  ", std::string(modality), ": ",
                    std::string(guidance)));
}

void TerminalObserver::ask(std::string_view modality, const Challenge& challenge) {
  end();
  const std::string text = explain(challenge);
  if (window_ != nullptr) window_->tell(text);
  std::fprintf(stderr, "%s\n", printable(absl::StrCat(std::string(modality), ": ", text)).c_str());
}

void TerminalObserver::progress(std::string_view modality, int64_t done, int64_t wanted) {
  if (quiet_) return;
  round_ = absl::StrCat(std::string(modality), " ", done, " of ", wanted);
  if (terminal_ || done == wanted) show(round_);
}

void TerminalObserver::end() {
  if (shown_) std::fputs("\r\x1b[K", stderr);
  shown_ = false;
}

void TerminalDoor::cancel_on_interrupt(const std::stop_token& done) {
  while (!done.stop_requested()) {
    if (interrupted()) door_->cancel();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace durward
