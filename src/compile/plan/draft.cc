#include "compile/plan/draft.h"

#include <absl/strings/str_join.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace durward {
namespace {

PlanType plan_type(DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return PlanType::kFloat32;
    case DataType::kInt8:
      return PlanType::kInt8;
    case DataType::kUInt8:
      return PlanType::kUInt8;
    case DataType::kInt16:
    case DataType::kFloat16:  // moved, not computed with
      return PlanType::kInt16;
    case DataType::kInt32:
      return PlanType::kInt32;
    case DataType::kInt64:
      return PlanType::kInt64;
    case DataType::kBool:
      break;
  }
  return PlanType::kBool;
}

uint64_t bytes_of(const Tensor& tensor) {
  return static_cast<uint64_t>(elements(tensor.shape) * size_of(tensor.type));
}

// A copy of all bytes in order, which need not be made.
bool is_whole_copy(const KernelCall& call, uint64_t bytes) {
  const auto* copy = std::get_if<CopyCall>(&call);
  if (copy == nullptr) return false;
  const StridedCopy& c = copy->copy;
  return c.first_a == 0 && c.first_b == 0 && c.loop.rank == 1 &&
         (c.loop.dims[0] == 1 || (c.loop.stride_a[0] == 1 && c.loop.stride_b[0] == 1)) &&
         static_cast<uint64_t>(c.loop.dims[0] * c.element_bytes) == bytes;
}

class Drafter {
 public:
  explicit Drafter(const Graph& graph) : graph_(graph) {}

  absl::StatusOr<PlanDraft> draft() {
    for (const Port& port : graph_.inputs) {
      const int32_t index = add_tensor(port.tensor, PlanTensor::Place::kInput);
      draft_.tensor(index).offset = draft_.plan.inputs.size();
      draft_.plan.inputs.push_back(index);
    }
    add_outputs();
    DURWARD_RETURN_IF_ERROR(add_calls());
    copy_outputs_made_elsewhere();
    return std::move(draft_);
  }

 private:
  int32_t add_tensor(TensorId id, PlanTensor::Place place) {
    const Tensor& tensor = graph_.tensor(id);
    PlanTensor added;
    added.name = tensor.name;
    added.type = plan_type(tensor.type);
    added.place = place;
    added.shape = tensor.shape;
    added.bytes = bytes_of(tensor);
    if (tensor.type == DataType::kInt8 && tensor.quant && !tensor.quant->per_axis()) {
      added.scale = tensor.quant->scales[0];
      added.zero_point = tensor.quant->zero_points[0];
    }
    draft_.plan.tensors.push_back(std::move(added));
    return tensors_[id] = static_cast<int32_t>(draft_.plan.tensors.size()) - 1;
  }

  // A graph output is written where the caller wants it, if a call makes it and it is given out
  // once.
  void add_outputs() {
    for (const Port& port : graph_.outputs) {
      const bool made = graph_.producer(port.tensor).valid() && !tensors_.contains(port.tensor);
      const auto known = tensors_.find(port.tensor);
      const int32_t before = known == tensors_.end() ? -1 : known->second;
      const int32_t index = add_tensor(port.tensor, PlanTensor::Place::kOutput);
      draft_.tensor(index).offset = draft_.plan.outputs.size();
      draft_.plan.outputs.push_back(index);
      if (made) continue;
      if (before >= 0) tensors_[port.tensor] = before;
      if (before < 0) tensors_.erase(port.tensor);
      copied_outputs_.push_back({port.tensor, index});
    }
  }

  void copy_outputs_made_elsewhere() {
    for (const auto& [id, output] : copied_outputs_) {
      if (draft_.tensor(output).bytes == 0) continue;
      CopyCall copy;
      copy.copy.loop.dims[0] = static_cast<int64_t>(draft_.tensor(output).bytes);
      copy.copy.loop.stride_a[0] = copy.copy.loop.stride_b[0] = 1;
      draft_.plan.calls.push_back({copy, graph_.tensor(id).name, {tensor_of(id)}, output});
    }
  }

