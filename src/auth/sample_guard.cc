#include "auth/sample_guard.h"

namespace durward {

std::string_view name_of(SampleFault fault) {
  switch (fault) {
    case SampleFault::kFrozen:
      return "frozen";
    case SampleFault::kReplayed:
      return "replayed";
    case SampleFault::kOutOfOrder:
      return "out-of-order";
    case SampleFault::kFromTheFuture:
      return "from-the-future";
    case SampleFault::kSourceChanged:
      break;
  }
  return "source-changed";
}

void SampleMemory::add(const std::string& digest) {
  if (!known_.insert(digest).second) return;
  order_.push_back(digest);
  if (order_.size() > kMost) {
    known_.erase(order_.front());
    order_.pop_front();
  }
}

SampleGuard::~SampleGuard() {
  for (const std::string& digest : seen_) earlier_.add(digest);
}

SampleGuard::Use SampleGuard::fail(SampleFault fault) {
  if (!fault_) fault_ = fault;
  return Use::kFault;
}

SampleGuard::Use SampleGuard::check(const SampleMark& sample, int64_t now_ms) {
  if (fault_) return Use::kFault;
  if (source_.empty()) source_ = sample.source;
  if (sample.source != source_) return fail(SampleFault::kSourceChanged);
  if (sample.taken_ms > now_ms + kAheadMilliseconds) return fail(SampleFault::kFromTheFuture);
  if (last_ms_ && sample.taken_ms <= *last_ms_) return fail(SampleFault::kOutOfOrder);
  last_ms_ = sample.taken_ms;
  if (sample.taken_ms < begin_ms_) return Use::kSkip;
  if (sample.digest.empty()) return Use::kUse;
  if (earlier_.contains(sample.digest)) return fail(SampleFault::kReplayed);
  if (!seen_.insert(sample.digest).second) {
    // The same content as any before it: a camera that stands still, or a loop.
    return ++repeated_ >= kFrozenAfter ? fail(SampleFault::kFrozen) : Use::kSkip;
  }
  repeated_ = 0;
  return Use::kUse;
}

}  // namespace durward
