// Copying of short runs for Copy (patches.h), for the files that are compiled for an instruction
// set alone.
#pragma once

#include <cstdint>

namespace durward {
namespace {

// Copies `count` values in pieces of Wide::kCount where there are as many, else of Narrow::kCount,
// the last one moved back to end where the values do; fewer go one by one.
template <typename Wide, typename Narrow, typename Value>
inline void copy_in_pieces(Value* to, const int8_t* from, int64_t count) {
  const auto copy = [&]<typename Piece>(Piece) {
    for (int64_t i = 0; i + Piece::kCount <= count; i += Piece::kCount) {
      Piece::copy(to + i, from + i);
    }
    const int64_t last = count - Piece::kCount;
    Piece::copy(to + last, from + last);
  };
  if (count >= Wide::kCount) return copy(Wide{});
  if (count >= Narrow::kCount) return copy(Narrow{});
  for (int64_t i = 0; i < count; ++i) to[i] = Narrow::value(from[i]);
}

}  // namespace
}  // namespace durward
