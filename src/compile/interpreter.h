// Runs a graph, float or quantised or with float islands, over the reference kernels: what it
// computes for int8 is by definition right (docs/numerics.md). Plain and portable rather than fast.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"

namespace durward {

class Interpreter {
 public:
  // Called after each node with each of its outputs, while their memory is still valid.
  using Observer = std::function<void(TensorId tensor, std::span<const std::byte> bytes)>;

  // Prepares every node; keeps what it needs of the graph, which may then go away. Errors:
  // Unimplemented with every node that has no kernel, InvalidArgument for a node that is not valid,
  // ResourceExhausted where the activations need more than 16 GiB.
  [[nodiscard]] static absl::StatusOr<Interpreter> create(const Graph& graph);

  // One span per port, in the graph's order, each elements(shape) * size_of(type) bytes of the IR's
  // layout (NHWC). Safe to call from several threads at once: each call has its own memory.
  // InvalidArgument on a wrong count or size, ResourceExhausted when memory runs out.
  [[nodiscard]] absl::Status run(std::span<const std::span<const std::byte>> inputs,
                                 std::span<const std::span<std::byte>> outputs,
                                 const Observer& observer = nullptr) const;

  // Bytes of activations and scratch memory that one call of run() uses.
  [[nodiscard]] size_t arena_bytes() const;

  Interpreter(Interpreter&&) noexcept;
  Interpreter& operator=(Interpreter&&) noexcept;
  ~Interpreter();

 private:
  struct Program;
  explicit Interpreter(std::unique_ptr<const Program> program);
  std::unique_ptr<const Program> program_;
};

}  // namespace durward
