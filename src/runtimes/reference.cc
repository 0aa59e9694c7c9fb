#include "runtimes/reference.h"

#include "compile/interpreter.h"
#include "runtimes/ports.h"

namespace durward {
namespace {

class ReferenceModel final : public RuntimeModel {
 public:
  ReferenceModel(Interpreter interpreter, const Graph& graph)
      : interpreter_(std::move(interpreter)),
        inputs_(describe(graph, graph.inputs)),
        outputs_(describe(graph, graph.outputs)) {}

  [[nodiscard]] RuntimeKind kind() const override { return RuntimeKind::kReference; }
  [[nodiscard]] const std::vector<PortInfo>& inputs() const override { return inputs_; }
  [[nodiscard]] const std::vector<PortInfo>& outputs() const override { return outputs_; }

  [[nodiscard]] absl::Status run(std::span<const std::span<const std::byte>> inputs,
                                 std::span<const std::span<std::byte>> outputs) override {
    return interpreter_.run(inputs, outputs);
  }

  [[nodiscard]] absl::StatusOr<std::vector<OpRecord>> profile() override { return not_profiled(); }

 private:
  static std::vector<PortInfo> describe(const Graph& graph, const std::vector<Port>& ports) {
    std::vector<PortInfo> infos;
    for (const Port& port : ports) {
      const Tensor& tensor = graph.tensor(port.tensor);
      infos.push_back({port.name, tensor.type, tensor.shape, tensor.quant});
    }
    return infos;
  }

  Interpreter interpreter_;
  std::vector<PortInfo> inputs_, outputs_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RuntimeModel>> make_reference_model(const Graph& graph) {
  DURWARD_ASSIGN_OR_RETURN(Interpreter interpreter, Interpreter::create(graph));
  return std::make_unique<ReferenceModel>(std::move(interpreter), graph);
}

}  // namespace durward
