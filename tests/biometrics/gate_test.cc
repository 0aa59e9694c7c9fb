#include "biometrics/gate.h"

#include <gmock/gmock.h>

namespace durward {
namespace {

using ::testing::HasSubstr;

TEST(ParseGate, ReadsLossAndFar) {
  const Gate gate = parse_gate("0.01@1e-3").value();
  EXPECT_EQ(gate.max_tar_loss, 0.01);
  EXPECT_EQ(gate.far, 1e-3);
  EXPECT_FALSE(gate.point_estimate);
  EXPECT_TRUE(parse_gate("0@0.1:point").value().point_estimate);
}

TEST(ParseGate, RefusesAnythingElseWithAnExample) {
  for (const char* text :
       {"", "0.01", "@", "0.01@", "@1e-3", "a@1e-3", "0.01@b", "-0.1@1e-3", "1.1@1e-3", "0.01@0",
        "0.01@1", "nan@1e-3", "0.01@nan", "0.01@1e-3@2", "0.01@1e-3:pint", "inf@1e-3"}) {
    EXPECT_THAT(parse_gate(text).status().message(), HasSubstr("0.01@1e-3")) << text;
  }
}

std::vector<TarLoss> measured(double loss, std::optional<double> upper_bound) {
  return {{.far = 1e-2, .loss = 0, .upper_bound = 0},
          {.far = 1e-3, .loss = loss, .upper_bound = upper_bound}};
}

TEST(Judge, HoldsTheUpperBoundAgainstTheGate) {
  const Gate gate = parse_gate("0.01@1e-3").value();
  EXPECT_EQ(judge(gate, measured(0.002, 0.009)).verdict, GateVerdict::kPassed);
  EXPECT_EQ(judge(gate, measured(0.002, 0.011)).verdict, GateVerdict::kUnproven);
  EXPECT_EQ(judge(gate, measured(0.02, 0.03)).verdict, GateVerdict::kFailed);
  EXPECT_EQ(judge(gate, measured(-0.01, 0.0)).verdict, GateVerdict::kPassed);
}

TEST(Judge, HoldsTheMeasuredLossAgainstAPointGate) {
  const Gate gate = parse_gate("0.01@1e-3:point").value();
  EXPECT_EQ(judge(gate, measured(0.002, 0.011)).verdict, GateVerdict::kPassed);
  EXPECT_EQ(judge(gate, measured(0.02, std::nullopt)).verdict, GateVerdict::kFailed);
}

TEST(Judge, DoesNotPassWithoutEvidence) {
  const GateResult unbounded = judge(parse_gate("0.01@1e-3").value(), measured(0, std::nullopt));
  EXPECT_EQ(unbounded.verdict, GateVerdict::kUnproven);
  EXPECT_THAT(unbounded.reason, HasSubstr("too few people"));
  const GateResult unmeasured = judge(parse_gate("0.01@1e-4").value(), measured(0, 0));
  EXPECT_EQ(unmeasured.verdict, GateVerdict::kUnproven);
  EXPECT_FALSE(unmeasured.loss.has_value());
  EXPECT_THAT(unmeasured.reason, HasSubstr("30000 impostor trials"));
}

TEST(Judge, SaysTheFiguresInPoints) {
  EXPECT_EQ(judge(parse_gate("0.01@1e-3").value(), measured(0.002, 0.009)).reason,
            "at FAR 0.001 the TAR falls by 0.200 points, at most by 0.900 with 95 % confidence, "
            "where 1.000 are allowed");
}

}  // namespace
}  // namespace durward
