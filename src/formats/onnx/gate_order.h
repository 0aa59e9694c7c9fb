// The gates of recurrent layers, which ONNX stacks in another order than the IR.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace durward {

// The gate of the first order at each place of the second. LSTM: i, f, g, o here; i, o, f, c in
// ONNX. GRU: r, z, n here; z, r, h in ONNX, of the bias twice, which is its own inverse.
inline constexpr std::array<int64_t, 4> kLstmToOnnx = {0, 3, 1, 2};
inline constexpr std::array<int64_t, 4> kLstmFromOnnx = {0, 2, 3, 1};
inline constexpr std::array<int64_t, 3> kGruToOnnx = {1, 0, 2};
inline constexpr std::array<int64_t, 6> kGruBiasToOnnx = {1, 0, 2, 4, 3, 5};

// The rows of gates of `hidden` rows each, in such an order.
[[nodiscard]] std::vector<int64_t> gate_rows(std::span<const int64_t> gates, int64_t hidden);

// The bytes of rows of equal length, as many as `rows` names, in that order.
[[nodiscard]] std::vector<std::byte> reordered_rows(std::span<const std::byte> bytes,
                                                    std::span<const int64_t> rows);

}  // namespace durward
