#include "compile/interpreter.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <utility>

#include "compile/arena.h"
#include "compile/lower/lower.h"

namespace durward {
namespace {

constexpr int64_t kMaxArenaBytes = int64_t{16} << 30;

// Where a tensor's bytes are: in the arena, in a constant, or in the caller's input or output.
struct Location {
  enum class Kind : uint8_t { kNone, kArena, kConstant, kInput };
  Kind kind = Kind::kNone;
  size_t index = 0;  // arena offset, or number of the constant or input
};

struct PlacedCall {
  KernelCall call;
  std::vector<Location> inputs;
  size_t output = 0;  // arena offset
};

struct PlacedOutput {
  TensorId id;
  size_t offset = 0, bytes = 0;  // in the arena
};

// A node.
struct Step {
  std::vector<PlacedCall> calls;
  std::vector<PlacedOutput> outputs;
};

// Memory that is given back to the list it came from, for the next run.
struct ArenaMemory {
  explicit ArenaMemory(size_t bytes)
      : data(static_cast<std::byte*>(
            ::operator new(bytes, std::align_val_t{kArenaAlignment}, std::nothrow))) {}
  ~ArenaMemory() { ::operator delete(data, std::align_val_t{kArenaAlignment}); }
  ArenaMemory(const ArenaMemory&) = delete;
  ArenaMemory& operator=(const ArenaMemory&) = delete;
  std::byte* data;
};

class ArenaPool {
 public:
  std::unique_ptr<ArenaMemory> take(size_t bytes) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!free_.empty()) {
        std::unique_ptr<ArenaMemory> memory = std::move(free_.back());
        free_.pop_back();
        return memory;
      }
    }
    return std::make_unique<ArenaMemory>(bytes);
  }
  void give(std::unique_ptr<ArenaMemory> memory) {
    const std::lock_guard<std::mutex> lock(mutex_);
    free_.push_back(std::move(memory));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<ArenaMemory>> free_;
};

size_t bytes_of(const Tensor& tensor) {
  return static_cast<size_t>(elements(tensor.shape) * size_of(tensor.type));
}

absl::Status check_ports(std::string_view direction, const std::vector<size_t>& expected,
                         const std::vector<size_t>& found) {
  if (expected == found) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "the graph has ", std::string(direction), "s of (", absl::StrJoin(expected, ", "),
      ") bytes, but was given (", absl::StrJoin(found, ", "), ")"));
}

template <typename Spans>
std::vector<size_t> sizes(const Spans& spans) {
  std::vector<size_t> result;
  for (const auto& span : spans) result.push_back(span.size());
  return result;
}

}  // namespace

struct Interpreter::Program {
  std::vector<Step> steps;
  std::vector<Buffer> constants;
  std::vector<size_t> input_bytes, output_bytes;
  std::vector<Location> outputs;
  size_t scratch_offset = 0;
  size_t arena_bytes = 0;
  mutable ArenaPool pool;
};

Interpreter::Interpreter(std::unique_ptr<const Program> program) : program_(std::move(program)) {}
Interpreter::Interpreter(Interpreter&&) noexcept = default;
Interpreter& Interpreter::operator=(Interpreter&&) noexcept = default;
Interpreter::~Interpreter() = default;

size_t Interpreter::arena_bytes() const { return program_->arena_bytes; }

