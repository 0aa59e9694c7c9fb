// The net that is trained computes what the exported model computes, integer for integer.
#include "tune/net.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>

#include "passes/passes.h"
#include "pipeline/calibration_set.h"
#include "pipeline/crops.h"
#include "pipeline/model_file.h"
#include "pipeline/quantized_models.h"
#include "quant/quantize.h"
#include "quant/small_encoder.h"
#include "support/assets.h"
#include "support/demo_material.h"

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

// The element in memory at `index`, of an int8 or int16 tensor.
float element(const Tensor& tensor, std::span<const std::byte> bytes, size_t index) {
  if (tensor.type == DataType::kInt8) return static_cast<float>(static_cast<int8_t>(bytes[index]));
  int16_t value = 0;
  std::memcpy(&value, bytes.data() + 2 * index, 2);
  return value;
}

// Every int8 and int16 activation of every input in the net and in the reference executor on
// `exported`, whose tensors have the names of `graph`, and the embeddings.
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
          const bool integer = tensor.type == DataType::kInt8 || tensor.type == DataType::kInt16;
          if (!integer || seen == codes.end()) return;
          ++compared.tensors;
          const auto count = static_cast<size_t>(elements(tensor.shape));
          const float* code = seen->second.data_ptr<float>() + i * count;
          for (size_t e = 0; e < count; ++e) {
            ++compared.elements;
            compared.unequal += *code++ != element(tensor, bytes, e) -
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

// Powers of features as `durward train touch` makes them: products, a constant, what is joined.
TEST(TrainableNet, EqualsTheExecutorOnProductsConstantsAndWhatIsJoined) {
  NetBuilder net(6);
  const TensorId x = net.input({1, 12});
  const TensorId square = net.op(Binary{BinaryKind::kMul}, {x, x});
  const TensorId less = net.op(Binary{BinaryKind::kAdd}, {square, net.constant({1}, {-3})});
  const TensorId cube = net.op(Binary{BinaryKind::kMul}, {x, less});
  const TensorId powers = net.op(Concat{.axis = 1}, {x, square, cube});
  net.output(
      net.op(FullyConnected{}, {powers, net.constant({8, 36}, gaussian(net.random, 8 * 36, 0.3)),
                                net.constant({8}, gaussian(net.random, 8, 0.1))}));
  const auto inputs = random_inputs(net.graph, 20, 3);
  const Graph before = quantised(net.graph, inputs);
  const auto made = TrainableNet::create(net.graph, before);
  ASSERT_TRUE(made.ok()) << made.status();
  Compared compared = compare(*made, before, before, inputs);
  EXPECT_EQ(compared.unequal, 0);
  EXPECT_EQ(compared.tensors, 20 * 6);

  move_parameters(*made, 1);
  const Graph after = quantised(made->trained_graph(), inputs);
  compared = compare(*made, before, after, inputs);
  EXPECT_EQ(compared.unequal, 0);
  EXPECT_EQ(compared.tensors, 20 * 6) << "what is joined still has one scale";
}

// Squeeze and excitation in its simplest form: what has one value for each channel, and maps that
// are joined and subtracted.
TEST(TrainableNet, EqualsTheExecutorOnWhatIsSpreadOverAPicture) {
  NetBuilder net(7);
  const TensorId x = net.input({1, 6, 6, 3});
  const TensorId a = net.conv(x, 4, 3, Activation::kRelu), b = net.conv(x, 4, 1, Activation::kNone);
  const TensorId gate =
      net.op(DepthwiseConv2D{}, {a, net.constant({1, 6, 6, 4}, gaussian(net.random, 144, 0.1)),
                                 net.constant({4}, gaussian(net.random, 4, 0.1))});
  const TensorId scaled = net.op(Binary{BinaryKind::kMul, Activation::kRelu6}, {b, gate});
  const TensorId less =
      net.op(Binary{BinaryKind::kSub}, {scaled, net.constant({4}, {0.5f, -1, 2, 0})});
  const TensorId both = net.op(Concat{.axis = 3}, {less, a});
  const TensorId flat = net.op(Reshape{{1, 288}}, {both});
  net.output(
      net.op(FullyConnected{}, {flat, net.constant({8, 288}, gaussian(net.random, 8 * 288, 0.1)),
                                net.constant({8}, gaussian(net.random, 8, 0.1))}));
  const auto inputs = random_inputs(net.graph, 6, 4);
  const Graph before = quantised(net.graph, inputs);
  const auto made = TrainableNet::create(net.graph, before);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(compare(*made, before, before, inputs).unequal, 0);
  move_parameters(*made, 1);
  EXPECT_EQ(compare(*made, before, quantised(made->trained_graph(), inputs), inputs).unequal, 0);
}

// The parameter is the size of the first layer's weights: 8 widens the input and its weights.
class RecurrentNets : public ::testing::TestWithParam<double> {};

TEST_P(RecurrentNets, EqualTheExecutorBeforeTrainingAndAfter) {
  const Graph graph = small_encoder(GetParam(), {}, true);
  const auto inputs = GetParam() > 1 ? band_powers(6, 3) : random_inputs(graph, 6, 3);
  const Graph before = quantised(graph, inputs);
  const auto net = TrainableNet::create(graph, before);
  ASSERT_TRUE(net.ok()) << net.status();
  Compared compared = compare(*net, before, before, inputs);
  EXPECT_EQ(compared.unequal, 0);
  EXPECT_GE(compared.tensors, 6 * 3);  // two layers' states, the embedding and what is cut out

  move_parameters(*net, 1);
  EXPECT_GT(compare(*net, before, before, inputs).unequal, 0);
  const Graph after = quantised(net->trained_graph(), inputs);
  EXPECT_EQ(compare(*net, before, after, inputs).unequal, 0);
}

INSTANTIATE_TEST_SUITE_P(TrainableNet, RecurrentNets, ::testing::Values(0.1, 8));

// The first axis is the batch's: steps there would be taken for as many inputs.
TEST(TrainableNet, RefusesAModelWhoseInputBeginsWithItsSteps) {
  const Graph graph = small_encoder(0.1);
  const Graph int16 = quantised(graph, random_inputs(graph, 4, 3));
  const auto made = TrainableNet::create(graph, int16);
  EXPECT_EQ(made.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(made.status().message()), HasSubstr("30x1x12"));
}

TEST(TrainableNet, NamesARecurrentLayerThatStaysInFloat) {
  const Graph graph = small_encoder(0.1, {}, true);
  const auto inputs = random_inputs(graph, 4, 3);
  QuantizeOptions options;
  options.keep_float = {"first"};
  const auto int16 = quantize(graph, calibrate_on(graph, inputs), options);
  ASSERT_TRUE(int16.ok()) << int16.status();
  const auto made = TrainableNet::create(graph, *int16);
  EXPECT_EQ(made.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(made.status().message()), HasSubstr("'first' (Lstm)"));
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

// The published speaker encoder on speech, with parameters as after training.
TEST(TrainableNet, TheSpeakerEncoderEqualsTheExecutorOnSpeech) {
  const auto model = fetched_file(std::string(kResemblyzer) + "pretrained.pt");
  const auto speech = asset("voices/librispeech_test-other");
  if (!model || !speech) GTEST_SKIP() << "no speaker encoder, or no shared assets";
  const auto recordings = load_calibration_set(
      *speech, 3, {.preprocessing = VoiceSpec{.voice_activity = VoiceActivity::kNone}});
  ASSERT_TRUE(recordings.ok()) << recordings.status();
  auto file = read_model_file(*model);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(simplify(file->graph).ok());
  const Samples& samples = recordings->samples.samples;
  const QuantizeModelsOptions options{.exports = {ExportKind::kBundle}, .threads = 2};
  const auto models = quantize_models(file->graph, samples, options);
  ASSERT_TRUE(models.ok()) << models.status();
  const auto input = read_sample(samples, 0);
  ASSERT_TRUE(input.ok()) << input.status();
  const auto net = TrainableNet::create(models->prepared, models->reference);
  ASSERT_TRUE(net.ok()) << net.status();
  EXPECT_EQ(compare(*net, models->reference, models->reference, {*input}).unequal, 0);

  move_parameters(*net, 0.1);
  const auto after = quantize_models(net->trained_graph(), samples, options);
  ASSERT_TRUE(after.ok()) << after.status();
  const Compared compared = compare(*net, models->reference, after->reference, {*input});
  EXPECT_EQ(compared.unequal, 0);
  EXPECT_GT(compared.elements, 3 * 160 * 256);
}

}  // namespace
}  // namespace durward
