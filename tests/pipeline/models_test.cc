// A small PReLU network through calibration, quantisation, export and evaluation.
#include <gmock/gmock.h>

#include <cmath>
#include <map>

#include "base/file.h"
#include "base/sha256.h"
#include "formats/onnx/writer.h"
#include "passes/passes.h"
#include "pipeline/activations.h"
#include "pipeline/evaluate.h"
#include "pipeline/export_files.h"
#include "pipeline/layer_noise.h"
#include "pipeline/model_file.h"
#include "pipeline/pictures.h"
#include "quant/small_nets.h"
#include "runtimes/machine.h"
#include "runtimes/reference.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr int kPictures = 24;

// A convolution, a depthwise and a pointwise one with PReLUs, and an embedding; of 16 x 16 pixels.
Graph small_network() {
  NetBuilder net(11);
  TensorId x = net.input({1, 16, 16, 3});
  x = net.conv(x, 8, 3, Activation::kPRelu, 4);
  x = net.op(Pool2D{.kernel_h = 4, .kernel_w = 4, .stride_h = 4, .stride_w = 4}, {x});
  x = net.depthwise(x, Activation::kPRelu);
  x = net.conv(x, 12, 1, Activation::kPRelu, 4);
  const TensorId flat = net.op(Reshape{{1, 4 * 4 * 12}}, {x});
  net.output(
      net.op(FullyConnected{}, {flat, net.constant({32, 192}, gaussian(net.random, 32 * 192, 0.05)),
                                net.constant({32}, gaussian(net.random, 32, 0.1))}));
  return std::move(net.graph);
}

std::vector<float> pixels(const Samples& samples, int64_t index) {
  return read_sample(samples, index).value();
}

TEST(Activations, AreThoseOfTheReferenceExecutor) {
  const Graph graph = small_network();
  const Samples samples = samples_of(2);
  const std::vector<TensorId> tensors = calibration_tensors(graph);
  const auto made = make_activations(graph, tensors, samples, 1);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->source.samples, 2);
  const auto interpreter = Interpreter::create(graph);
  ASSERT_TRUE(interpreter.ok()) << interpreter.status();
  for (int64_t sample = 0; sample < 2; ++sample) {
    std::map<TensorId, std::vector<float>> expected;
    const std::vector<float> input = pixels(samples, sample);
    expected[graph.inputs[0].tensor] = input;
    run(*interpreter, graph, input, [&](TensorId id, std::span<const std::byte> bytes) {
      const auto* values = reinterpret_cast<const float*>(bytes.data());
      expected[id] = {values, values + bytes.size() / sizeof(float)};
    });
    size_t shown = 0;
    const absl::Status status =
        made->source.run(sample, 0, [&](TensorId id, ActivationView view) -> absl::Status {
          ++shown;
          const Shape& shape = graph.tensor(id).shape;
          const std::vector<float>& values = expected[id];
          EXPECT_EQ(view.values.size(), values.size());
          const int64_t channels = shape.back(), positions = elements(shape) / channels;
          for (int64_t i = 0; i < elements(shape); ++i) {
            const bool nchw = view.layout == PortLayout::kNchw;
            const int64_t at = nchw ? i % channels * positions + i / channels : i;
            EXPECT_NEAR(view.values[static_cast<size_t>(at)], values[static_cast<size_t>(i)], 1e-4);
          }
          return absl::OkStatus();
        });
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(shown, tensors.size());
  }
}

TEST(Activations, AnInputOfAnotherSizeIsRefused) {
  const absl::Status status = check_input(small_network(), {1, 112, 16, 3});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("1x16x16x3"));
}

class Quantized : public TemporaryFolderTest {
 protected:
  Quantized() {
    auto models = quantize_models(graph_, samples_, {.threads = 2});
    EXPECT_TRUE(models.ok()) << models.status();
    models_ = *std::move(models);
  }

  static std::vector<float> output(const Graph& graph, const std::vector<float>& input) {
    const auto interpreter = Interpreter::create(graph);
    EXPECT_TRUE(interpreter.ok()) << interpreter.status();
    return run(*interpreter, graph, input);
  }

  Graph graph_ = small_network();
  Samples samples_ = samples_of(kPictures);
  QuantizedModels models_;
};

