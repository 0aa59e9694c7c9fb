// Runs a written model in LiteRT, the runtime whose reading of it counts.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/random.h"
#include "formats/tflite/tflite.h"
#include "runtimes/runtime.h"

namespace durward {

inline bool litert_available() {
  return std::ranges::count(available_runtimes(), RuntimeKind::kLiteRt) != 0;
}

using Floats = std::vector<float>;
using Bytes = std::vector<std::byte>;

template <typename T>
Bytes bytes_of(const std::vector<T>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return {bytes.begin(), bytes.end()};
}

template <typename T>
std::vector<T> values_of(const Bytes& bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

// Raw outputs for raw inputs, one of each per port.
inline absl::StatusOr<std::vector<Bytes>> run_litert(const std::filesystem::path& path,
                                                     const std::vector<Bytes>& inputs) {
  DURWARD_ASSIGN_OR_RETURN(const auto model, load_model(RuntimeKind::kLiteRt, path, {}));
  std::vector<Bytes> outputs;
  for (const PortInfo& port : model->outputs()) {
    outputs.emplace_back(static_cast<size_t>(elements(port.shape) * size_of(port.type)));
  }
  const std::vector<std::span<const std::byte>> in(inputs.begin(), inputs.end());
  const std::vector<std::span<std::byte>> out(outputs.begin(), outputs.end());
  DURWARD_RETURN_IF_ERROR(model->run(in, out));
  return outputs;
}

// The same for a model in memory.
inline absl::StatusOr<std::vector<Bytes>> run_litert(const Bytes& model,
                                                     const std::vector<Bytes>& inputs) {
  // One per process: tests of one program run one after the other.
  const std::filesystem::path path =
      std::filesystem::path(testing::TempDir()) / absl::StrCat("durward_", ::getpid(), ".tflite");
  DURWARD_RETURN_IF_ERROR(write_file_atomic(path, std::span<const std::byte>(model)));
  auto outputs = run_litert(path, inputs);
  std::filesystem::remove(path);
  return outputs;
}

// Writes the graph and runs the result.
inline absl::StatusOr<std::vector<Bytes>> export_and_run(const Graph& graph,
                                                         const std::vector<Bytes>& inputs,
                                                         const TfliteWriteOptions& options = {}) {
  DURWARD_ASSIGN_OR_RETURN(const Bytes model, write_tflite(graph, options));
  return run_litert(model, inputs);
}

inline Floats random_floats(int64_t count, uint64_t seed, float low = -1, float high = 1) {
  Random random(seed);
  Floats values(static_cast<size_t>(count));
  for (float& value : values) {
    value = low + (high - low) * static_cast<float>(random.uniform());
  }
  return values;
}

inline float largest_difference(const Floats& a, const Floats& b) {
  EXPECT_EQ(a.size(), b.size());
  float largest = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    largest = std::max(largest, std::abs(a[i] - b[i]));
  }
  return largest;
}

}  // namespace durward
