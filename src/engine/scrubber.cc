#include "engine/scrubber.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace durward {
namespace {

size_t blocks_of(std::span<const std::byte> memory) {
  return (memory.size() + Scrubber::kBlockBytes - 1) / Scrubber::kBlockBytes;
}

uint64_t load(const std::byte* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

// A bijection of `state` for each word, and of `word` for each state (the factor is odd): where one
// word of a chain of steps changes, its step ends in another state, and so does every step behind
// it. The rotation brings high bits, which a product moves no further up, to where it spreads
// them: without it two flips of bit 63 would undo each other.
uint64_t step(uint64_t state, uint64_t word) {
  return std::rotl(state ^ word, 29) * 0x9e3779b97f4a7c15;
}

// Of four chains, which a processor computes side by side, and one over their ends: whatever
// changes within one word changes the sum for certain, other changes unless two sums of 64 bits
// meet by chance.
uint64_t sum_of(std::span<const std::byte> block) {
  uint64_t a = 0, b = 0, c = 0, d = 0;
  const auto add_words = [&](const std::byte* words) {
    a = step(a, load(words));
    b = step(b, load(words + 8));
    c = step(c, load(words + 16));
    d = step(d, load(words + 24));
  };
  constexpr size_t kBytes = 32;
  for (; block.size() >= kBytes; block = block.subspan(kBytes)) add_words(block.data());
  std::byte last[kBytes] = {};
  std::copy(block.begin(), block.end(), last);
  add_words(last);
  return step(step(step(step(0, a), b), c), d);
}

}  // namespace

void Scrubber::watch(const ScrubbedSpans& memory) {
  memory_ = memory;
  for (const std::span<const std::byte> span : memory_) blocks_ += blocks_of(span);
  sums_ = std::make_unique_for_overwrite<uint64_t[]>(blocks_);
  for (size_t i = 0; i < blocks_; ++i) sums_[i] = sum_of(block(i).bytes);
}

Scrubber::Block Scrubber::block(size_t index) const noexcept {
  size_t memory = 0;
  for (; index >= blocks_of(memory_[memory]); ++memory) index -= blocks_of(memory_[memory]);
  const size_t offset = index * kBlockBytes;
  const std::span<const std::byte> rest = memory_[memory].subspan(offset);
  return {static_cast<ScrubbedMemory>(memory), offset,
          rest.first(std::min(rest.size(), kBlockBytes))};
}

ScrubResult Scrubber::check(size_t max_bytes) noexcept {
  if (sums_ == nullptr) return {EngineCode::kNoScrub};
  size_t checked = 0;
  for (size_t left = blocks_; left > 0; --left) {
    const Block next = block(next_);
    if (checked > 0 && checked + next.bytes.size() > max_bytes) break;
    const bool same = sum_of(next.bytes) == sums_[next_];
    next_ = (next_ + 1) % blocks_;
    if (!same) return {EngineCode::kDamaged, next.memory, next.offset, next.bytes.size()};
    checked += next.bytes.size();
  }
  return {};
}

size_t Scrubber::bytes() const noexcept {
  size_t bytes = 0;
  for (const std::span<const std::byte> span : memory_) bytes += span.size();
  return bytes;
}

}  // namespace durward