TEST_F(Quantized, EveryFormIsFullyIntegerAndCloseToTheFloatModel) {
  std::vector<std::vector<float>> inputs;
  for (int64_t i = 0; i < 8; ++i) inputs.push_back(pixels(samples_, i));
  EXPECT_GT(agreement(graph_, models_.prepared, inputs), 1 - 1e-8);
  for (const Graph* form : {&models_.reference, &models_.litert, &models_.onnxruntime}) {
    EXPECT_TRUE(float_islands(*form).empty());
    EXPECT_GT(agreement(graph_, *form, inputs), 0.99);
  }
}

TEST_F(Quantized, TheMaximumOfTwoLayersEqualsTheFusedReference) {
  for (int64_t i = 0; i < kPictures; ++i) {
    const std::vector<float> input = pixels(samples_, i);
    EXPECT_EQ(output(models_.reference, input), output(models_.litert, input));
  }
  EXPECT_NE(to_string(models_.litert).find("Maximum"), std::string::npos);
}

class QuantizedPorts : public Quantized, public testing::WithParamInterface<bool> {};

INSTANTIATE_TEST_SUITE_P(Int8, QuantizedPorts, testing::Bool());

TEST_P(QuantizedPorts, ExportsExistAndAgreeWithTheReferenceExecutor) {
  auto staging = StagedFolder::create(folder_);
  ASSERT_TRUE(staging.ok()) << staging.status();
  const auto files = write_export_files(models_, all_export_kinds(), "small",
                                        {.int8_ports = GetParam()}, *staging);
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_GE(files->size(), 2u);
  for (const ExportFile& file : *files) {
    for (const std::string& part : file.parts) EXPECT_TRUE(fs::exists(staging->file(part))) << part;
    if (!is_available(file.runtime)) continue;
    const auto agreement = check_agreement(file, staging->file(file.name), samples_, kPictures + 1);
    ASSERT_TRUE(agreement.ok()) << agreement.status();
    EXPECT_EQ(agreement->samples, kPictures);
    // A prepared .ort keeps int8 products that saturate there, OpenVINO computes with floats.
    const bool saturates = saturates_int8_sums(this_machine());
    const bool openvino = file.runtime == RuntimeKind::kOpenVino;
    if (saturates && file.name.ends_with(".ort")) continue;
    EXPECT_GT(agreement->equal_share, saturates && openvino ? 0.15 : 0.95) << file.name;
    EXPECT_GT(agreement->cosine_min, 0.9999) << file.name;
  }
}

TEST_F(Quantized, NoiseIsMeasuredBehindEveryLayer) {
  const auto noise = measure_layer_noise(models_.prepared, models_.reference, samples_, 4);
  ASSERT_TRUE(noise.ok()) << noise.status();
  ASSERT_EQ(noise->size(), models_.prepared.node_count());
  for (const LayerNoise& layer : *noise) {
    EXPECT_EQ(layer.precision, "int8");
    EXPECT_GT(layer.snr_db, 15) << layer.name;
    EXPECT_LT(layer.snr_db, 70) << layer.name;
  }
}

TEST(LayerNoise, OfAGraphAgainstItselfThereIsNone) {
  const Graph graph = small_network();
  const auto noise = measure_layer_noise(graph, graph, samples_of(1), 1);
  ASSERT_TRUE(noise.ok()) << noise.status();
  ASSERT_EQ(noise->size(), graph.node_count());
  for (const LayerNoise& layer : *noise) EXPECT_TRUE(std::isinf(layer.snr_db)) << layer.name;
}

// Every value 1 % too large: 10 log10(1 / .01^2) = 40 dB.
TEST(LayerNoise, OfAKnownErrorIsItsClosedForm) {
  const auto scaled = [](float factor) {
    NetBuilder net(1);
    const TensorId x = net.input({1, 16, 16, 3});
    net.output(net.op(Binary{BinaryKind::kMul}, {x, net.constant({1}, {factor})}));
    return std::move(net.graph);
  };
  const auto noise = measure_layer_noise(scaled(1), scaled(1.01f), samples_of(2), 2);
  ASSERT_TRUE(noise.ok()) << noise.status();
  ASSERT_EQ(noise->size(), 1u);
  EXPECT_NEAR((*noise)[0].snr_db, 40, 1e-3);
}

class ModelFileTest : public TemporaryFolderTest {};

TEST_F(ModelFileTest, IsReadByItsEnding) {
  const auto bytes = write_onnx(small_network(), {});
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const auto file = read_model_file(write("small.ONNX", *bytes));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->format, ModelFormat::kOnnx);
  EXPECT_EQ(file->bytes, static_cast<int64_t>(bytes->size()));
  EXPECT_EQ(file->sha256, sha256_hex(std::as_bytes(std::span(*bytes))));
  for (const std::string name : {"small.h5", "small", "small.tflite", "small.pth", "none.onnx"}) {
    if (name != "none.onnx") write(name, *bytes);
    const absl::Status status = read_model_file(folder_ / name).status();
    EXPECT_FALSE(status.ok()) << name;
    EXPECT_THAT(std::string(status.message()), HasSubstr((folder_ / name).string()));
  }
}

