#include "data/input_spec.h"

#include <gmock/gmock.h>

namespace durward {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kSpec = R"({
  "version": 1, "width": 96, "height": 112, "channels": "BGR", "mean": [1, 2.5, 3],
  "std": 128, "alignment": "none", "interpolation": "area"
})";

std::string with(std::string_view from, std::string_view to) {
  std::string text(kSpec);
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(InputSpec, IsReadAsWritten) {
  const auto spec = parse_input_spec(kSpec, "spec.json");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->width, 96);
  EXPECT_EQ(spec->height, 112);
  EXPECT_EQ(spec->channels, ChannelOrder::kBgr);
  EXPECT_THAT(spec->mean, ElementsAre(1, 2.5, 3));
  EXPECT_THAT(spec->std, ElementsAre(128, 128, 128));
  EXPECT_EQ(spec->alignment, Alignment::kNone);
  EXPECT_EQ(spec->interpolation, Interpolation::kArea);
}

TEST(InputSpec, AFacesBoxHasAScaleAndADetectorALiveClass) {
  const auto spec = parse_input_spec(
      with("\"none\"", "\"face-square\", \"face_scale\": 1.5, \"live_class\": 2"), "spec.json");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->alignment, Alignment::kFaceSquare);
  EXPECT_EQ(spec->face_scale, 1.5);
  EXPECT_EQ(spec->live_class, 2);
  EXPECT_EQ(parse_input_spec(to_json(*spec), "again").value(), *spec);
}

TEST(InputSpec, ErrorsNameTheFileAndTheField) {
  const std::pair<std::string, std::string> cases[] = {
      {with("\"width\": 96, ", ""), "\"width\""},
      {with("96", "0"), "\"width\""},
      {with("96", "4097"), "\"width\""},
      {with("96", "99999999999999999999"), "\"width\""},
      {with("96", "18446744073709551615"), "\"width\""},
      {with("96", "96.5"), "\"width\""},
      {with("\"BGR\"", "\"bgr\""), "\"channels\""},
      {with("[1, 2.5, 3]", "[1, 2.5]"), "\"mean\""},
      {with("[1, 2.5, 3]", "[1, 2.5, \"3\"]"), "\"mean\""},
      {with("[1, 2.5, 3]", "1e300"), "\"mean\""},
      {with("128", "0"), "\"std\""},
      {with("128", "-1"), "\"std\""},
      {with("128", "1e-300"), "\"std\""},
      {with("\"none\"", "\"arcface\""), "\"alignment\""},
      {with("\"none\"", "\"arcface-112\""), "\"interpolation\""},
      {with("\"version\": 1", "\"version\": 2"), "\"version\""},
      {with("\"std\"", "\"sdt\""), "\"std\""},
      {with("\"std\"", "\"extra\": 1, \"std\""), "\"extra\""},
      {with("\"area\"", "\"area\", \"face_scale\": 2"), "\"face_scale\""},
      {with("\"none\"", "\"face-box\""), "\"face_scale\""},
      {with("\"none\"", "\"face-box\", \"face_scale\": 0"), "\"face_scale\""},
      {with("\"none\"", "\"face-square\", \"face_scale\": 17"), "\"face_scale\""},
      {with("\"none\"", "\"none\", \"live_class\": -1"), "\"live_class\""},
      {with("\"none\"", "\"none\", \"live_class\": 4294967296"), "\"live_class\""},
      {with("\"none\"", "\"none\", \"live_class\": 0.5"), "\"live_class\""},
      {"[]", "JSON object"},
      {"{", "JSON object"},
      {"", "JSON object"},
      {std::string(1 << 20, '['), "JSON object"},
  };
  for (const auto& [text, named] : cases) {
    const auto spec = parse_input_spec(text, "spec.json");
    EXPECT_TRUE(absl::IsInvalidArgument(spec.status())) << text.substr(0, 300);
    EXPECT_THAT(std::string(spec.status().message()), HasSubstr("spec.json"));
    EXPECT_THAT(std::string(spec.status().message()), HasSubstr(named));
  }
}

// torchvision's ImageNet statistics, times 255, as commonly printed.
TEST(InputPreset, Relu6HasTheImageNetStatistics) {
  const auto spec = input_preset("mobilefacenet-relu6");
  ASSERT_TRUE(spec.ok());
  EXPECT_THAT(spec->mean, ElementsAre(DoubleNear(123.675, 1e-9), DoubleNear(116.28, 1e-9),
                                      DoubleNear(103.53, 1e-9)));
  EXPECT_THAT(spec->std, ElementsAre(DoubleNear(58.395, 1e-9), DoubleNear(57.12, 1e-9),
                                     DoubleNear(57.375, 1e-9)));
}

TEST(InputPreset, TheTorchModelIsTaller) {
  const auto spec = input_preset("mobilefacenet-torch");
  ASSERT_TRUE(spec.ok());
  EXPECT_EQ(spec->width, 96);
  EXPECT_EQ(spec->height, 112);
}

TEST(InputPreset, AnUnknownNameListsTheKnownOnes) {
  const auto spec = input_preset("mobilefacenet");
  EXPECT_TRUE(absl::IsNotFound(spec.status()));
  EXPECT_THAT(std::string(spec.status().message()), HasSubstr("mobilefacenet-expo"));
}

}  // namespace
}  // namespace durward
