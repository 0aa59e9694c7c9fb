#include "terminal.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <iostream>

#include "base/status.h"

namespace durward {
namespace {

volatile std::sig_atomic_t interrupt_count = 0;

void on_interrupt(int) {
  interrupt_count = interrupt_count + 1;
  if (interrupt_count > 1) _exit(130);
}

std::string duration(double seconds) {
  const long whole = std::lround(seconds);
  char text[32];
  std::snprintf(text, sizeof text, "%lld:%02lld", static_cast<long long>(whole / 60),
                static_cast<long long>(whole % 60));
  return text;
}

// Draws at most ten times a second.
class ProgressBar {
 public:
  using Clock = std::chrono::steady_clock;

  void update(std::string_view step, int64_t done, int64_t total) {
    const auto now = Clock::now();
    if (step != step_) {
      finish();
      step_ = step;
      started_ = now;
      drawn_ = {};
    }
    if (done < total && now - drawn_ < std::chrono::milliseconds(100)) return;
    drawn_ = now;
    if (terminal_) draw(done, total, std::chrono::duration<double>(now - started_).count());
    if (done >= total) finish();
  }

  // Ends the line of the present step.
  void finish() {
    if (step_.empty()) return;
    const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
    std::fprintf(stderr, "%s%s (%s)\n", terminal_ ? "\r\033[K" : "", step_.c_str(),
                 duration(seconds).c_str());
    step_.clear();
  }

 private:
  void draw(int64_t done, int64_t total, double seconds) const {
    constexpr int kWidth = 30;
    const double share = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 0;
    const int filled = static_cast<int>(share * kWidth);
    const std::string left = share > 0 ? duration(seconds / share - seconds) + " left" : "";
    std::fprintf(stderr, "\r\033[K%-24.40s [%s%s] %lld/%lld %s", step_.c_str(),
                 std::string(filled, '#').c_str(), std::string(kWidth - filled, '.').c_str(),
                 static_cast<long long>(done), static_cast<long long>(total), left.c_str());
    std::fflush(stderr);
  }

  bool terminal_ = isatty(STDERR_FILENO) == 1;
  std::string step_;
  Clock::time_point started_, drawn_;
};

ProgressBar& shared_bar() {
  static ProgressBar bar;
  return bar;
}

bool is_number(std::string_view cell) {
  return !cell.empty() && (std::isdigit(static_cast<unsigned char>(cell[0])) != 0 ||
                           cell[0] == '-' || cell[0] == '+' || cell[0] == '.');
}

}  // namespace

void watch_for_signals() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

bool flush_output() {
  std::cout.flush();
  return std::cout.good() && std::fflush(stdout) == 0;
}

std::string printable(std::string_view text) {
  std::string clean(text);
  for (char& c : clean) {
    if (c != '\n' && std::iscntrl(static_cast<unsigned char>(c)) != 0) c = '?';
  }
  return clean;
}

bool interrupted() { return interrupt_count > 0; }

Progress terminal_progress(bool quiet) {
  return [quiet](std::string_view step, int64_t done, int64_t total) {
    if (!quiet) shared_bar().update(step, done, total);
    return !interrupted();
  };
}

void end_progress() { shared_bar().finish(); }

std::string TextTable::text() const {
  std::vector<size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (size_t r = 0; r < rows_.size(); ++r) {
    std::string line;
    for (size_t i = 0; i < rows_[r].size(); ++i) {
      const std::string padding(widths[i] - rows_[r][i].size(), ' ');
      const bool right = r > 0 && is_number(rows_[r][i]);
      line += (i > 0 ? "  " : "") + (right ? padding + rows_[r][i] : rows_[r][i] + padding);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
    if (r == 0) {
      for (size_t i = 0; i < widths.size(); ++i)
        text += (i > 0 ? "  " : "") + std::string(widths[i], '-');
      text += "\n";
    }
  }
  return text;
}

std::string fixed(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string percent(double share, int decimals) { return fixed(100 * share, decimals) + " %"; }

}  // namespace durward
