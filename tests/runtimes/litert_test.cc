// LiteRT, on models small enough to compute by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run_model.h"

namespace durward {
namespace {

using testing::ElementsAre;

class LiteRt : public testing::Test {
 protected:
  void SetUp() override {
    if (!is_available(RuntimeKind::kLiteRt)) GTEST_SKIP() << "needs LiteRT";
  }
};

TEST_F(LiteRt, ComputesAFullyConnectedLayer) {
  auto model = load_model(RuntimeKind::kLiteRt, fixture("fully_connected.tflite"), {});
  ASSERT_TRUE(model.ok()) << model.status();
  ASSERT_EQ((*model)->inputs().size(), 1u);
  EXPECT_EQ((*model)->inputs()[0].name, "x");
  EXPECT_EQ((*model)->inputs()[0].type, DataType::kFloat32);
  EXPECT_THAT((*model)->inputs()[0].shape, ElementsAre(1, 4));
  EXPECT_EQ((*model)->inputs()[0].quant, std::nullopt);
  EXPECT_EQ((*model)->outputs()[0].name, "y");

  std::vector<Bytes> inputs = zeros((*model)->inputs()), outputs = zeros((*model)->outputs());
  const float x[] = {1, 10, 100, 1000};
  std::memcpy(inputs[0].data(), x, sizeof x);
  ASSERT_TRUE(run(**model, inputs, outputs).ok());
  EXPECT_THAT(floats(outputs[0]), ElementsAre(1 + 20 + 300 + 4000 + 0.5f, -1 + 100 - 0.5f));
}

TEST_F(LiteRt, TellsTheQuantisationOfIntegerPorts) {
  auto model = load_model(RuntimeKind::kLiteRt, fixture("add_int8.tflite"), {});
  ASSERT_TRUE(model.ok()) << model.status();
  const PortInfo& input = (*model)->inputs()[0];
  EXPECT_EQ(input.type, DataType::kInt8);
  ASSERT_TRUE(input.quant.has_value());
  EXPECT_THAT(input.quant->scales, ElementsAre(0.5f));
  EXPECT_THAT(input.quant->zero_points, ElementsAre(-3));

  std::vector<Bytes> inputs = zeros((*model)->inputs()), outputs = zeros((*model)->outputs());
  for (size_t i = 0; i < inputs[0].size(); ++i)
    inputs[0][i] = static_cast<std::byte>(static_cast<int8_t>(23 * static_cast<int>(i) - 128));
  ASSERT_TRUE(run(**model, inputs, outputs).ok());
  EXPECT_EQ(outputs[0], inputs[0]);
}

TEST_F(LiteRt, AgreesWithOpenVinoOnTheSameFile) {
  if (!is_available(RuntimeKind::kOpenVino)) GTEST_SKIP() << "needs OpenVINO";
  auto a = load_model(RuntimeKind::kLiteRt, fixture("fully_connected.tflite"), {.threads = 2});
  auto b = load_model(RuntimeKind::kOpenVino, fixture("fully_connected.tflite"), {.threads = 2});
  ASSERT_TRUE(a.ok()) << a.status();
  ASSERT_TRUE(b.ok()) << b.status();
  const std::vector<Bytes> inputs = random_inputs((*a)->inputs(), 2);
  std::vector<Bytes> x = zeros((*a)->outputs()), y = zeros((*b)->outputs());
  ASSERT_TRUE(run(**a, inputs, x).ok());
  ASSERT_TRUE(run(**b, inputs, y).ok());
  for (size_t i = 0; i < 2; ++i) EXPECT_NEAR(floats(x[0])[i], floats(y[0])[i], 1e-5);
}

}  // namespace
}  // namespace durward
