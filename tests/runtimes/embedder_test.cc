#include "runtimes/embedder.h"

#include <gmock/gmock.h>

#include <cstring>

namespace durward {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Gives the first of what it was given, and remembers all of it.
class Echo : public RuntimeModel {
 public:
  Echo(PortInfo input, PortInfo output) : inputs_{std::move(input)}, outputs_{std::move(output)} {}

  [[nodiscard]] RuntimeKind kind() const override { return RuntimeKind::kReference; }
  [[nodiscard]] const std::vector<PortInfo>& inputs() const override { return inputs_; }
  [[nodiscard]] const std::vector<PortInfo>& outputs() const override { return outputs_; }
  [[nodiscard]] absl::Status run(std::span<const std::span<const std::byte>> inputs,
                                 std::span<const std::span<std::byte>> outputs) override {
    given.assign(inputs[0].begin(), inputs[0].end());
    std::copy_n(given.begin(), outputs[0].size(), outputs[0].begin());
    return absl::OkStatus();
  }
  [[nodiscard]] absl::StatusOr<std::vector<OpRecord>> profile() override {
    return absl::FailedPreconditionError("not profiled");
  }

  std::vector<std::byte> given;

 private:
  std::vector<PortInfo> inputs_, outputs_;
};

template <typename T>
std::vector<T> as(const std::vector<std::byte>& bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

TEST(Embedder, GivesAPictureByPlanesToAModelThatWantsItSo) {
  auto model = std::make_unique<Echo>(PortInfo{"x", DataType::kFloat32, {1, 3, 1, 2}, {}},
                                      PortInfo{"y", DataType::kFloat32, {1, 2}, {}});
  const Echo& echo = *model;
  auto embedder = Embedder::create(std::move(model), {1, 1, 2, 3});
  ASSERT_TRUE(embedder.ok()) << embedder.status();
  EXPECT_EQ(embedder->dims(), 2);
  const std::vector<float> sample = {0, 1, 2, 10, 11, 12};
  EXPECT_THAT(embedder->embed(sample).value(), ElementsAre(0, 10));
  EXPECT_THAT(as<float>(echo.given), ElementsAre(0, 10, 1, 11, 2, 12));
}

TEST(Embedder, FillsEverySlotOfAFixedBatchAndReadsTheFirst) {
  const QuantParams quant{{0.5f}, {3}, -1};
  auto model = std::make_unique<Echo>(PortInfo{"x", DataType::kInt8, {2, 3}, quant},
                                      PortInfo{"y", DataType::kInt8, {2, 3}, quant});
  const Echo& echo = *model;
  auto embedder = Embedder::create(std::move(model), {1, 3});
  ASSERT_TRUE(embedder.ok()) << embedder.status();
  const std::vector<float> sample = {1, -0.5f, 1000};
  EXPECT_THAT(embedder->embed(sample).value(), ElementsAre(1, -0.5f, 62));
  EXPECT_THAT(as<int8_t>(echo.given), ElementsAre(5, 2, 127, 5, 2, 127));
}

TEST(Embedder, RefusesAModelOfAnotherInputAndASampleOfAnotherSize) {
  const auto model = [] {
    return std::make_unique<Echo>(PortInfo{"audio", DataType::kFloat32, {1, 160, 40}, {}},
                                  PortInfo{"y", DataType::kFloat32, {1, 256}, {}});
  };
  const auto refused = Embedder::create(model(), {1, 112, 112, 3});
  EXPECT_TRUE(absl::IsInvalidArgument(refused.status()));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("'audio'"));
  auto embedder = Embedder::create(model(), {1, 160, 40});
  ASSERT_TRUE(embedder.ok()) << embedder.status();
  EXPECT_TRUE(absl::IsInvalidArgument(embedder->embed(std::vector<float>(5)).status()));
}

}  // namespace
}  // namespace durward