absl::StatusOr<Interpreter> Interpreter::create(const Graph& graph) {
  DURWARD_RETURN_IF_ERROR(verify(graph));
  auto program = std::make_unique<Program>();
  std::map<TensorId, Location> locations;
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    locations[graph.inputs[i].tensor] = {Location::Kind::kInput, i};
    program->input_bytes.push_back(bytes_of(graph.tensor(graph.inputs[i].tensor)));
  }
  const std::vector<NodeId> order = graph.topological_order();

  // Every node that cannot run is named, not only the first.
  std::vector<std::string> unsupported;
  std::vector<LoweredCalls> lowered;
  size_t scratch = 0;
  for (const NodeId id : order) {
    absl::StatusOr<LoweredCalls> calls = lower(graph, id);
    if (calls.status().code() == absl::StatusCode::kUnimplemented) {
      unsupported.emplace_back(calls.status().message());
      continue;
    }
    DURWARD_RETURN_IF_ERROR(calls.status());
    for (const LoweredCall& call : *calls) scratch = std::max(scratch, scratch_bytes(call.call));
    lowered.push_back(*std::move(calls));
  }
  if (!unsupported.empty()) return absl::UnimplementedError(absl::StrJoin(unsupported, "; "));

  ArenaPlanner planner;
  std::map<TensorId, size_t> block;
  std::map<TensorId, size_t> last_use;
  for (size_t i = 0; i < order.size(); ++i) {
    for (const TensorId input : graph.node(order[i]).inputs) last_use[input] = i;
    for (const TensorId output : graph.node(order[i]).outputs) last_use[output] = i;
  }
  for (const Port& port : graph.outputs) last_use[port.tensor] = order.size();
  for (size_t i = 0; i < order.size(); ++i) {
    for (const TensorId output : graph.node(order[i]).outputs) {
      block[output] = planner.add(bytes_of(graph.tensor(output)), i, last_use[output]);
    }
  }
  // What a node's calls leave for each other lives as long as the node runs; by node and call.
  std::map<std::pair<size_t, int>, size_t> results;
  for (size_t i = 0; i < order.size(); ++i) {
    for (size_t k = 0; k < lowered[i].size(); ++k) {
      const LoweredCall& call = lowered[i][k];
      if (call.output.valid()) continue;
      const auto bytes = static_cast<size_t>(call.result_elements * size_of(call.result_type));
      results[{i, static_cast<int>(k)}] = planner.add(bytes, i, i);
    }
  }
  DURWARD_RETURN_IF_ERROR(planner.plan(kMaxArenaBytes - static_cast<int64_t>(scratch)));
  program->scratch_offset = planner.total_bytes();
  program->arena_bytes = planner.total_bytes() + scratch;
  for (const auto& [tensor, index] : block) {
    locations[tensor] = {Location::Kind::kArena, planner.offset(index)};
  }
  const auto keep = [&program](Buffer constant) -> Location {
    program->constants.push_back(std::move(constant));
    return {Location::Kind::kConstant, program->constants.size() - 1};
  };
  const auto locate = [&](TensorId id) -> Location {
    const auto found = locations.find(id);
    if (found != locations.end()) return found->second;
    return locations[id] = keep(graph.tensor(id).data);
  };
  const auto place = [&](size_t node, const Operand& operand) -> Location {
    if (operand.constant != nullptr) return keep(operand.constant);
    if (operand.call >= 0) {
      return {Location::Kind::kArena, planner.offset(results.at({node, operand.call}))};
    }
    return operand.tensor.valid() ? locate(operand.tensor) : Location{};
  };
  for (size_t i = 0; i < order.size(); ++i) {
    Step step;
    for (size_t k = 0; k < lowered[i].size(); ++k) {
      const LoweredCall& call = lowered[i][k];
      const size_t output = call.output.valid()
                                ? locations[call.output].index
                                : planner.offset(results.at({i, static_cast<int>(k)}));
      PlacedCall placed{call.call, {}, output};
      for (const Operand& input : call.inputs) placed.inputs.push_back(place(i, input));
      step.calls.push_back(std::move(placed));
    }
    for (const TensorId output : graph.node(order[i]).outputs) {
      step.outputs.push_back({output, locations[output].index, bytes_of(graph.tensor(output))});
    }
    program->steps.push_back(std::move(step));
  }
  for (const Port& port : graph.outputs) {
    program->outputs.push_back(locate(port.tensor));
    program->output_bytes.push_back(bytes_of(graph.tensor(port.tensor)));
  }
  return Interpreter(std::move(program));
}

absl::Status Interpreter::run(std::span<const std::span<const std::byte>> inputs,
                              std::span<const std::span<std::byte>> outputs,
                              const Observer& observer) const {
  DURWARD_RETURN_IF_ERROR(check_ports("input", program_->input_bytes, sizes(inputs)));
  DURWARD_RETURN_IF_ERROR(check_ports("output", program_->output_bytes, sizes(outputs)));
  std::unique_ptr<ArenaMemory> memory =
      program_->pool.take(std::max<size_t>(program_->arena_bytes, 1));
  if (memory->data == nullptr) {
    return absl::ResourceExhaustedError(
        absl::StrCat("no memory for ", program_->arena_bytes, " bytes of activations"));
  }
  std::byte* const arena = memory->data;
  const auto address = [&](const Location& location) -> const std::byte* {
    switch (location.kind) {
      case Location::Kind::kArena:
        return arena + location.index;
      case Location::Kind::kConstant:
        return program_->constants[location.index]->data();
      case Location::Kind::kInput:
        return inputs[location.index].data();
      case Location::Kind::kNone:
        break;
    }
    return nullptr;
  };
  std::vector<const std::byte*> in;
  for (const Step& step : program_->steps) {
    for (const PlacedCall& placed : step.calls) {
      in.clear();
      for (const Location& location : placed.inputs) in.push_back(address(location));
      execute(placed.call, {in, arena + placed.output, arena + program_->scratch_offset});
    }
    if (!observer) continue;
    for (const PlacedOutput& output : step.outputs) {
      observer(output.id, {arena + output.offset, output.bytes});
    }
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].empty()) continue;
    std::memcpy(outputs[i].data(), address(program_->outputs[i]), outputs[i].size());
  }
  program_->pool.give(std::move(memory));
  return absl::OkStatus();
}

}  // namespace durward
