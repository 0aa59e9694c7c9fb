#include "formats/onnx/gate_order.h"

namespace durward {

std::vector<int64_t> gate_rows(std::span<const int64_t> gates, int64_t hidden) {
  std::vector<int64_t> rows;
  for (const int64_t gate : gates) {
    for (int64_t i = 0; i < hidden; ++i) rows.push_back(gate * hidden + i);
  }
  return rows;
}

std::vector<std::byte> reordered_rows(std::span<const std::byte> bytes,
                                      std::span<const int64_t> rows) {
  const size_t row_bytes = bytes.size() / rows.size();
  std::vector<std::byte> result;
  result.reserve(bytes.size());
  for (const int64_t row : rows) {
    const auto from = bytes.subspan(static_cast<size_t>(row) * row_bytes, row_bytes);
    result.insert(result.end(), from.begin(), from.end());
  }
  return result;
}

}  // namespace durward
