// LSTM and GRU in their forms: the model, read and written again, gives in ONNX Runtime what the
// original gives, and so do the reference kernels.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "compile/interpreter.h"
#include "formats/onnx/onnx_model.h"
#include "formats/onnx/onnxruntime_values.h"
#include "formats/onnx/reader.h"
#include "formats/onnx/writer.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kSteps = 5, kBatch = 2, kInputs = 3, kHidden = 4;

struct Form {
  std::string op = "LSTM", direction = "forward";
  bool bias = true, states = true, lengths = false, linear_before_reset = false;
  bool batch_first = false;  // ONNX Runtime has no such layout: only the shapes are looked at
};

std::ostream& operator<<(std::ostream& out, const Form& form) {
  return out << form.op << " " << form.direction << (form.bias ? " bias" : "")
             << (form.states ? " states" : "") << (form.lengths ? " lengths" : "")
             << (form.linear_before_reset ? " linear before reset" : "");
}

std::vector<float> wave(int64_t count, double step) {
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) {
    values.push_back(static_cast<float>(0.6 * std::sin(step * static_cast<double>(i + 1))));
  }
  return values;
}

OnnxModel model_of(const Form& form) {
  const bool lstm = form.op == "LSTM";
  const int64_t directions = form.direction == "bidirectional" ? 2 : 1;
  const int64_t rows = (lstm ? 4 : 3) * kHidden;
  OnnxModel model(14);
  const auto shape = [&](std::vector<int64_t> plain, std::vector<int64_t> batch_first) {
    return form.batch_first ? batch_first : plain;
  };
  const auto state_shape = shape({directions, kBatch, kHidden}, {kBatch, directions, kHidden});
  model.input("x", shape({kSteps, kBatch, kInputs}, {kBatch, kSteps, kInputs}));
  model.floats("w", {directions, rows, kInputs}, wave(directions * rows * kInputs, 0.7));
  model.floats("r", {directions, rows, kHidden}, wave(directions * rows * kHidden, 1.1));
  std::vector<std::string> inputs{"x", "w", "r", "", ""};
  if (form.bias) {
    model.floats("b", {directions, 2 * rows}, wave(directions * 2 * rows, 1.7));
    inputs[3] = "b";
  }
  if (form.lengths) {
    model.constant<int32_t>("lengths", onnx::TensorProto::INT32, {kBatch}, {kSteps, kSteps});
    inputs[4] = "lengths";
  }
  if (form.states) {
    model.input("h", state_shape);
    inputs.emplace_back("h");
    if (lstm) {
      model.input("c", state_shape);
      inputs.emplace_back("c");
    }
  }
  while (inputs.back().empty()) inputs.pop_back();
  std::vector<std::string> outputs{"y", "y_h"};
  if (lstm) outputs.emplace_back("y_c");
  OnnxNode node = model.node(form.op, inputs, outputs).name("memory");
  node.set("hidden_size", kHidden).set_text("direction", form.direction);
  if (!lstm) node.set("linear_before_reset", int64_t{form.linear_before_reset});
  if (form.batch_first) node.set("layout", int64_t{1});
  model.output("y",
               shape({kSteps, directions, kBatch, kHidden}, {kBatch, kSteps, directions, kHidden}));
  for (size_t i = 1; i < outputs.size(); ++i) model.output(outputs[i], state_shape);
  return model;
}

absl::StatusOr<Values> interpreted(const Graph& graph, const Values& inputs) {
  DURWARD_ASSIGN_OR_RETURN(const Interpreter interpreter, Interpreter::create(graph));
  std::vector<std::span<const std::byte>> in;
  for (const auto& input : inputs) in.push_back(std::as_bytes(std::span(input)));
  Values outputs;
  for (const Port& port : graph.outputs) {
    outputs.emplace_back(static_cast<size_t>(elements(graph.tensor(port.tensor).shape)));
  }
  std::vector<std::span<std::byte>> out;
  for (auto& output : outputs) out.push_back(std::as_writable_bytes(std::span(output)));
  DURWARD_RETURN_IF_ERROR(interpreter.run(in, out));
  return outputs;
}

