// A graph compiled for our engine, without a file between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/status.h"
#include "engine/program.h"
#include "graph/graph.h"
#include "runtimes/runtime.h"

namespace durward {

// Copies share the plan; models keep it alive.
class CompiledGraph {
 public:
  // The graph, quantised or float or mixed, as a plan whose arena is at most `arena_bytes` where it
  // can be (PlanOptions). Errors: those of build_plan.
  [[nodiscard]] static absl::StatusOr<CompiledGraph> create(const Graph& graph,
                                                            int64_t arena_bytes);

  // A model of its own. Its ports are the graph's, in the IR's layout (NHWC). Errors: those of
  // Session::create.
  [[nodiscard]] absl::StatusOr<std::unique_ptr<RuntimeModel>> load(
      const RuntimeOptions& options) const;

  [[nodiscard]] size_t bytes() const { return bytes_; }  // of the serialised plan

 private:
  std::shared_ptr<const AlignedMemory> plan_;
  size_t bytes_ = 0;
};

}  // namespace durward
