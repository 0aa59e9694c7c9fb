// Watches the samples of one source: what a live camera or microphone gives is new, in order, and
// from one device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

namespace durward {

enum class SampleFault {
  kFrozen,         // the same content again and again
  kReplayed,       // content of an earlier request
  kOutOfOrder,     // taken no later than the one before
  kFromTheFuture,  // taken later than now
  kSourceChanged,  // from another device than the first
};
[[nodiscard]] std::string_view name_of(SampleFault fault);

// A sample as the guard sees it.
struct SampleMark {
  std::string source;    // the device: it stays the same for a request
  int64_t taken_ms = 0;  // by the clock of the session
  // SHA-256 of the content, which a live sensor's noise makes new each time; empty for content that
  // may repeat, as digital silence.
  std::string digest;
};

// The contents of earlier requests, the latest kMost of them. One thread at a time.
class SampleMemory {
 public:
  static constexpr size_t kMost = 4096;
  [[nodiscard]] bool contains(const std::string& digest) const { return known_.contains(digest); }
  void add(const std::string& digest);

 private:
  std::deque<std::string> order_;
  std::unordered_set<std::string> known_;
};

// For one source and one request. One thread at a time.
class SampleGuard {
 public:
  // Samples that were taken before `begin_ms` waited in a buffer: they are no fault, and not used.
  // `earlier` outlives the guard; it is given this request's contents when the guard goes.
  SampleGuard(int64_t begin_ms, SampleMemory& earlier) : begin_ms_(begin_ms), earlier_(earlier) {}
  SampleGuard(const SampleGuard&) = delete;
  SampleGuard& operator=(const SampleGuard&) = delete;
  ~SampleGuard();

  // A camera that is asked too fast may give a frame twice, so that a repetition is not used, and
  // only this many of them in a row are a fault.
  static constexpr int kFrozenAfter = 5;
  // Clocks of drivers may be ahead by that much.
  static constexpr int64_t kAheadMilliseconds = 50;

  enum class Use { kUse, kSkip, kFault };
  // Once there is a fault it stays.
  [[nodiscard]] Use check(const SampleMark& sample, int64_t now_ms);
  [[nodiscard]] std::optional<SampleFault> fault() const { return fault_; }

 private:
  Use fail(SampleFault fault);

  int64_t begin_ms_;
  SampleMemory& earlier_;
  std::optional<SampleFault> fault_;
  std::string source_;
  std::optional<int64_t> last_ms_;
  int repeated_ = 0;
  std::unordered_set<std::string> seen_;
};

}  // namespace durward