  absl::Status add_calls() {
    std::vector<std::string> unsupported;
    for (const NodeId id : graph_.topological_order()) {
      absl::StatusOr<std::vector<LoweredCall>> calls = lower(graph_, id);
      if (calls.status().code() == absl::StatusCode::kUnimplemented) {
        unsupported.emplace_back(calls.status().message());
        continue;
      }
      DURWARD_RETURN_IF_ERROR(calls.status());
      results_.clear();
      for (LoweredCall& call : *calls) add_call(graph_.node(id), std::move(call));
    }
    if (unsupported.empty()) return absl::OkStatus();
    return absl::UnimplementedError(absl::StrJoin(unsupported, "; "));
  }

  void add_call(const Node& node, LoweredCall call) {
    if (may_share(call)) {
      tensors_[call.output] = tensor_of(call.inputs[0].tensor);
      results_.push_back(tensors_[call.output]);
      return;
    }
    PlanCall added;
    added.call = call.call;
    added.name = node.name;
    for (const Operand& operand : call.inputs) {
      added.inputs.push_back(input_of(operand));
    }
    while (!added.inputs.empty() && added.inputs.back() < 0) added.inputs.pop_back();
    added.output = output_of(node, call);
    results_.push_back(added.output);
    draft_.plan.calls.push_back(std::move(added));
  }

  int32_t input_of(const Operand& operand) {
    if (operand.constant != nullptr) return constant(operand.constant);
    if (operand.call >= 0) return results_[static_cast<size_t>(operand.call)];
    return operand.tensor.valid() ? tensor_of(operand.tensor) : -1;
  }

  int32_t output_of(const Node& node, const LoweredCall& call) {
    if (!call.output.valid()) {
      PlanTensor added;
      added.name = node.name;
      added.type = plan_type(call.result_type);
      added.shape = {call.result_elements};
      added.bytes = static_cast<uint64_t>(call.result_elements * size_of(call.result_type));
      draft_.plan.tensors.push_back(std::move(added));
      return static_cast<int32_t>(draft_.plan.tensors.size()) - 1;
    }
    const auto known = tensors_.find(call.output);
    return known != tensors_.end() ? known->second
                                   : add_tensor(call.output, PlanTensor::Place::kArena);
  }

  [[nodiscard]] bool may_share(const LoweredCall& call) const {
    if (!call.output.valid() || tensors_.contains(call.output)) return false;
    if (!call.inputs[0].tensor.valid()) return false;
    const bool table = call.inputs.size() > 1 && call.inputs[1].constant != nullptr;
    return !table && is_whole_copy(call.call, bytes_of(graph_.tensor(call.output)));
  }

  int32_t tensor_of(TensorId id) {
    const auto known = tensors_.find(id);
    if (known != tensors_.end()) return known->second;
    const Tensor& tensor = graph_.tensor(id);
    // What no call makes and is no constant is empty.
    if (!tensor.constant()) return add_tensor(id, PlanTensor::Place::kArena);
    const int32_t index = add_tensor(id, PlanTensor::Place::kConstant);
    place_constant(index, tensor.data);
    return index;
  }

  int32_t constant(const Buffer& data) {
    PlanTensor added;
    added.type = PlanType::kInt8;
    added.place = PlanTensor::Place::kConstant;
    added.shape = {static_cast<int64_t>(data->size())};
    added.bytes = data->size();
    draft_.plan.tensors.push_back(std::move(added));
    const auto index = static_cast<int32_t>(draft_.plan.tensors.size()) - 1;
    place_constant(index, data);
    return index;
  }

  // Constants that are the same bytes are stored once.
  void place_constant(int32_t index, const Buffer& data) {
    const std::string key(reinterpret_cast<const char*>(data->data()), data->size());
    const auto [place, added] = constants_.try_emplace(key, draft_.constants.size());
    if (added) {
      draft_.constants.insert(draft_.constants.end(), data->begin(), data->end());
      draft_.constants.resize((draft_.constants.size() + kPlanAlignment - 1) / kPlanAlignment *
                              kPlanAlignment);
    }
    draft_.tensor(index).offset = place->second;
  }

  const Graph& graph_;
  PlanDraft draft_;
  std::map<TensorId, int32_t> tensors_;
  std::vector<int32_t> results_;  // of the node's calls so far
  std::map<std::string, uint64_t> constants_;
  std::vector<std::pair<TensorId, int32_t>> copied_outputs_;
};

