// Finds bits that flip in memory which nothing writes to: sums of its blocks are kept, and compared
// with the memory a few blocks at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "engine/error.h"

namespace durward {

// What a session's runs read and nothing writes to once it is made.
enum class ScrubbedMemory : uint8_t { kConstants, kPackedWeights, kInstructions, kParameters };
using ScrubbedSpans = std::array<std::span<const std::byte>, 4>;

struct ScrubResult {
  EngineCode code = EngineCode::kOk;
  // Where code is kDamaged, what does not have the sum that it had.
  ScrubbedMemory memory = ScrubbedMemory::kConstants;
  size_t offset = 0, bytes = 0;
};

class Scrubber {
 public:
  static constexpr size_t kBlockBytes = 16384;

  // Once: sums what the spans hold now; they outlive the scrubber. Throws std::bad_alloc where the
  // sums, 8 bytes for each block, find no memory.
  void watch(const ScrubbedSpans& memory);

  // Compares the next blocks, those of the first span behind those of the last: as many as
  // max_bytes has room for, at least one, none twice. Ends at a damaged one; the next check begins
  // behind it. kOk, kDamaged, or kNoScrub where nothing is watched.
  [[nodiscard]] ScrubResult check(size_t max_bytes) noexcept;
  // Of all blocks; 0 where nothing is watched.
  [[nodiscard]] size_t bytes() const noexcept;

 private:
  struct Block {
    ScrubbedMemory memory;
    size_t offset;
    std::span<const std::byte> bytes;
  };
  [[nodiscard]] Block block(size_t index) const noexcept;

  ScrubbedSpans memory_;
  size_t blocks_ = 0;
  std::unique_ptr<uint64_t[]> sums_;
  size_t next_ = 0;
};

}  // namespace durward