class RecurrentOnnx : public testing::TestWithParam<Form> {};

TEST_P(RecurrentOnnx, GivesTheSameAfterReadingAndWriting) {
  if (!onnxruntime_available()) GTEST_SKIP() << "needs ONNX Runtime";
  const std::string original = model_of(GetParam()).bytes();
  const auto graph = read_onnx(bytes_of(original));
  ASSERT_TRUE(graph.ok()) << graph.status();
  Values inputs;
  for (const Port& port : graph->inputs) {
    inputs.push_back(wave(elements(graph->tensor(port.tensor).shape), 0.9));
  }
  const auto expected = run_in_onnxruntime(bytes_of(original), inputs);
  ASSERT_TRUE(expected.ok()) << expected.status();
  const auto computed = interpreted(*graph, inputs);
  ASSERT_TRUE(computed.ok()) << computed.status();
  expect_close(*computed, *expected, 1e-5f);
  const auto written = write_onnx(*graph);
  ASSERT_TRUE(written.ok()) << written.status();
  const auto again = run_in_onnxruntime(bytes_of(*written), inputs);
  ASSERT_TRUE(again.ok()) << again.status();
  expect_close(*again, *expected, 1e-5f);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, RecurrentOnnx,
    testing::Values(Form{}, Form{.bias = false}, Form{.states = false}, Form{.lengths = true},
                    Form{.direction = "reverse"}, Form{.direction = "bidirectional"},
                    Form{.direction = "bidirectional", .states = false}, Form{.op = "GRU"},
                    Form{.op = "GRU", .linear_before_reset = true},
                    Form{.op = "GRU", .bias = false, .states = false},
                    Form{.op = "GRU", .direction = "reverse", .linear_before_reset = true},
                    Form{.op = "GRU", .direction = "bidirectional", .linear_before_reset = true}));

// [batch, steps, ...] holds the same numbers as [steps, batch, ...], transposed.
TEST(RecurrentOnnx, TakesTheBatchFirst) {
  for (const char* direction : {"forward", "bidirectional"}) {
    Form form{.direction = direction};
    const auto plain = read_onnx(bytes_of(model_of(form).bytes()));
    form.batch_first = true;
    const auto batch_first = read_onnx(bytes_of(model_of(form).bytes()));
    ASSERT_TRUE(plain.ok() && batch_first.ok()) << batch_first.status();
    const int64_t directions = form.direction == "forward" ? 1 : 2;
    // [outer, middle, inner] -> [middle, outer, inner]
    const auto swapped = [](const std::vector<float>& values, int64_t outer, int64_t middle) {
      const int64_t inner = static_cast<int64_t>(values.size()) / outer / middle;
      std::vector<float> result(values.size());
      for (int64_t i = 0; i < outer * middle * inner; ++i) {
        const int64_t o = i / inner / middle, m = i / inner % middle;
        result[static_cast<size_t>((m * outer + o) * inner + i % inner)] =
            values[static_cast<size_t>(i)];
      }
      return result;
    };
    const auto x = wave(kSteps * kBatch * kInputs, 0.9);
    const auto h = wave(directions * kBatch * kHidden, 0.4);
    const auto expected = interpreted(*plain, {x, h, h});
    ASSERT_TRUE(expected.ok()) << expected.status();
    const auto h_first = swapped(h, directions, kBatch);
    const auto found = interpreted(*batch_first, {swapped(x, kSteps, kBatch), h_first, h_first});
    ASSERT_TRUE(found.ok()) << found.status();
    // y is [steps, directions, batch, hidden] there and [batch, steps, directions, hidden] here.
    EXPECT_EQ((*found)[0], swapped((*expected)[0], kSteps * directions, kBatch));
    EXPECT_EQ((*found)[1], swapped((*expected)[1], directions, kBatch));
    EXPECT_EQ((*found)[2], swapped((*expected)[2], directions, kBatch));
  }
}

