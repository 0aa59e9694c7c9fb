#include "formats/onnx/node_view.h"

namespace durward {

const std::string& NodeView::name() const {
  if (!node_.name().empty() || node_.output_size() == 0) return node_.name();
  return node_.output(0);
}

std::string NodeView::where() const { return absl::StrCat(op(), " node '", name(), "'"); }

bool NodeView::has_input(int index) const {
  return index < node_.input_size() && !node_.input(index).empty();
}

bool NodeView::has_output(int index) const {
  return index < node_.output_size() && !node_.output(index).empty();
}

int64_t NodeView::get_int(std::string_view name, int64_t fallback) const {
  const onnx::AttributeProto* attribute = find(name, onnx::AttributeProto::INT);
  return attribute == nullptr ? fallback : attribute->i();
}

float NodeView::get_float(std::string_view name, float fallback) const {
  const onnx::AttributeProto* attribute = find(name, onnx::AttributeProto::FLOAT);
  return attribute == nullptr ? fallback : attribute->f();
}

std::string NodeView::get_string(std::string_view name, std::string_view fallback) const {
  const onnx::AttributeProto* attribute = find(name, onnx::AttributeProto::STRING);
  return attribute == nullptr ? std::string(fallback) : attribute->s();
}

std::vector<int64_t> NodeView::get_ints(std::string_view name,
                                        std::vector<int64_t> fallback) const {
  const onnx::AttributeProto* attribute = find(name, onnx::AttributeProto::INTS);
  if (attribute == nullptr) return fallback;
  return {attribute->ints().begin(), attribute->ints().end()};
}

std::vector<float> NodeView::get_floats(std::string_view name) const {
  const onnx::AttributeProto* attribute = find(name, onnx::AttributeProto::FLOATS);
  if (attribute == nullptr) return {};
  return {attribute->floats().begin(), attribute->floats().end()};
}

std::vector<std::string> NodeView::get_strings(std::string_view name) const {
  const onnx::AttributeProto* attribute = find(name, onnx::AttributeProto::STRINGS);
  if (attribute == nullptr) return {};
  return {attribute->strings().begin(), attribute->strings().end()};
}

const onnx::GraphProto* NodeView::get_graph(std::string_view name) const {
  const onnx::AttributeProto* attribute = find(name, onnx::AttributeProto::GRAPH);
  return attribute == nullptr ? nullptr : &attribute->g();
}

const onnx::TensorProto* NodeView::get_tensor(std::string_view name) const {
  const onnx::AttributeProto* attribute = find(name, onnx::AttributeProto::TENSOR);
  return attribute == nullptr ? nullptr : &attribute->t();
}

absl::Status NodeView::invalid(std::string_view message) const {
  return absl::InvalidArgumentError(absl::StrCat(where(), ": ", std::string(message)));
}

absl::Status NodeView::unimplemented(std::string_view message) const {
  return absl::UnimplementedError(std::string(message));
}

const onnx::AttributeProto* NodeView::find(std::string_view name) const {
  for (const onnx::AttributeProto& attribute : node_.attribute()) {
    if (attribute.name() == name) return &attribute;
  }
  return nullptr;
}

const onnx::AttributeProto* NodeView::find(std::string_view name,
                                           onnx::AttributeProto::AttributeType type) const {
  const onnx::AttributeProto* attribute = find(name);
  if (attribute == nullptr || attribute->type() == type) return attribute;
  if (status_.ok()) {
    status_ = invalid(absl::StrCat("attribute '", std::string(name), "' should be of type ",
                                   onnx::AttributeProto::AttributeType_Name(type)));
  }
  return nullptr;
}

}  // namespace durward
