// What a person sees while and after a command runs: progress on standard error, results on
// standard output, and Ctrl-C as a wish to stop that every long step respects.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/progress.h"

namespace durward {

// From now on Ctrl-C (SIGINT) and SIGTERM only raise a flag; a second one ends the process. A
// closed pipe and a limit on file sizes make a write fail instead of ending the process, so that
// what is half written is removed.
void watch_for_signals();
[[nodiscard]] bool interrupted();

// A bar with time left on a terminal, a line for each step elsewhere, nothing with `quiet`; asks
// the work to stop once interrupted().
[[nodiscard]] Progress terminal_progress(bool quiet);
// Wipes a bar that is still shown.
void end_progress();

// False where standard output did not take everything that was printed.
[[nodiscard]] bool flush_output();

// With '?' for control characters: names from a model must not steer a terminal.
[[nodiscard]] std::string printable(std::string_view text);

// A table with a header row; numbers (cells that begin with a digit, sign or dot) are
// right-aligned.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header) { rows_.push_back(std::move(header)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// printf-like number formats that tables and sentences share.
[[nodiscard]] std::string fixed(double value, int decimals);
[[nodiscard]] std::string percent(double share, int decimals = 2);  // .9873 -> "98.73 %"

}  // namespace durward
