// Models as their authors published them: read, written again, and run beside the original.
#include <absl/strings/match.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/tflite/litert.h"
#include "support/demo_material.h"

namespace durward {
namespace {

#define DURWARD_NEEDS(path, relative)                                                   \
  const auto path = demo_material(relative);                                            \
  if (!path) GTEST_SKIP() << "needs the demo material (scripts/setup): " << (relative); \
  if (!litert_available()) GTEST_SKIP() << "needs LiteRT"

Floats input_for(const Graph& graph) {
  return random_floats(elements(graph.tensor(graph.inputs[0].tensor).shape), 5);
}

// Every output of the rewritten model within `tolerance` of the original's, on one random input.
void expect_same_outputs(const std::filesystem::path& path, float tolerance) {
  const auto graph = read_tflite(path);
  ASSERT_TRUE(graph.ok()) << graph.status();
  const Floats input = input_for(*graph);
  const auto original = run_litert(path, {bytes_of(input)});
  ASSERT_TRUE(original.ok()) << original.status();
  const auto rewritten = export_and_run(*graph, {bytes_of(input)});
  ASSERT_TRUE(rewritten.ok()) << rewritten.status();
  ASSERT_EQ(original->size(), rewritten->size());
  for (size_t i = 0; i < original->size(); ++i) {
    const float difference =
        largest_difference(values_of<float>((*original)[i]), values_of<float>((*rewritten)[i]));
    EXPECT_LE(difference, tolerance) << "output " << i;
  }
}

TEST(RealModels, BatchOfTwoBecomesOne) {
  DURWARD_NEEDS(path, std::string(kExpo) + "MobileFaceNet.tflite");
  const auto graph = read_tflite(*path);
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_EQ(graph->tensor(graph->inputs[0].tensor).shape, (Shape{1, 112, 112, 3}));
  EXPECT_EQ(graph->tensor(graph->outputs[0].tensor).shape, (Shape{1, 192}));
  EXPECT_EQ(graph->inputs[0].name, "input");
  EXPECT_EQ(graph->outputs[0].name, "embeddings");

  const Floats face = input_for(*graph);
  const auto one = export_and_run(*graph, {bytes_of(face)});
  ASSERT_TRUE(one.ok()) << one.status();
  const Floats embedding = values_of<float>((*one)[0]);

  Floats twice = face;
  twice.insert(twice.end(), face.begin(), face.end());
  const auto two = run_litert(*path, {bytes_of(twice)});
  ASSERT_TRUE(two.ok()) << two.status();
  const Floats both = values_of<float>((*two)[0]);
  ASSERT_EQ(both.size(), 2 * embedding.size());
  const auto middle = both.begin() + static_cast<ptrdiff_t>(embedding.size());
  EXPECT_LE(largest_difference(embedding, {both.begin(), middle}), 1e-5f);
  EXPECT_LE(largest_difference(embedding, {middle, both.end()}), 1e-5f);
}

TEST(RealModels, TheBatchStaysOnRequest) {
  DURWARD_NEEDS(path, std::string(kExpo) + "MobileFaceNet.tflite");
  const auto graph = read_tflite(*path, {.batch = std::nullopt});
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_EQ(graph->tensor(graph->outputs[0].tensor).shape, (Shape{2, 192}));
}

TEST(RealModels, AnyBatchCanBeAskedFor) {
  DURWARD_NEEDS(path, std::string(kExpo) + "MobileFaceNet.tflite");
  const auto graph = read_tflite(*path, {.batch = 3});
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_EQ(graph->tensor(graph->outputs[0].tensor).shape, (Shape{3, 192}));
}

class SameOutputs : public testing::TestWithParam<std::string> {};

TEST_P(SameOutputs, AfterReadingAndWriting) {
  DURWARD_NEEDS(path, GetParam());
  expect_same_outputs(*path, 1e-5f);
}

INSTANTIATE_TEST_SUITE_P(
    RealModels, SameOutputs,
    testing::Values(std::string(kExpo) + "rnet.tflite", std::string(kExpo) + "onet.tflite",
                    std::string(kExpo) + "FaceAntiSpoofing.tflite",
                    std::string(kMediaPipe) + "face_detection_short_range.tflite",
                    std::string(kMediaPipe) + "face_detection_full_range.tflite"),
    [](const auto& parameter) {
      std::string name = std::filesystem::path(parameter.param).stem().string();
      return name;
    });

TEST(RealModels, Float16WeightsBecomeConstantsWithoutDequantize) {
  DURWARD_NEEDS(path, std::string(kMediaPipe) + "face_detection_short_range.tflite");
  const auto graph = read_tflite(*path);
  ASSERT_TRUE(graph.ok()) << graph.status();
  for (const NodeId id : graph->node_ids()) {
    EXPECT_EQ(graph->op_as<Dequantize>(id), nullptr) << graph->node(id).name;
  }
}

}  // namespace
}  // namespace durward
