// Every face model of the shared assets and of the demo runs whole on the engine: in float as the
// runtime that its authors had in mind runs it, in int8 with the bits of the reference executor.
#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "compile/session_equality.h"
#include "passes/passes.h"
#include "pipeline/model_file.h"
#include "pipeline/pictures.h"
#include "pipeline/quantized_models.h"
#include "runtimes/runtime.h"
#include "support/assets.h"
#include "support/demo_material.h"

namespace durward {
namespace {

constexpr std::string_view kShared = "models/";  // of the shared assets; the others are the demo's

struct Model {
  const char* name;
  std::string_view folder;
  const char* file;
  double mean = 0, std = 1;  // of the input
};

void PrintTo(const Model& model, std::ostream* out) { *out << model.folder << model.file; }

std::optional<std::filesystem::path> path_of(const Model& model) {
  const std::string path = absl::StrCat(std::string(model.folder), model.file);
  return model.folder == kShared ? asset(path) : demo_material(path);
}

absl::StatusOr<Graph> read_simplified(const std::filesystem::path& path) {
  DURWARD_ASSIGN_OR_RETURN(ModelFile file, read_model_file(path));
  DURWARD_RETURN_IF_ERROR(simplify(file.graph));
  return std::move(file.graph);
}

std::vector<float> random_pixels(const Model& model, int64_t count) {
  Random random(7);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) {
    value = static_cast<float>((255 * random.uniform() - model.mean) / model.std);
  }
  return values;
}

// [N,H,W,C] to [N,C,H,W] for each image of a batch.
std::vector<float> to_nchw(const std::vector<float>& values, const Shape& nhwc) {
  const auto pixels = static_cast<size_t>(nhwc[1] * nhwc[2]);
  const auto channels = static_cast<size_t>(nhwc[3]);
  std::vector<float> result(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t image = i / (pixels * channels), pixel = i / channels % pixels, c = i % channels;
    result[(image * channels + c) * pixels + pixel] = values[i];
  }
  return result;
}

// What the model file's own runtime makes of one input. A file of a larger batch is given the input
// over again; the first item's results come first.
absl::StatusOr<std::vector<std::vector<float>>> run_original(const std::filesystem::path& path,
                                                             const Graph& graph,
                                                             const std::vector<float>& input) {
  const auto kind = path.extension() == ".onnx" ? RuntimeKind::kOnnxRuntime : RuntimeKind::kLiteRt;
  DURWARD_ASSIGN_OR_RETURN(const auto model, load_model(kind, path, {}));
  const Port& port = graph.inputs[0];
  const bool nchw = port.layout == PortLayout::kNchw;
  const std::vector<float> one = nchw ? to_nchw(input, graph.tensor(port.tensor).shape) : input;
  std::vector<float> all;
  for (int64_t left = elements(model->inputs()[0].shape); left > 0;
       left -= static_cast<int64_t>(one.size())) {
    all.insert(all.end(), one.begin(), one.end());
  }
  std::vector<std::vector<float>> outputs;
  for (const PortInfo& output : model->outputs()) {
    outputs.emplace_back(static_cast<size_t>(elements(output.shape)));
  }
  std::vector<std::span<std::byte>> out;
  for (auto& values : outputs) out.push_back(std::as_writable_bytes(std::span(values)));
  const std::vector<std::span<const std::byte>> in{std::as_bytes(std::span(all))};
  DURWARD_RETURN_IF_ERROR(model->run(in, out));
  return outputs;
}

// Two pictures are enough for scales that are no worse than any.
absl::StatusOr<Graph> quantized(const Model& model, const Graph& simplified) {
  const Shape& shape = simplified.tensor(simplified.inputs[0].tensor).shape;
  InputSpec spec;
  spec.height = static_cast<int>(shape[1]);
  spec.width = static_cast<int>(shape[2]);
  spec.mean.fill(model.mean);
  spec.std.fill(model.std);
  spec.alignment = Alignment::kNone;
  DURWARD_ASSIGN_OR_RETURN(CropStore crops, CropStore::create(spec.width, spec.height));
  for (uint64_t seed = 0; seed < 2; ++seed) {
    DURWARD_RETURN_IF_ERROR(crops.append(random_picture(seed, spec.width, spec.height)));
  }
  const Samples samples = crop_samples(std::make_shared<const CropStore>(std::move(crops)), spec);
  DURWARD_ASSIGN_OR_RETURN(QuantizedModels models,
                           quantize_models(simplified, samples, {.exports = {}}));
  return std::move(models.reference);
}

class EngineModels : public testing::TestWithParam<Model> {};

TEST_P(EngineModels, RunInFloatAsInTheirOwnRuntime) {
  const auto path = path_of(GetParam());
  if (!path) GTEST_SKIP() << "needs " << GetParam().folder << GetParam().file;
  auto graph = read_simplified(*path);
  ASSERT_TRUE(graph.ok()) << graph.status();
  fuse_activations(*graph);
  const auto input =
      random_pixels(GetParam(), elements(graph->tensor(graph->inputs[0].tensor).shape));
  const auto expected = run_original(*path, *graph, input);
  if (absl::IsUnavailable(expected.status())) GTEST_SKIP() << expected.status();
  ASSERT_TRUE(expected.ok()) << expected.status();

  const auto plan = build_plan(*graph, {});
  ASSERT_TRUE(plan.ok()) << plan.status();
  const AlignedBytes bytes(*plan);
  std::unique_ptr<Session> session;
  const EngineError error = Session::create(bytes.bytes(), {}, session);
  ASSERT_TRUE(error.ok()) << error.message;
  const auto view = std::as_bytes(std::span(input));
  const Buffers outputs = run_session(*session, *graph, {{view.begin(), view.end()}});
  ASSERT_EQ(outputs.size(), expected->size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Tensor& tensor = graph->tensor(graph->outputs[i].tensor);
    std::vector<float> actual(outputs[i].size() / sizeof(float));
    std::memcpy(actual.data(), outputs[i].data(), outputs[i].size());
    if (graph->outputs[i].layout == PortLayout::kNchw) actual = to_nchw(actual, tensor.shape);
    ASSERT_LE(actual.size(), (*expected)[i].size());
    float largest = 1, difference = 0;
    for (size_t k = 0; k < actual.size(); ++k) {
      largest = std::max(largest, std::fabs((*expected)[i][k]));
      difference = std::max(difference, std::fabs(actual[k] - (*expected)[i][k]));
    }
    EXPECT_LE(difference, 1e-4f * largest) << tensor.name;
  }
}

TEST_P(EngineModels, RunInInt8WithTheBitsOfTheReferenceExecutor) {
  const auto path = path_of(GetParam());
  if (!path) GTEST_SKIP() << "needs " << GetParam().folder << GetParam().file;
  const auto simplified = read_simplified(*path);
  ASSERT_TRUE(simplified.ok()) << simplified.status();
  const auto graph = quantized(GetParam(), *simplified);
  ASSERT_TRUE(graph.ok()) << graph.status();
  const auto pixels =
      random_pixels(GetParam(), elements(graph->tensor(graph->inputs[0].tensor).shape));
  const auto view = std::as_bytes(std::span(pixels));
  const Buffers input{{view.begin(), view.end()}};
  const Buffers expected = interpret(*graph, input);

  const auto plan = build_plan(*graph, {});
  ASSERT_TRUE(plan.ok()) << plan.status();
  const AlignedBytes bytes(*plan);
  for (const Isa isa : isas()) {
    // The portable kernels are those of the executor.
    if (isa == Isa::kPortable || !available(isa)) continue;
    const auto session = session_of(bytes, isa);
    ASSERT_NE(session, nullptr);
    EXPECT_TRUE(run_session(*session, *graph, input) == expected) << name(isa);
  }
}

constexpr double kUnit = 255, kSigned = 127.5;

INSTANTIATE_TEST_SUITE_P(
    Face, EngineModels,
    testing::Values(
        Model{"Prelu", kShared, "face_embedding/mobilefacenet_prelu_112x112.onnx"},
        Model{"Relu6", kShared, "face_embedding/mobilefacenet_relu6_112x112.onnx", kSigned,
              kSigned},
        Model{"TorchExport", kShared, "face_embedding/mobilefacenet_torch_export_112x96.onnx",
              kSigned, 128},
        Model{"YuNet", kShared, "face_detector/yunet_n_320_320.onnx"},
        Model{"Pfld", kShared, "face_detector/pfld_68pt.onnx", 0, kUnit},
        Model{"AntiSpoofingBin", kShared, "face_pad/AntiSpoofing_bin_1.5_128.onnx", 0, kUnit},
        Model{"AntiSpoofingPrintReplay", kShared, "face_pad/AntiSpoofing_print-replay_1.5_128.onnx",
              0, kUnit},
        Model{"BlazeFaceShort", kMediaPipe, "face_detection_short_range.tflite", kSigned, kSigned},
        Model{"BlazeFaceFull", kMediaPipe, "face_detection_full_range.tflite", kSigned, kSigned},
        Model{"ExpoMobileFaceNet", kExpo, "MobileFaceNet.tflite", kSigned, kSigned},
        Model{"ExpoPnet", kExpo, "pnet.tflite", kSigned, kSigned},
        Model{"ExpoRnet", kExpo, "rnet.tflite", kSigned, kSigned},
        Model{"ExpoOnet", kExpo, "onet.tflite", kSigned, kSigned},
        Model{"ExpoFaceAntiSpoofing", kExpo, "FaceAntiSpoofing.tflite", 0, kUnit}),
    [](const auto& parameter) { return std::string(parameter.param.name); });

}  // namespace
}  // namespace durward
