#include "capture/microphone.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>

#include "base/errno_status.h"
#include "base/file_descriptor.h"
#include "capture/sound_reader.h"

namespace durward {
namespace {

constexpr std::string_view kAlsa = "alsa:";
// A device that says nothing is asked again after this.
constexpr int64_t kAskAgainMilliseconds = 100;

int64_t monotonic_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

class ReaderMicrophone final : public Microphone {
 public:
  ReaderMicrophone(std::string source, std::unique_ptr<SoundReader> reader,
                   const MicrophoneOptions& options, double speed, FileDescriptor wake)
      : source_(std::move(source)),
        reader_(std::move(reader)),
        options_(options),
        samples_per_ms_(kMicrophoneRate * speed / 1000),
        wake_(std::move(wake)),
        block_(static_cast<size_t>(options.block_samples)) {
    begin();
  }

  const std::string& source() const override { return source_; }
  int64_t overruns() const override { return overruns_; }

  void stop() override {
    stopped_ = true;
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof(one));
  }

  absl::Status restart() override {
    stopped_ = false;
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t read = ::read(wake_.get(), &count, sizeof(count));
    DURWARD_RETURN_IF_ERROR(reader_->start());
    begin();
    return absl::OkStatus();
  }

  absl::StatusOr<SoundBlock> next(int64_t until_ms) override {
    while (filled_ < block_.size()) {
      if (stopped_) return stopped();
      absl::StatusOr<size_t> got = reader_->read(std::span(block_).subspan(filled_));
      if (absl::IsDataLoss(got.status())) {
        ++overruns_;
        filled_ = 0;
        continue;
      }
      if (!got.ok()) return std::move(got).status();
      filled_ += *got;
      read_ += static_cast<int64_t>(*got);
      if (*got > 0) continue;
      const int64_t now = now_ms();
      if (now >= until_ms) return late();
      wait(std::min(until_ms, now + kAskAgainMilliseconds), true);
    }
    // No block is there before its last sample could be taken.
    const auto due_ms =
        began_ms_ + static_cast<int64_t>(static_cast<double>(read_) / samples_per_ms_);
    while (now_ms() < due_ms) {
      if (stopped_) return stopped();
      if (now_ms() >= until_ms) return late();
      wait(std::min(due_ms, until_ms), false);
    }
    if (stopped_) return stopped();
    const std::optional<int64_t> waiting = reader_->waiting();
    const int64_t taken_ms = waiting ? now_ms() - *waiting * 1000 / kMicrophoneRate : due_ms;
    last_ms_ = std::max(last_ms_ + 1, taken_ms);
    filled_ = 0;
    return SoundBlock{block_, last_ms_};
  }

 private:
  void begin() {
    filled_ = 0;
    read_ = overruns_ = 0;
    began_ms_ = now_ms();
  }
  int64_t now_ms() const { return options_.now_ms ? options_.now_ms() : monotonic_ms(); }

  // Until then, or stop(), or, where it is wanted, samples are there.
  void wait(int64_t until_ms, bool for_samples) {
    std::vector<pollfd> waited;
    if (for_samples) waited = reader_->descriptors();
    if (options_.wait_until && waited.empty()) return options_.wait_until(until_ms);
    waited.push_back({wake_.get(), POLLIN, 0});
    const int64_t left = std::clamp<int64_t>(until_ms - now_ms(), 0, kAskAgainMilliseconds);
    ::poll(waited.data(), waited.size(), static_cast<int>(left));
  }

  static absl::Status late() { return absl::DeadlineExceededError("no sound came in time"); }
  static absl::Status stopped() { return absl::CancelledError("the microphone was stopped"); }

  const std::string source_;
  const std::unique_ptr<SoundReader> reader_;
  const MicrophoneOptions options_;
  const double samples_per_ms_;
  FileDescriptor wake_;
  std::atomic<bool> stopped_ = false;
  std::vector<float> block_;
  size_t filled_ = 0;
  int64_t read_ = 0, overruns_ = 0;  // since it began
  int64_t began_ms_ = 0, last_ms_ = 0;
};

absl::Status check_options(const MicrophoneOptions& options) {
  if (options.block_samples < 16 || options.block_samples > kMicrophoneRate) {
    return absl::InvalidArgumentError(absl::StrCat("a block has 16 to ", kMicrophoneRate,
                                                   " samples, not ", options.block_samples));
  }
  if (!(options.speed >= .1 && options.speed <= 40)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a sound file is played 0.1 to 40 times as fast, not ", options.speed));
  }
  if (static_cast<bool>(options.now_ms) != static_cast<bool>(options.wait_until)) {
    return absl::InvalidArgumentError("a clock needs a way to wait for it");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Microphone>> microphone_of(std::string source,
                                                          std::unique_ptr<SoundReader> reader,
                                                          const MicrophoneOptions& options,
                                                          double speed) {
  DURWARD_RETURN_IF_ERROR(check_options(options));
  FileDescriptor wake(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (wake.get() < 0) return errno_status(errno, "cannot make an event for", source);
  return std::make_unique<ReaderMicrophone>(std::move(source), std::move(reader), options, speed,
                                            std::move(wake));
}

absl::StatusOr<std::unique_ptr<Microphone>> open_microphone(const std::string& place,
                                                            const MicrophoneOptions& options) {
  DURWARD_RETURN_IF_ERROR(check_options(options));
  const bool alsa = place.starts_with(kAlsa);
  absl::StatusOr<std::unique_ptr<SoundReader>> reader =
      alsa ? open_alsa_reader(place.substr(kAlsa.size()), options.block_samples)
           : open_file_reader(place);
  if (!reader.ok()) return std::move(reader).status();
  return microphone_of(place, *std::move(reader), options, alsa ? 1. : options.speed);
}

}  // namespace durward
