// A .tflite file under construction: tensors, constants and operators in, bytes out.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "formats/tflite/tflite_generated.h"
#include "formats/tflite/tflite_ops.h"
#include "graph/types.h"

namespace durward {

class ModelBuilder {
 public:
  explicit ModelBuilder(TfliteOps ops);

  // The index of a new tensor. With `data`, a constant; equal data is stored once.
  int32_t add_tensor(const std::string& name, DataType type, const Shape& shape,
                     const std::optional<QuantParams>& quant, std::span<const std::byte> data = {});
  void rename_tensor(int32_t tensor, const std::string& name);

  // Appends an operator, at the smallest version that runs it. -1 is an input left out. What the
  // reader has no operator for is collected: see finish().
  void add_operator(tflite::BuiltinOperator code, std::vector<int32_t> inputs,
                    std::vector<int32_t> outputs, tflite::BuiltinOptionsUnion options = {});

  // The file. Unimplemented lists operators that the reader does not have. ResourceExhausted for a
  // dimension above int32 or 2 GB of constants, the format's limits. Ends the builder's use.
  absl::StatusOr<std::vector<std::byte>> finish(std::vector<int32_t> inputs,
                                                std::vector<int32_t> outputs,
                                                const std::string& name,
                                                const std::string& description);

 private:
  [[nodiscard]] uint32_t buffer_for(std::span<const std::byte> data);

  const TfliteOps ops_;
  std::set<std::string> missing_;  // operators with their versions
  tflite::ModelT model_;
  tflite::SubGraphT* subgraph_;
  std::multimap<size_t, uint32_t> buffers_;  // by hash of the data
  std::map<std::pair<tflite::BuiltinOperator, int32_t>, uint32_t> operator_codes_;  // by version
  size_t constant_bytes_ = 0;
  bool fits_ = true;
};

// Options for add_operator: `make_options<tflite::AddOptionsT>(values)`.
template <typename Options>
[[nodiscard]] tflite::BuiltinOptionsUnion make_options(Options options) {
  tflite::BuiltinOptionsUnion result;
  result.Set(std::move(options));
  return result;
}

}  // namespace durward
