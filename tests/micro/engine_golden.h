// Golden vectors from the engine on this machine, with the fastest kernels that it has.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <vector>

#include "base/random.h"
#include "engine/session.h"
#include "micro/export_c.h"

namespace durward {

// Of `session`'s plan on `count` random inputs: any bytes for int8, -4..4 for floats.
inline std::vector<MicroGolden> engine_golden(Session& session, int count, uint64_t seed) {
  Random random(seed);
  std::vector<MicroGolden> golden(static_cast<size_t>(count));
  for (MicroGolden& vector : golden) {
    for (size_t i = 0; i < session.input_count(); ++i) {
      std::vector<std::byte>& bytes = vector.inputs.emplace_back(session.input(i).bytes);
      if (session.input(i).type == PlanType::kFloat32) {
        for (size_t at = 0; at < bytes.size(); at += sizeof(float)) {
          const auto value = static_cast<float>(random.uniform() * 8 - 4);
          std::memcpy(&bytes[at], &value, sizeof(value));
        }
      } else {
        for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.below(256));
      }
    }
    for (size_t i = 0; i < session.output_count(); ++i) {
      vector.outputs.emplace_back(session.output(i).bytes);
    }
    const std::vector<std::span<const std::byte>> in(vector.inputs.begin(), vector.inputs.end());
    const std::vector<std::span<std::byte>> out(vector.outputs.begin(), vector.outputs.end());
    EXPECT_EQ(session.run(in, out), EngineCode::kOk);
  }
  return golden;
}

}  // namespace durward