std::string refusal(const std::function<void(OnnxModel&, onnx::NodeProto&)>& change) {
  OnnxModel model = model_of({});
  change(model, *model.graph().mutable_node(0));
  return std::string(read_onnx(bytes_of(model.bytes())).status().message());
}

TEST(RecurrentOnnx, NamesWhatItDoesNotRead) {
  EXPECT_THAT(refusal([](OnnxModel& model, onnx::NodeProto& node) {
                model.floats("p", {1, 3 * kHidden}, wave(3 * kHidden, 1));
                node.add_input("p");
              }),
              HasSubstr("peepholes"));
  EXPECT_THAT(refusal([](OnnxModel&, onnx::NodeProto& node) { OnnxNode(&node).set("clip", 3.0f); }),
              HasSubstr("clip"));
  EXPECT_THAT(refusal([](OnnxModel&, onnx::NodeProto& node) {
                onnx::AttributeProto& named = *node.add_attribute();
                named.set_name("activations");
                named.set_type(onnx::AttributeProto::STRINGS);
                for (const char* name : {"Sigmoid", "Relu", "Tanh"}) named.add_strings(name);
              }),
              HasSubstr("'Relu'"));
  EXPECT_THAT(refusal([](OnnxModel& model, onnx::NodeProto& node) {
                model.constant<int32_t>("short", onnx::TensorProto::INT32, {kBatch}, {kSteps, 2});
                node.set_input(4, "short");
              }),
              HasSubstr("a sequence of 2 of 5 steps"));
  EXPECT_THAT(refusal([](OnnxModel& model, onnx::NodeProto& node) {
                model.input("computed", {1, 4 * kHidden, kInputs});
                node.set_input(1, "computed");
              }),
              HasSubstr("'computed' must be constant"));
}

TEST(RecurrentOnnx, RefusesSizesThatDoNotFit) {
  EXPECT_THAT(refusal([](OnnxModel&, onnx::NodeProto& node) {
                node.mutable_attribute(0)->set_i(int64_t{1} << 62);
              }),
              HasSubstr("hidden_size"));
  EXPECT_THAT(refusal([](OnnxModel&, onnx::NodeProto& node) {
                node.mutable_attribute(0)->set_i(int64_t{1} << 38);
              }),
              HasSubstr("'w' should be"));
  EXPECT_THAT(refusal([](OnnxModel&, onnx::NodeProto& node) { node.set_input(3, "w"); }),
              HasSubstr("'w' should be"));
  EXPECT_THAT(refusal([](OnnxModel&, onnx::NodeProto& node) { node.set_input(5, "x"); }),
              HasSubstr("initial state"));
}

TEST(RecurrentOnnx, RefusesToWriteIntegers) {
  Graph graph;
  const TensorId x = graph.add_tensor("x", DataType::kInt16, {2, 1, 3});
  graph.mutable_tensor(x).quant = QuantParams{{0.01f}, {0}, -1};
  graph.inputs.push_back({x, "x", PortLayout::kAsIs});
  const auto weights = [&](const std::string& name, Shape shape) {
    const std::vector<int8_t> values(static_cast<size_t>(elements(shape)), 1);
    const TensorId id = graph.add_constant(name, std::move(shape), std::span<const int8_t>(values));
    graph.mutable_tensor(id).quant =
        QuantParams{std::vector<float>(8, 0.1f), std::vector<int32_t>(8, 0), 0};
    return id;
  };
  const TensorId y = graph.add_tensor("y", DataType::kInt16, {2, 1, 2});
  graph.mutable_tensor(y).quant = QuantParams{{1.0f / 32768}, {0}, -1};
  graph.add_node(Lstm{2}, "layer", {x, weights("w", {8, 3}), weights("r", {8, 2})}, {y});
  graph.outputs.push_back({y, "y", PortLayout::kAsIs});
  ASSERT_TRUE(verify(graph).ok()) << verify(graph);
  OnnxWriteOptions options;
  options.opset = 21;
  const absl::Status status = write_onnx(graph, options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no LSTM in integers"));
}

}  // namespace
}  // namespace durward
