#include "auth/touch_factor.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cmath>
#include <cstring>
#include <thread>

#include "auth/fake_session.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

// Gives its two inputs as they come.
class IdentityModel final : public RuntimeModel {
 public:
  RuntimeKind kind() const override { return RuntimeKind::kReference; }
  const std::vector<PortInfo>& inputs() const override { return ports_; }
  const std::vector<PortInfo>& outputs() const override { return ports_; }
  absl::Status run(std::span<const std::span<const std::byte>> inputs,
                   std::span<const std::span<std::byte>> outputs) override {
    std::memcpy(outputs[0].data(), inputs[0].data(), inputs[0].size());
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<OpRecord>> profile() override {
    return absl::FailedPreconditionError("not profiled");
  }

 private:
  std::vector<PortInfo> ports_ = {
      {.name = "x", .type = DataType::kFloat32, .shape = {1, 2}, .quant = {}}};
};

std::string line(float a, float b, const char* source = "keypad") {
  return absl::StrCat(R"({"schema":"durward-touch/1","source":")", source,
                      R"(","taps":[],"features":{"a":)", a, R"(,"b":)", b, "}}\n");
}

class TouchFactorTest : public TemporaryFolderTest {
 protected:
  std::unique_ptr<TemplateFactor> factor(const std::string& lines) {
    TouchFactorParts parts{
        .lines = TouchLines::open(write("lines", lines).string()).value(),
        .embedder = nullptr,
        // The features are normal already: knots at -1.15 and 1.15.
        .spec = {.names = {"a", "b"},
                 .medians = {0, 0},
                 .knots = {normal_images(8), normal_images(8)}},
        .calibration = {{"cosine"}, {{10}, -5}},
        .model = {"touch", "pin", "v2"},
        .bundle_sha256 = std::string(64, 'b'),
        .compatible_versions = {"v1"},
        .templates = [this](std::string_view) -> absl::StatusOr<std::vector<Template>> {
          if (templates_.empty()) return absl::NotFoundError("nobody");
          return templates_;
        },
        .clock = &clock_};
    parts.embedder = std::make_unique<Embedder>(
        Embedder::create(std::make_unique<IdentityModel>(), {1, 2}).value());
    return create_touch_factor(std::move(parts)).value();
  }
  void add_template(const std::string& version, std::vector<float> embedding,
                    const std::string& modality = "touch") {
    templates_.push_back({.user = "ann",
                          .model = {modality, "pin", version},
                          .created = clock_.wall_ms() / 1000 - 3 * 86'400 - 5,
                          .embedding = std::move(embedding)});
  }
  // The first sample that is usable, kept.
  void take_one(TemplateFactor& factor) {
    const auto sample = factor.capture(clock_.now_ms() + 1000);
    ASSERT_TRUE(sample.ok()) << sample.status();
    ASSERT_TRUE(sample->usable) << sample->guidance;
    factor.keep();
    ASSERT_TRUE(factor.complete());
  }

  FakeSessionClock clock_;
  std::vector<Template> templates_;
};

TEST_F(TouchFactorTest, ComparesAnEntryWithTheMeanOfTheTemplates) {
  add_template("v2", {1, 0});
  add_template("v2", {0, 2});
  add_template("v2", {5, 5}, "face");
  const auto touch = factor(line(0.5F, 0));
  ASSERT_TRUE(touch->begin("ann", nullptr).ok());
  EXPECT_FALSE(touch->complete());
  take_one(*touch);
  const FactorComparison found = touch->compare().value();
  EXPECT_NEAR(found.score, std::sqrt(0.5), 1e-6);
  EXPECT_NEAR(found.llr, 10 * std::sqrt(0.5) - 5, 1e-5);
  EXPECT_EQ(found.template_match, TemplateMatch::kSameModel);
  EXPECT_EQ(found.template_age_days, 3);
  EXPECT_EQ(touch->embedding()->size(), 2u);
  EXPECT_EQ(touch->liveness().value(), std::nullopt);
}

