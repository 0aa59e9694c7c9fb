// Presentation-attack detectors judged by their decisions.
#include "pipeline/attacks.h"

#include <gmock/gmock.h>

#include "data/image.h"
#include "formats/onnx/onnx_model.h"
#include "formats/onnx/writer.h"
#include "passes/passes.h"
#include "pipeline/attacks_json.h"
#include "pipeline/model_file.h"
#include "runtimes/runtime.h"
#include "support/assets.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

using Color = std::array<uint8_t, 3>;

class Attacks : public TemporaryFolderTest {
 protected:
  Attacks() {
    options_.aligned = true;
    options_.preprocessing = spec_;
    options_.threads = 2;
  }

  void SetUp() override {
    if (!is_available(RuntimeKind::kOnnxRuntime)) GTEST_SKIP() << "needs ONNX Runtime";
  }

  void picture(const fs::path& relative, Color color) const {
    fs::create_directories((folder_ / relative).parent_path());
    Image image(8, 8);
    for (size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = color[i % 3];
    ASSERT_TRUE(write_jpeg(folder_ / relative, image, 100).ok());
  }

  // A detector whose outputs are the picture's mean red, green and blue times `gains`.
  Variant detector(const std::string& name, const std::vector<float>& gains) const {
    OnnxModel model(13);
    model.input("x", {1, 3, 8, 8});
    model.floats("gains", {1, 3, 1, 1}, gains);
    model.node("Mul", {"x", "gains"}, {"scaled"});
    model.node("GlobalAveragePool", {"scaled"}, {"means"});
    model.node("Flatten", {"means"}, {"logits"});
    model.output("logits", {1, 3});
    return {name, RuntimeKind::kOnnxRuntime, write(name + ".onnx", model.bytes())};
  }

  AttackSet set() const {
    auto loaded = load_attack_set(folder_ / "shown", {}, options_);
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    return *std::move(loaded);
  }

  InputSpec spec_ = {.width = 8, .height = 8, .alignment = Alignment::kNone, .live_class = 1};
  SampleOptions options_;
};

TEST_F(Attacks, AreCountedBySpeciesWhereTheLiveOutputIsTheLargest) {
  for (int i = 0; i < 4; ++i) {
    const auto shade = static_cast<uint8_t>(100 + 30 * i);
    picture(absl::StrCat("shown/live/", i, ".jpg"), {90, shade, 20});    // one in four not green
    picture(absl::StrCat("shown/print/", i, ".jpg"), {150, shade, 20});  // two in four greener
    picture(absl::StrCat("shown/mask/", i, ".jpg"), {20, 60, 200});
  }
  picture("shown/live/4.jpg", {120, 90, 20});
  write("shown/print/broken.jpg", "\xff\xd8\xff\xe0 no picture");
  const AttackSet shown = set();
  EXPECT_EQ(shown.live.used, 5);
  ASSERT_EQ(shown.species.size(), 2u);
  EXPECT_EQ(shown.species[1].name, "print");
  EXPECT_EQ(shown.species[1].pictures, 5);
  EXPECT_EQ(shown.species[1].used, 4);

  const auto system = evaluate_attacks(shown, detector("a", {1, 1, 1}), {});
  ASSERT_TRUE(system.ok()) << system.status();
  ASSERT_EQ(system->points.size(), 1u);  // too few live ones for a BPCER of 1 %
  const PresentationAttackRates& rates = system->points[0].rates;
  EXPECT_EQ(rates.bpcer->errors, 1);
  EXPECT_EQ(rates.bpcer->presentations, 5);
  ASSERT_EQ(rates.species.size(), 2u);
  EXPECT_EQ(rates.species[0].apcer.errors, 0);  // mask
  EXPECT_EQ(rates.species[1].apcer.errors, 2);  // print: 160 and 190 are greener than 150 red
}

TEST_F(Attacks, TwoDetectorsAreComparedPictureByPicture) {
  picture("shown/live/a.jpg", {90, 100, 20});
  picture("shown/live/b.jpg", {90, 180, 20});
  picture("shown/print/c.jpg", {150, 160, 20});
  const AttackSet shown = set();
  const auto before = evaluate_attacks(shown, detector("before", {1, 1, 1}), {});
  const auto after = evaluate_attacks(shown, detector("after", {1.2F, 1, 1}), {});
  ASSERT_TRUE(before.ok() && after.ok()) << before.status() << after.status();
  const auto changes = compare_attacks(*before, *after);
  ASSERT_TRUE(changes.ok()) << changes.status();
  ASSERT_EQ(changes->size(), 1u);
  EXPECT_EQ((*changes)[0].errors.live->new_errors, 1);
  EXPECT_EQ((*changes)[0].errors.live->mended_errors, 0);
  EXPECT_EQ((*changes)[0].errors.species[0].errors.mended_errors, 1);
  const auto json = attacks_json(shown, {*before, *after}, {});
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ((*json)["variants"].size(), 2u);
  EXPECT_EQ((*json)["changes"][0]["points"][0]["kinds"][0]["new_errors"], 1);
}

TEST_F(Attacks, WithLiveFacesEnoughTheThresholdForABpcerIsOneOfThePoints) {
  for (int i = 0; i < 20; ++i) {
    picture(absl::StrCat("shown/live/", i, ".jpg"), {10, static_cast<uint8_t>(40 + 10 * i), 20});
  }
  picture("shown/print/a.jpg", {10, 75, 20});
  const auto system = evaluate_attacks(set(), detector("a", {1, 1, 1}), {.bpcer_target = 0.2});
  ASSERT_TRUE(system.ok()) << system.status();
  ASSERT_EQ(system->points.size(), 2u);
  EXPECT_EQ(system->points[1].name, "BPCER 20 %");
  EXPECT_EQ(system->points[1].rates.bpcer->errors, 4);
  EXPECT_EQ(system->points[0].rates.species[0].apcer.errors, 1);
  EXPECT_EQ(system->points[1].rates.species[0].apcer.errors, 0);
}

TEST_F(Attacks, TheInputSpecificationMustSayWhichOutputIsLive) {
  picture("shown/live/a.jpg", {90, 100, 20});
  spec_.live_class = 3;
  options_.preprocessing = spec_;
  const auto system = evaluate_attacks(set(), detector("a", {1, 1, 1}), {});
  EXPECT_TRUE(absl::IsInvalidArgument(system.status()));
  EXPECT_THAT(std::string(system.status().message()), HasSubstr("3 outputs"));
  spec_.live_class = {};
  options_.preprocessing = spec_;
  const auto none = load_attack_set(folder_ / "shown", {}, options_);
  EXPECT_TRUE(absl::IsFailedPrecondition(none.status()));
  EXPECT_THAT(std::string(none.status().message()), HasSubstr("live_class"));
}

struct Published {
  const char* model;
  const char* preset;
  int64_t missed = 0;  // of the two attacks
};

// Minivision's own samples: a live face and two attacks. Its project adds up the probabilities of
// both MiniFASNets, of which the one for 4.0 alone takes the first attack for live.
TEST_F(Attacks, ThePublishedDetectorsDecideThePublishedSamplesRightly) {
  const auto samples = asset("pad/images/sample");
  const auto face_detector = asset("models/face_detector/yunet_n_320_320.onnx");
  if (!samples || !face_detector) GTEST_SKIP() << "needs the shared assets: pad, models";
  write("list.csv", "image,species\nimage_T1.jpg,live\nimage_F1.jpg,attack\nimage_F2.jpg,attack\n");
  for (const Published& published : {Published{"AntiSpoofing_bin_1.5_128.onnx", "antispoofing"},
                                     {"AntiSpoofing_print-replay_1.5_128.onnx", "antispoofing"},
                                     {"2.7_80x80_MiniFASNetV2.pth", "minifasnet-2.7"},
                                     {"4_0_0_80x80_MiniFASNetV1SE.pth", "minifasnet-4.0", 1}}) {
    const auto path = asset(absl::StrCat("models/face_pad/", published.model));
    ASSERT_TRUE(path) << published.model;
    auto file = read_model_file(*path);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE(simplify(file->graph).ok());
    const fs::path onnx = folder_ / "model.onnx";
    const auto bytes = write_onnx(file->graph, {});
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    write("model.onnx", *bytes);
    SampleOptions options;
    options.preprocessing = input_preset(published.preset).value();
    options.detector = *face_detector;
    const auto shown = load_attack_set(folder_ / "list.csv", *samples, options);
    ASSERT_TRUE(shown.ok()) << shown.status();
    ASSERT_EQ(shown->live.used + shown->species[0].used, 3);
    const Variant variant{published.model, RuntimeKind::kOnnxRuntime, onnx};
    const auto system = evaluate_attacks(*shown, variant, {});
    ASSERT_TRUE(system.ok()) << system.status();
    EXPECT_EQ(system->points[0].rates.bpcer->errors, 0) << published.model;
    EXPECT_LE(system->points[0].rates.species[0].apcer.errors, published.missed) << published.model;
  }
}

}  // namespace
}  // namespace durward