OptionalAdd* fused_add(KernelCall& call) {
  if (auto* conv = std::get_if<Conv2DInt8Call>(&call)) return &conv->fused;
  if (auto* depthwise = std::get_if<DepthwiseInt8Call>(&call)) return &depthwise->fused;
  return nullptr;
}

// Both operands element by element, none repeated.
bool is_plain(const LoopNest& loop) {
  return loop.rank == 1 && loop.stride_a[0] == 1 && loop.stride_b[0] == 1;
}

class AddFusion {
 public:
  explicit AddFusion(PlanDraft& draft) : draft_(draft) {
    for (size_t i = 0; i < calls().size(); ++i) {
      producers_[calls()[i].output] = i;  // the last, where several write parts of it
      for (const int32_t input : calls()[i].inputs) ++uses_[input];
    }
  }

  void run() {
    for (size_t i = 0; i < calls().size(); ++i) {
      const auto* add = std::get_if<AddInt8Call>(&calls()[i].call);
      if (add == nullptr || !is_plain(add->parameters.loop)) continue;
      if (!fuse(i, 0)) fuse(i, 1);
    }
    std::erase_if(calls(), [](const PlanCall& call) { return call.output < 0; });
  }

 private:
  std::vector<PlanCall>& calls() { return draft_.plan.calls; }

  // Folds the add into the layer that makes its operand `side`.
  bool fuse(size_t add_index, size_t side) {
    PlanCall& add = calls()[add_index];
    const int32_t result = add.inputs[side], addend = add.inputs[1 - side];
    const auto producer = producers_.find(result);
    if (producer == producers_.end() || uses_[result] != 1 || result == addend) return false;
    if (draft_.tensor(result).place != PlanTensor::Place::kArena) return false;
    PlanCall& layer = calls()[producer->second];
    OptionalAdd* fused = fused_add(layer.call);
    if (fused == nullptr || fused->present) return false;
    const auto addend_made = producers_.find(addend);
    if (addend_made != producers_.end() && addend_made->second >= producer->second) return false;
    const AddInt8& p = std::get<AddInt8Call>(add.call).parameters;
    const bool first = side == 0;
    *fused = {true,
              {first ? p.zero_point_a : p.zero_point_b, first ? p.zero_point_b : p.zero_point_a,
               first ? p.multiplier_a : p.multiplier_b, first ? p.multiplier_b : p.multiplier_a,
               p.output}};
    layer.inputs.resize(5, -1);
    layer.inputs.push_back(addend);
    layer.output = add.output;
    producers_[add.output] = producer->second;
    add.output = -1;  // removed in the end
    return true;
  }

  PlanDraft& draft_;
  std::map<int32_t, size_t> producers_;
  std::map<int32_t, int> uses_;
};

}  // namespace

void drop_unused_tensors(Plan& plan) {
  std::vector<bool> used(plan.tensors.size());
  for (size_t t = 0; t < used.size(); ++t) {
    used[t] = plan.tensors[t].place != PlanTensor::Place::kArena;
  }
  for (const PlanCall& call : plan.calls) {
    used[static_cast<size_t>(call.output)] = true;
    for (const int32_t input : call.inputs) {
      if (input >= 0) used[static_cast<size_t>(input)] = true;
    }
  }
  std::vector<int32_t> renumbered;
  std::vector<PlanTensor> kept;
  for (size_t t = 0; t < used.size(); ++t) {
    renumbered.push_back(static_cast<int32_t>(kept.size()));
    if (used[t]) kept.push_back(std::move(plan.tensors[t]));
  }
  plan.tensors = std::move(kept);
  const auto renumber = [&renumbered](std::vector<int32_t>& tensors) {
    for (int32_t& t : tensors) {
      if (t >= 0) t = renumbered[static_cast<size_t>(t)];
    }
  };
  renumber(plan.inputs);
  renumber(plan.outputs);
  for (PlanCall& call : plan.calls) {
    renumber(call.inputs);
    call.output = renumbered[static_cast<size_t>(call.output)];
  }
}

absl::StatusOr<PlanDraft> draft_plan(const Graph& graph) { return Drafter(graph).draft(); }

void fuse_adds(PlanDraft& draft) {
  AddFusion(draft).run();
  drop_unused_tensors(draft.plan);
}

}  // namespace durward