class TrialsTest : public TemporaryFolderTest {
 protected:
  // person_P/N.jpg: each person one picture, with noise of its own in each copy.
  void SetUp() override {
    for (int person = 0; person < kPeople; ++person) {
      const Image face = random_picture(static_cast<uint64_t>(100 + person));
      for (int copy = 0; copy < kCopies; ++copy) {
        const Image noise = random_picture(static_cast<uint64_t>(1000 + person * kCopies + copy));
        Image mixed = face;
        for (size_t i = 0; i < mixed.rgb.size(); ++i)
          mixed.rgb[i] = static_cast<uint8_t>((7 * face.rgb[i] + noise.rgb[i]) / 8);
        const fs::path path =
            folder_ / absl::StrCat("person_", person) / absl::StrCat(copy, ".jpg");
        fs::create_directories(path.parent_path());
        ASSERT_TRUE(write_jpeg(path, mixed, 95).ok());
      }
    }
  }

  static EmbedderFactory reference(const Graph& graph) {
    return [&graph]() -> absl::StatusOr<Embedder> {
      DURWARD_ASSIGN_OR_RETURN(auto model, make_reference_model(graph));
      return Embedder::create(std::move(model), {1, 16, 16, 3});
    };
  }

  static constexpr int kPeople = 12, kCopies = 3;
  SampleOptions options_{.preprocessing = small_spec(), .aligned = true};
};

TEST_F(TrialsTest, PeopleAreToldApartAndAModelEqualsItself) {
  const auto set = load_trial_set(folder_, {}, options_);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_TRUE(set->all_pairs);
  EXPECT_EQ(set->rows(), kPeople * kCopies);
  EXPECT_EQ(set->lost_trials, 0);
  const Graph graph = small_network();
  EvaluateOptions options{.threads = 2};
  const auto one =
      evaluate_system(*set, {"one", RuntimeKind::kReference, {}}, reference(graph), options);
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(one->scored.genuine.size(), static_cast<size_t>(kPeople * kCopies * (kCopies - 1) / 2));
  EXPECT_LT(one->evaluation.equal_error_rate, 0.05);
  options.threads = 1;
  const auto two =
      evaluate_system(*set, {"two", RuntimeKind::kReference, {}}, reference(graph), options);
  ASSERT_TRUE(two.ok()) << two.status();
  const auto comparison = compare_systems(*set, *one, *two, options);
  ASSERT_TRUE(comparison.ok()) << comparison.status();
  ASSERT_FALSE(comparison->losses.empty());
  for (const TarLoss& loss : comparison->losses) EXPECT_EQ(loss.loss, 0);
  EXPECT_NEAR(comparison->lowest_cosine, 1, 1e-6);
}

TEST_F(TrialsTest, ATrialThatLosesAPictureIsCounted) {
  write("person_0/1.jpg", "\xff\xd8\xff no picture");
  const fs::path list = write("trials.csv",
                              "enrol,probe,label\n"
                              "person_0/0.jpg,person_0/1.jpg,1\n"
                              "person_0/0.jpg,person_0/2.jpg,1\n"
                              "person_0/0.jpg,person_1/0.jpg,0\n");
  const auto set = load_trial_set(list, {}, options_);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->files, 4);
  EXPECT_EQ(set->lost_trials, 1);
  ASSERT_EQ(set->trials.size(), 2u);
  EXPECT_TRUE(set->trials[0].genuine);
  EXPECT_EQ(set->path_of_row[static_cast<size_t>(set->trials[0].probe)].filename(), "2.jpg");
  EXPECT_FALSE(set->trials[1].genuine);
}

TEST(RuntimeFor, FollowsTheEnding) {
  EXPECT_EQ(runtime_for("a.TFLITE").value(), RuntimeKind::kLiteRt);
  EXPECT_EQ(runtime_for("a.onnx").value(), RuntimeKind::kOnnxRuntime);
  EXPECT_EQ(runtime_for("a.ort").value(), RuntimeKind::kOnnxRuntime);
  EXPECT_EQ(runtime_for("a.xml").value(), RuntimeKind::kOpenVino);
  EXPECT_EQ(runtime_for("a.bin").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace durward
