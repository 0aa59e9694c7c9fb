// The net that is trained computes what the exported model computes, integer for integer.
#include "tune/net.h"

#include <gmock/gmock.h>

#include <cmath>

#include "passes/passes.h"
#include "pipeline/calibration_set.h"
#include "pipeline/crops.h"
#include "pipeline/model_file.h"
#include "pipeline/quantized_models.h"
#include "quant/quantize.h"
#include "quant/small_nets.h"
#include "support/assets.h"

namespace durward {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Graph quantised(const Graph& graph, const std::vector<std::vector<float>>& inputs) {
  QuantizeOptions options;
  options.correct_bias = false;
  auto result = quantize(graph, calibrate_on(graph, inputs), options);
  EXPECT_TRUE(result.ok()) << result.status();
  return *std::move(result);
}

at::Tensor as_tensor(const std::vector<std::vector<float>>& inputs, Shape shape) {
  shape[0] = static_cast<int64_t>(inputs.size());
  at::Tensor tensor = at::empty(shape, at::kFloat);
  float* to = tensor.data_ptr<float>();
  for (const std::vector<float>& input : inputs) to = std::copy(input.begin(), input.end(), to);
  return tensor;
}

struct Compared {
  int64_t tensors = 0, elements = 0, unequal = 0;
};

// Every int8 activation of every input in the net and in the reference executor on `exported`,
// whose tensors have the names of `graph`, and the embeddings.
Compared compare(const TrainableNet& net, const Graph& graph, const Graph& exported,
                 const std::vector<std::vector<float>>& inputs) {
  const at::NoGradGuard no_gradients;
  std::map<std::string, at::Tensor> codes;
  const at::Tensor embeddings =
      net.embed(as_tensor(inputs, net.input_shape()), [&](TensorId id, const at::Tensor& seen) {
        codes[graph.tensor(id).name] = seen.contiguous();
      });
  const auto interpreter = Interpreter::create(exported);
  EXPECT_TRUE(interpreter.ok()) << interpreter.status();
  Compared compared;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const std::vector<float> output =
        run(*interpreter, exported, inputs[i], [&](TensorId id, std::span<const std::byte> bytes) {
          const Tensor& tensor = exported.tensor(id);
          const auto seen = codes.find(tensor.name);
          if (tensor.type != DataType::kInt8 || seen == codes.end()) return;
          ++compared.tensors;
          const float* code = seen->second.data_ptr<float>() + i * bytes.size();
          for (const std::byte byte : bytes) {
            ++compared.elements;
            compared.unequal += *code++ != static_cast<float>(static_cast<int8_t>(byte)) -
                                               static_cast<float>(tensor.quant->zero_points[0]);
          }
        });
    const float* embedding = embeddings.contiguous().data_ptr<float>() + i * output.size();
    for (size_t e = 0; e < output.size(); ++e) compared.unequal += embedding[e] != output[e];
  }
  return compared;
}

// As if training had taken some steps.
void move_parameters(const TrainableNet& net, double share) {
  const at::NoGradGuard no_gradients;
  Random random(11);
  for (const TrainableNet::Parameter& parameter : net.parameters()) {
    const bool is_scale = parameter.kind == TrainableNet::Kind::kScale ||
                          parameter.kind == TrainableNet::Kind::kSlope;
    at::Tensor flat = parameter.value.view({-1});
    for (int64_t i = 0; i < flat.numel(); ++i) {
      flat.data_ptr<float>()[i] +=
          static_cast<float>(share * (random.uniform() - 0.5) * (is_scale ? 0.2 : 4));
    }
  }
}

class EqualsTheExecutor : public ::testing::TestWithParam<Activation> {};

TEST_P(EqualsTheExecutor, BeforeTrainingAndAfter) {
  const Graph graph = inverted_residual(GetParam(), 8);
  const auto inputs = random_inputs(graph, 6, 21);
  const Graph before = quantised(graph, inputs);
  auto net = TrainableNet::create(graph, before);
  ASSERT_TRUE(net.ok()) << net.status();
  Compared compared = compare(*net, before, before, inputs);
  EXPECT_EQ(compared.unequal, 0);
  EXPECT_EQ(compared.tensors, 6 * 10);  // the input, the reshaped one and one for each other op

  move_parameters(*net, 1);
  EXPECT_GT(compare(*net, before, before, inputs).unequal, 0);
  const Graph after = quantised(net->trained_graph(), inputs);
  compared = compare(*net, before, after, inputs);
  EXPECT_EQ(compared.unequal, 0);
  EXPECT_EQ(compared.tensors, 6 * 10);
}

INSTANTIATE_TEST_SUITE_P(TrainableNet, EqualsTheExecutor,
                         ::testing::Values(Activation::kNone, Activation::kRelu, Activation::kRelu6,
                                           Activation::kPRelu));