TEST_F(TouchFactorTest, TemplatesOfItsOwnModelComeFirstThenCompatibleOnes) {
  const auto match = [&] {
    const auto touch = factor(line(0.5F, 0));
    EXPECT_TRUE(touch->begin("ann", nullptr).ok());
    take_one(*touch);
    return touch->compare()->template_match;
  };
  add_template("v0", {1, 0});
  EXPECT_EQ(match(), TemplateMatch::kOtherModel);
  add_template("v1", {1, 0});
  EXPECT_EQ(match(), TemplateMatch::kCompatibleModel);
  add_template("v2", {1, 0});
  EXPECT_EQ(match(), TemplateMatch::kSameModel);
}

TEST_F(TouchFactorTest, OnesOfOtherModalitiesAreNone) {
  add_template("v2", {1, 0}, "face");
  const auto touch = factor("");
  EXPECT_TRUE(absl::IsNotFound(touch->begin("ann", nullptr)));
  EXPECT_TRUE(touch->begin("", nullptr).ok());
}

TEST_F(TouchFactorTest, AWrongEntryIsToldAndTheNextOneTaken) {
  const auto touch = factor("nonsense\n\n" + line(0.5F, 0.25F, "phone"));
  ASSERT_TRUE(touch->begin("", nullptr).ok());
  const CapturedSample wrong = touch->capture(clock_.now_ms() + 1000).value();
  EXPECT_FALSE(wrong.usable);
  EXPECT_THAT(wrong.guidance, HasSubstr("enter it again"));
  const CapturedSample good = touch->capture(clock_.now_ms() + 1000).value();
  EXPECT_TRUE(good.usable);
  EXPECT_EQ(good.mark.source, "phone");
  EXPECT_GT(good.mark.taken_ms, wrong.mark.taken_ms);
  EXPECT_NE(good.mark.digest, wrong.mark.digest);
  EXPECT_TRUE(absl::IsUnavailable(touch->capture(clock_.now_ms() + 1000).status()));
}

TEST_F(TouchFactorTest, TheSameEntryHasTheSameDigest) {
  const auto touch = factor(line(1, 2) + line(1, 2));
  ASSERT_TRUE(touch->begin("", nullptr).ok());
  EXPECT_EQ(touch->capture(clock_.now_ms() + 1000)->mark.digest,
            touch->capture(clock_.now_ms() + 1000)->mark.digest);
}

TEST_F(TouchFactorTest, ALineWithoutEndIsRefusedAndCostsNoMemory) {
  const auto touch = factor(std::string(1 << 20, 'x') + "\n" + line(1, 2));
  ASSERT_TRUE(touch->begin("", nullptr).ok());
  EXPECT_FALSE(touch->capture(clock_.now_ms() + 1000)->usable);
  EXPECT_TRUE(touch->capture(clock_.now_ms() + 1000)->usable);
}

TEST_F(TouchFactorTest, WaitsUntilTheDeadlineOrAStop) {
  const std::string pipe = (folder_ / "pipe").string();
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  SteadySessionClock clock;
  const auto lines = TouchLines::open(pipe).value();
  const FileDescriptor writer(::open(pipe.c_str(), O_WRONLY | O_CLOEXEC));
  EXPECT_TRUE(absl::IsDeadlineExceeded(lines->next(clock.now_ms() + 30, clock).status()));
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    lines->stop();
  });
  EXPECT_TRUE(absl::IsCancelled(lines->next(clock.now_ms() + 60'000, clock).status()));
  EXPECT_TRUE(absl::IsCancelled(lines->next(clock.now_ms() + 60'000, clock).status()));
  lines->restart();
  ASSERT_EQ(::write(writer.get(), "one\ntw", 6), 6);
  EXPECT_EQ(lines->next(clock.now_ms() + 1000, clock).value(), "one");
  EXPECT_TRUE(absl::IsDeadlineExceeded(lines->next(clock.now_ms() + 30, clock).status()));
}

TEST_F(TouchFactorTest, ACalibrationThatAsksForMoreThanTheScoreIsRefused) {
  TouchFactorParts parts;
  EXPECT_TRUE(absl::IsInvalidArgument(create_touch_factor(std::move(parts)).status()));
}

}  // namespace
}  // namespace durward
