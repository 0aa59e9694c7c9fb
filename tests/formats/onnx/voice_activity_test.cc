// Silero's voice activity detector, whose LSTM carries its state from one piece of sound to the
// next: our interpreter and our engine against ONNX Runtime on the files as they are published,
// over a real recording.
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <cstring>
#include <functional>

#include "base/file.h"
#include "compile/interpreter.h"
#include "compile/session_equality.h"
#include "formats/onnx/onnx_model.h"
#include "formats/onnx/onnxruntime_values.h"
#include "formats/onnx/reader.h"
#include "formats/onnx/writer.h"
#include "passes/passes.h"
#include "support/assets.h"
#include "support/demo_material.h"

namespace durward {
namespace {

// A piece of 32 ms at 16 kHz, and before it the end of the piece before.
constexpr size_t kPiece = 512, kBefore = 64, kState = 2 * 128;

// A 16-bit WAV file with the shortest of headers, as the digits have it.
std::vector<float> samples(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  std::vector<float> result;
  for (size_t i = 44; bytes.ok() && i + 1 < bytes->size(); i += 2) {
    int16_t sample = 0;
    std::memcpy(&sample, bytes->data() + i, sizeof(sample));
    result.push_back(static_cast<float>(sample) / 32768);
  }
  return result;
}

struct Step {
  float speech = 0;
  std::vector<float> state;
};

// What a detector makes of a piece and the state before it.
using Detector = std::function<Step(const std::vector<float>& piece, const std::vector<float>&)>;

std::vector<Step> detect(const std::vector<float>& sound, const Detector& detector) {
  std::vector<Step> steps;
  std::vector<float> piece(kBefore + kPiece, 0.0f), state(kState, 0.0f);
  for (size_t at = 0; at + kPiece <= sound.size(); at += kPiece) {
    std::copy(piece.end() - kBefore, piece.end(), piece.begin());
    std::copy_n(sound.begin() + static_cast<std::ptrdiff_t>(at), kPiece, piece.begin() + kBefore);
    steps.push_back(detector(piece, state));
    state = steps.back().state;
  }
  return steps;
}

template <typename Run>
Step run_step(const std::vector<float>& piece, const std::vector<float>& state, const Run& run) {
  Step step;
  step.state.resize(kState);
  const std::span<const std::byte> in[] = {std::as_bytes(std::span(piece)),
                                           std::as_bytes(std::span(state))};
  const std::span<std::byte> out[] = {std::as_writable_bytes(std::span(&step.speech, 1)),
                                      std::as_writable_bytes(std::span(step.state))};
  run(in, out);
  return step;
}

// The published model with its shapes fixed, which ONNX Runtime would not tell us otherwise.
std::string with_shapes(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromArray(bytes->data(), static_cast<int>(bytes->size())));
  const auto set = [](onnx::ValueInfoProto& info, std::initializer_list<int64_t> shape) {
    auto& proto = *info.mutable_type()->mutable_tensor_type()->mutable_shape();
    proto.clear_dim();
    for (const int64_t dimension : shape) proto.add_dim()->set_dim_value(dimension);
  };
  set(*model.mutable_graph()->mutable_input(0), {1, kBefore + kPiece});
  set(*model.mutable_graph()->mutable_input(1), {2, 1, 128});
  set(*model.mutable_graph()->mutable_output(0), {1, 1});
  set(*model.mutable_graph()->mutable_output(1), {2, 1, 128});
  return model.SerializeAsString();
}

// `path` in our interpreter and engine as `published` in ONNX Runtime.
void expect_equal_detection(const std::filesystem::path& path,
                            const std::filesystem::path& published) {
  const auto recording = asset("voices/arabic_digits/00000010/eight-06.wav");
  if (!recording) GTEST_SKIP() << "needs the shared assets: voices/arabic_digits";
  if (!onnxruntime_available()) GTEST_SKIP() << "needs ONNX Runtime";
  const std::vector<float> sound = samples(*recording);

  auto original = load_onnx_model(bytes_of(with_shapes(published)), {});
  ASSERT_TRUE(original.ok()) << original.status();
  const auto expected = detect(sound, [&](const auto& piece, const auto& state) {
    return run_step(piece, state, [&](const auto& in, const auto& out) {
      const int64_t rate = 16000;
      const std::span<const std::byte> inputs[] = {in[0], in[1],
                                                   std::as_bytes(std::span(&rate, 1))};
      ASSERT_EQ((*original)->run(inputs, out), absl::OkStatus());
    });
  });
  ASSERT_GT(expected.size(), 20u);
  const auto loudest =
      std::max_element(expected.begin(), expected.end(),
                       [](const Step& a, const Step& b) { return a.speech < b.speech; });
  EXPECT_GT(loudest->speech, 0.5f);

  auto graph = read_onnx(path, {.dimensions = {{"sequence", kBefore + kPiece},
                                               {"input[1]", kBefore + kPiece},
                                               {"state[1]", 1}},
                                .fixed_inputs = {{"sr", 16000}}});
  ASSERT_TRUE(graph.ok()) << graph.status();
  ASSERT_TRUE(simplify(*graph).ok());
  const auto expect_as_original = [&](const Detector& detector) {
    const auto found = detect(sound, detector);
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_NEAR(found[i].speech, expected[i].speech, 1e-5f) << "piece " << i;
      expect_close({found[i].state}, {expected[i].state}, 1e-5f);
    }
  };

  const auto interpreter = Interpreter::create(*graph);
  ASSERT_TRUE(interpreter.ok()) << interpreter.status();
  expect_as_original([&](const auto& piece, const auto& state) {
    return run_step(piece, state, [&](const auto& in, const auto& out) {
      ASSERT_EQ(interpreter->run(in, out), absl::OkStatus());
    });
  });

  const auto bytes = build_plan(*graph, {});
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const AlignedBytes plan(*bytes);
  std::unique_ptr<Session> session;
  ASSERT_TRUE(Session::create(plan.bytes(), {}, session).ok());
  expect_as_original([&](const auto& piece, const auto& state) {
    return run_step(piece, state, [&](const auto& in, const auto& out) {
      ASSERT_EQ(session->run(in, out), EngineCode::kOk);
    });
  });
}

TEST(SileroVad, GivesWhatOnnxRuntimeGivesAt16Kilohertz) {
  const auto path = asset("models/vad/silero_vad_16k_op15.onnx");
  if (!path) GTEST_SKIP() << "needs the shared assets: models/vad";
  expect_equal_detection(*path, *path);
}

// The file for both sample rates: an If over the rate around everything. ONNX Runtime takes it only
// with open dimensions; its branch for 16 kHz is the network of the other file.
TEST(SileroVad, GivesWhatOnnxRuntimeGivesFromTheFileForBothRates) {
  const auto both = fetched_file(std::string(kSileroVad) + "silero_vad.onnx");
  const auto one = fetched_file(std::string(kSileroVad) + "silero_vad_16k_op15.onnx");
  if (!both || !one) GTEST_SKIP() << "needs what scripts/setup fetches: silero_vad";
  expect_equal_detection(*both, *one);
}

}  // namespace
}  // namespace durward
