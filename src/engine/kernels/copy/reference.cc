#include <algorithm>
#include <cstring>

#include "engine/kernels/copy/copy.h"

namespace durward {
namespace {

// One innermost row of a copy: out[i * step_out] is made of in[i * step_in].
template <typename T>
struct CopiedRow {
  const T* in;
  T* out;
  int64_t length, step_in, step_out;
};

template <typename T, typename Row>
void for_each_copied_row(const StridedCopy& copy, const T* input, T* output, const Row& row) {
  const LoopNest& loop = copy.loop;
  const int last = loop.rank - 1;
  for_each_row(loop, [&](int64_t, int64_t a, int64_t b) {
    row(CopiedRow<T>{input + copy.first_a + a, output + copy.first_b + b, loop.dims[last],
                     loop.stride_a[last], loop.stride_b[last]});
  });
}

template <typename T>
void copy_elements(const StridedCopy& copy, const T* input, T* output) {
  for_each_copied_row(copy, input, output, [](const CopiedRow<T>& r) {
    if (r.step_in == 1 && r.step_out == 1) {
      std::copy_n(r.in, r.length, r.out);
    } else {
      for (int64_t i = 0; i < r.length; ++i) r.out[i * r.step_out] = r.in[i * r.step_in];
    }
  });
}

template <typename Index>
void gather_elements(const Gathering& g, const std::byte* input, const Index* indices,
                     std::byte* output) {
  for (int64_t o = 0; o < g.outer; ++o) {
    for (int64_t i = 0; i < g.indices; ++i, output += g.inner_bytes) {
      int64_t index = indices[i];
      if (index < 0) index += g.axis;
      index = std::clamp<int64_t>(index, 0, g.axis - 1);
      std::memcpy(output, input + (o * g.axis + index) * g.inner_bytes,
                  static_cast<size_t>(g.inner_bytes));
    }
  }
}

}  // namespace

void strided_copy(const StridedCopy& copy, const void* input, void* output) noexcept {
  switch (copy.element_bytes) {
    case 1:
      return copy_elements(copy, static_cast<const uint8_t*>(input), static_cast<uint8_t*>(output));
    case 2:
      return copy_elements(copy, static_cast<const uint16_t*>(input),
                           static_cast<uint16_t*>(output));
    case 4:
      return copy_elements(copy, static_cast<const uint32_t*>(input),
                           static_cast<uint32_t*>(output));
    default:
      return copy_elements(copy, static_cast<const uint64_t*>(input),
                           static_cast<uint64_t*>(output));
  }
}

void lookup_copy(const StridedCopy& copy, const int8_t* table, const int8_t* input,
                 int8_t* output) noexcept {
  for_each_copied_row(copy, input, output, [table](const CopiedRow<int8_t>& r) {
    for (int64_t i = 0; i < r.length; ++i) {
      r.out[i * r.step_out] = table[r.in[i * r.step_in] + 128];
    }
  });
}

void fill(const void* value, int64_t element_bytes, int64_t count, void* output) noexcept {
  auto* out = static_cast<std::byte*>(output);
  const int64_t bytes = element_bytes * count;
  // The part that is filled doubles each time.
  for (int64_t filled = 0; filled < bytes;) {
    const int64_t copied = filled == 0 ? element_bytes : std::min(filled, bytes - filled);
    std::memcpy(out + filled, filled == 0 ? value : out, static_cast<size_t>(copied));
    filled += copied;
  }
}

void gather(const Gathering& geometry, const void* input, const int64_t* indices,
            void* output) noexcept {
  gather_elements(geometry, static_cast<const std::byte*>(input), indices,
                  static_cast<std::byte*>(output));
}

void gather(const Gathering& geometry, const void* input, const int32_t* indices,
            void* output) noexcept {
  gather_elements(geometry, static_cast<const std::byte*>(input), indices,
                  static_cast<std::byte*>(output));
}

}  // namespace durward