TEST(TrainableNet, EqualsTheExecutorWhereSumsAreTooLargeForAFloat) {
  NetBuilder net_builder(3);
  const TensorId x = net_builder.input({1, 8, 8, 64});
  const TensorId flat = net_builder.op(Reshape{{1, 4096}}, {x});
  std::vector<float> weights(4 * 4096), bias(4, 0.1f);
  for (float& weight : weights)
    weight = static_cast<float>(0.9 + 0.1 * net_builder.random.uniform());
  net_builder.output(net_builder.op(
      FullyConnected{},
      {flat, net_builder.constant({4, 4096}, weights), net_builder.constant({4}, bias)}));
  std::vector<std::vector<float>> inputs = random_inputs(net_builder.graph, 3, 8);
  for (auto& input : inputs) {
    for (float& value : input) value = 1 + 0.1f * value;  // sums of some 4096 * 127 * 127
  }
  const Graph before = quantised(net_builder.graph, inputs);
  const auto net = TrainableNet::create(net_builder.graph, before);
  ASSERT_TRUE(net.ok()) << net.status();
  EXPECT_EQ(compare(*net, before, before, inputs).unequal, 0);
}

TEST(TrainableNet, NamesEveryNodeThatCannotBeTrained) {
  NetBuilder net(4);
  const TensorId x = net.input({1, 8, 8, 3});
  const TensorId bent = net.op(Unary{UnaryKind::kSigmoid}, {net.conv(x, 8, 3, Activation::kNone)});
  const TensorId mean = net.op(Reduce{ReduceKind::kMean, {1, 2}, false}, {bent});
  net.output(mean);
  const auto inputs = random_inputs(net.graph, 4, 2);
  const Graph int8 = quantised(net.graph, inputs);
  const auto made = TrainableNet::create(net.graph, int8);
  EXPECT_EQ(made.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(made.status().message()),
              AllOf(HasSubstr("Sigmoid"), HasSubstr("Reduce")));
}

TEST(TrainableNet, RefusesAModelThatMakesNoEmbedding) {
  NetBuilder net(4);
  net.output(net.conv(net.input({1, 8, 8, 3}), 8, 3, Activation::kNone));
  const Graph int8 = quantised(net.graph, random_inputs(net.graph, 4, 2));
  const auto made = TrainableNet::create(net.graph, int8);
  EXPECT_EQ(made.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(made.status().message()), HasSubstr("1x8x8x8"));
}

struct RealModel {
  const char* file;
  const char* preset;
};

class RealModels : public ::testing::TestWithParam<RealModel> {};

// The models and faces of the shared assets, integer for integer, with parameters as after
// training.
TEST_P(RealModels, EqualTheExecutorOnFaces) {
  const auto model = asset(std::string("models/face_embedding/") + GetParam().file);
  const auto faces = asset("faces/calibration");
  const auto detector = default_detector();
  if (!model || !faces || !detector.ok()) GTEST_SKIP() << "no shared assets";
  const auto spec = input_preset(GetParam().preset);
  ASSERT_TRUE(spec.ok()) << spec.status();
  const auto pictures = load_calibration_set(
      *faces, 12, {.preprocessing = *spec, .detector = *detector, .threads = 2});
  ASSERT_TRUE(pictures.ok()) << pictures.status();
  auto file = read_model_file(*model);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(simplify(file->graph).ok());
  const Samples& samples = pictures->samples.samples;
  const QuantizeModelsOptions options{.exports = {ExportKind::kBundle}, .threads = 2};
  const auto models = quantize_models(file->graph, samples, options);
  ASSERT_TRUE(models.ok()) << models.status();
  std::vector<std::vector<float>> inputs;
  for (int64_t i = 0; i < 2; ++i) {
    const auto input = read_sample(samples, i);
    ASSERT_TRUE(input.ok()) << input.status();
    inputs.push_back(*input);
  }
  const auto net = TrainableNet::create(models->prepared, models->reference);
  ASSERT_TRUE(net.ok()) << net.status();
  EXPECT_EQ(compare(*net, models->reference, models->reference, inputs).unequal, 0);

  move_parameters(*net, 0.1);
  const auto after = quantize_models(net->trained_graph(), samples, options);
  ASSERT_TRUE(after.ok()) << after.status();
  const Compared compared = compare(*net, models->reference, after->reference, inputs);
  EXPECT_EQ(compared.unequal, 0);
  EXPECT_GT(compared.elements, 2 * 2'000'000);
}

INSTANTIATE_TEST_SUITE_P(
    TrainableNet, RealModels,
    ::testing::Values(RealModel{"mobilefacenet_prelu_112x112.onnx", "mobilefacenet-prelu"},
                      RealModel{"mobilefacenet_relu6_112x112.onnx", "mobilefacenet-relu6"},
                      RealModel{"mobilefacenet_torch_112x96.ckpt", "mobilefacenet-torch"}));

}  // namespace
}  // namespace durward
