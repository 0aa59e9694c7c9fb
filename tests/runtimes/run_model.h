// Runs a model once on seeded inputs.
#pragma once

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "base/random.h"
#include "runtimes/runtime.h"
#include "support/folders.h"

namespace durward {

using Bytes = std::vector<std::byte>;

inline std::vector<Bytes> zeros(const std::vector<PortInfo>& ports) {
  std::vector<Bytes> buffers;
  for (const PortInfo& port : ports)
    buffers.emplace_back(static_cast<size_t>(elements(port.shape) * size_of(port.type)));
  return buffers;
}

// Uniform in [0, scale) for every float32 port, in the order of the ports.
inline std::vector<Bytes> random_inputs(const std::vector<PortInfo>& ports, float scale) {
  std::vector<Bytes> buffers = zeros(ports);
  Random random(7);
  for (size_t i = 0; i < ports.size(); ++i)
    for (size_t at = 0; at < buffers[i].size(); at += sizeof(float)) {
      const float value = scale * static_cast<float>(random.uniform());
      std::memcpy(&buffers[i][at], &value, sizeof value);
    }
  return buffers;
}

inline absl::Status run(RuntimeModel& model, const std::vector<Bytes>& inputs,
                        std::vector<Bytes>& outputs) {
  const std::vector<std::span<const std::byte>> in(inputs.begin(), inputs.end());
  const std::vector<std::span<std::byte>> out(outputs.begin(), outputs.end());
  return model.run(in, out);
}

inline std::vector<float> floats(const Bytes& bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}

inline std::string fixture(const char* name) {
  return source_folder() / "tests/runtimes/data" / name;
}

}  // namespace durward
