// Holds plans of a graph, run by sessions, against the interpreter: the same bytes on every
// instruction set of the machine.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "compile/interpreter.h"
#include "compile/plan/plan_builder.h"
#include "engine/aligned_bytes.h"
#include "engine/session.h"

namespace durward {

using Buffers = std::vector<std::vector<std::byte>>;

inline Buffers buffers_of(const Graph& graph, const std::vector<Port>& ports) {
  Buffers buffers;
  for (const Port& port : ports) {
    const Tensor& tensor = graph.tensor(port.tensor);
    buffers.emplace_back(static_cast<size_t>(elements(tensor.shape) * size_of(tensor.type)));
  }
  return buffers;
}

// Random bytes, and numbers between -4 and 4 for float inputs.
inline Buffers random_inputs(const Graph& graph, Random& random) {
  Buffers buffers = buffers_of(graph, graph.inputs);
  for (size_t i = 0; i < buffers.size(); ++i) {
    if (graph.tensor(graph.inputs[i].tensor).type == DataType::kFloat32) {
      auto* values = reinterpret_cast<float*>(buffers[i].data());
      for (size_t k = 0; k < buffers[i].size() / sizeof(float); ++k) {
        values[k] = static_cast<float>(random.uniform() * 8 - 4);
      }
    } else {
      for (std::byte& byte : buffers[i]) byte = static_cast<std::byte>(random.below(256));
    }
  }
  return buffers;
}

inline std::vector<std::span<const std::byte>> read_spans(const Buffers& buffers) {
  return {buffers.begin(), buffers.end()};
}
inline std::vector<std::span<std::byte>> write_spans(Buffers& buffers) {
  return {buffers.begin(), buffers.end()};
}

inline Buffers interpret(const Graph& graph, const Buffers& inputs) {
  Buffers outputs = buffers_of(graph, graph.outputs);
  const auto interpreter = Interpreter::create(graph);
  EXPECT_TRUE(interpreter.ok()) << interpreter.status();
  if (!interpreter.ok()) return outputs;
  const absl::Status status = interpreter->run(read_spans(inputs), write_spans(outputs));
  EXPECT_TRUE(status.ok()) << status;
  return outputs;
}

// With several threads, every step that has parts is split, however short it is.
inline std::unique_ptr<Session> session_of(const AlignedBytes& plan, Isa isa,
                                           uint64_t threads = 1) {
  std::unique_ptr<Session> session;
  SessionOptions options{.isa = isa};
  options.threads = std::min(threads, Session::most_threads());
  options.shortest_part = 0;
  const EngineError error = Session::create(plan.bytes(), options, session);
  EXPECT_TRUE(error.ok()) << error.message;
  return session;
}

inline Buffers run_session(Session& session, const Graph& graph, const Buffers& inputs) {
  Buffers outputs = buffers_of(graph, graph.outputs);
  EXPECT_EQ(session.run(read_spans(inputs), write_spans(outputs)), EngineCode::kOk);
  return outputs;
}

// A session runs twice: the second time its arena holds what the first left behind. Once on one
// thread and once on 2, 3 or 4.
inline void expect_sessions_equal_interpreter(const Graph& graph,
                                              std::span<const int64_t> arena_budgets,
                                              uint64_t seed) {
  Random random(seed);
  const Buffers inputs[] = {random_inputs(graph, random), random_inputs(graph, random)};
  const Buffers expected[] = {interpret(graph, inputs[0]), interpret(graph, inputs[1])};
  for (const int64_t budget : arena_budgets) {
    const auto bytes = build_plan(graph, {.arena_bytes = budget});
    ASSERT_TRUE(bytes.ok()) << bytes.status() << "\n" << to_string(graph);
    const AlignedBytes plan(*bytes);
    for (const Isa isa : isas()) {
      if (!available(isa)) continue;
      for (const uint64_t threads : {uint64_t{1}, 2 + random.below(3)}) {
        const auto session = session_of(plan, isa, threads);
        ASSERT_NE(session, nullptr) << to_string(graph);
        for (int run = 0; run < 2; ++run) {
          ASSERT_TRUE(run_session(*session, graph, inputs[run]) == expected[run])
              << name(isa) << ", arena of " << budget << " bytes, " << threads << " threads\n"
              << to_string(graph);
        }
      }
    }
  }
}

}  // namespace durward
