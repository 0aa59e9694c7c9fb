#include "auth/decision.h"

#include <gmock/gmock.h>

#include <limits>

namespace durward {
namespace {

// Threshold log(1000) = 6.9, floors 3.
Policy two_factors() {
  Policy policy;
  policy.name = "test";
  policy.factors = {
      {.modality = "face", .required = true, .llr_floor = 3, .pad = PadRule::kRequired},
      {.modality = "voice",
       .required = true,
       .llr_floor = 3,
       .challenge = ChallengeSpec{.kind = ChallengeKind::kDigits, .length = 4}}};
  policy.factors_needed = 2;
  return policy;
}

// One face, and a voice that helps where it is there.
Policy one_factor() {
  Policy policy = two_factors();
  policy.factors_needed = 1;
  policy.factors[0].llr_floor = std::nullopt;
  policy.factors[1] = {.modality = "voice"};
  return policy;
}

FactorEvidence face(double llr) { return {.modality = "face", .llr = llr, .pad_llr = 4.0}; }
FactorEvidence voice(double llr) {
  return {.modality = "voice", .llr = llr, .challenge = ChallengeVerdict::kPassed};
}

void expect(const Decision& decision, DecisionKind verdict, Reason reason,
            std::string_view factor = "") {
  EXPECT_EQ(decision.verdict, verdict) << name_of(decision.reason);
  EXPECT_EQ(decision.reason, reason) << name_of(decision.reason);
  EXPECT_EQ(decision.factor, factor);
}

TEST(Decide, AddsTheLogLikelihoodRatios) {
  const std::vector<FactorEvidence> evidence = {voice(4), face(5)};
  const Decision decision = decide(two_factors(), evidence);
  expect(decision, DecisionKind::kAccept, Reason::kAccepted);
  EXPECT_DOUBLE_EQ(decision.fused_llr.value(), 9);
  EXPECT_NEAR(decision.threshold, std::log(1000.0), 1e-12);
  EXPECT_EQ(decision.factors_counted, 2);
  expect(decide(two_factors(), std::vector{voice(3.2), face(3.7)}), DecisionKind::kReject,
         Reason::kEvidenceTooWeak);
}

TEST(Decide, AStrongFactorDoesNotMakeUpForAWrongOne) {
  // Any sum would do.
  expect(decide(two_factors(), std::vector{face(40), voice(2.9)}), DecisionKind::kReject,
         Reason::kFactorBelowFloor, "voice");
  expect(decide(two_factors(), std::vector{face(3), voice(40)}), DecisionKind::kReject,
         Reason::kFactorBelowFloor, "face");
  // One factor policies have it that way.
  expect(decide(one_factor(), std::vector{face(40), voice(-3)}), DecisionKind::kAccept,
         Reason::kAccepted);
}

TEST(Decide, AFactorUsedAgainstNeverHelps) {
  Policy policy = one_factor();
  policy.factors[1].use = FactorUse::kAgainst;
  expect(decide(policy, std::vector{face(6), voice(50)}), DecisionKind::kReject,
         Reason::kEvidenceTooWeak);
  expect(decide(policy, std::vector{face(8), voice(50)}), DecisionKind::kAccept, Reason::kAccepted);
  expect(decide(policy, std::vector{face(8), voice(-2)}), DecisionKind::kReject,
         Reason::kEvidenceTooWeak);
}

TEST(Decide, ARequiredFactorThatIsMissingIsARetryThatNamesIt) {
  FactorEvidence missing{.modality = "voice", .missing = Missing::kNoSample};
  expect(decide(two_factors(), std::vector{face(40), missing}), DecisionKind::kRetry,
         Reason::kFactorMissing, "voice");
  expect(decide(two_factors(), std::vector{face(40)}), DecisionKind::kRetry, Reason::kFactorMissing,
         "voice");
  missing.missing = Missing::kDeadline;
  expect(decide(two_factors(), std::vector{face(40), missing}), DecisionKind::kRetry,
         Reason::kDeadline, "voice");
}

TEST(Decide, WithoutAnOptionalFactorTheOthersDecide) {
  const FactorEvidence missing{.modality = "voice", .missing = Missing::kDeadline, .llr = 99};
  expect(decide(one_factor(), std::vector{face(7), missing}), DecisionKind::kAccept,
         Reason::kAccepted);
  expect(decide(one_factor(), std::vector{face(6), missing}), DecisionKind::kReject,
         Reason::kEvidenceTooWeak);
}

TEST(Decide, NothingThatIsNoNumberIsAccepted) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double bad : {kNan, kInfinity, -kInfinity}) {
    expect(decide(two_factors(), std::vector{face(bad), voice(9)}), DecisionKind::kReject,
           Reason::kNotFinite, "face");
    FactorEvidence score = face(9), pad = face(9), quality = face(9);
    score.score = bad;
    pad.pad_llr = bad;
    quality.qualities = {{"sharpness", bad}};
    for (const FactorEvidence& evidence : {score, pad, quality}) {
      expect(decide(two_factors(), std::vector{evidence, voice(9)}), DecisionKind::kReject,
             Reason::kNotFinite, "face");
    }
  }
}

TEST(Decide, PresentationAttacksAreRefusedWhateverTheComparisonSays) {
  FactorEvidence attack = face(40);
  attack.pad_llr = -0.5;
  expect(decide(two_factors(), std::vector{attack, voice(40)}), DecisionKind::kReject,
         Reason::kPresentationAttack, "face");
  attack.pad_llr = 0;
  expect(decide(two_factors(), std::vector{attack, voice(40)}), DecisionKind::kReject,
         Reason::kPresentationAttack, "face");
  attack.pad_llr = std::nullopt;
  expect(decide(two_factors(), std::vector{attack, voice(40)}), DecisionKind::kRetry,
         Reason::kPadMissing, "face");
  Policy policy = two_factors();
  policy.factors[0].pad = PadRule::kWherePossible;
  expect(decide(policy, std::vector{attack, voice(40)}), DecisionKind::kAccept, Reason::kAccepted);
  attack.pad_llr = -3;
  expect(decide(policy, std::vector{attack, voice(40)}), DecisionKind::kReject,
         Reason::kPresentationAttack, "face");
  policy.factors[0].pad = PadRule::kOff;
  expect(decide(policy, std::vector{attack, voice(40)}), DecisionKind::kAccept, Reason::kAccepted);
}

TEST(Decide, ReplayedSpeechFailsItsChallenge) {
  FactorEvidence replay = voice(40);
  for (const ChallengeVerdict verdict :
       {ChallengeVerdict::kWrong, ChallengeVerdict::kUnanswered, ChallengeVerdict::kTooLate,
        ChallengeVerdict::kTooEarly, ChallengeVerdict::kOtherNonce}) {
    replay.challenge = verdict;
    expect(decide(two_factors(), std::vector{face(40), replay}), DecisionKind::kReject,
           Reason::kChallengeFailed, "voice");
  }
  replay.challenge = std::nullopt;
  expect(decide(two_factors(), std::vector{face(40), replay}), DecisionKind::kRetry,
         Reason::kChallengeMissing, "voice");
}

TEST(Decide, FaultsOfSamplesComeBeforeEverything) {
  FactorEvidence frozen = face(40);
  frozen.fault = SampleFault::kFrozen;
  frozen.missing = Missing::kNoSample;
  expect(decide(two_factors(), std::vector{frozen}), DecisionKind::kReject, Reason::kSampleFault,
         "face");
}

TEST(Decide, TemplatesOfAnotherModelCountOnlyWhereTheyAreCompatible) {
  Policy policy = two_factors();
  FactorEvidence other = face(9);
  other.template_match = TemplateMatch::kCompatibleModel;
  expect(decide(policy, std::vector{other, voice(9)}), DecisionKind::kReject,
         Reason::kTemplateOtherModel, "face");
  policy.templates.accept_compatible = true;
  expect(decide(policy, std::vector{other, voice(9)}), DecisionKind::kAccept, Reason::kAccepted);
  other.template_match = TemplateMatch::kOtherModel;
  expect(decide(policy, std::vector{other, voice(9)}), DecisionKind::kReject,
         Reason::kTemplateOtherModel, "face");
}

TEST(Decide, AnOldTemplateIsRefusedAndAnOptionalOneLeftOut) {
  Policy policy = two_factors();
  policy.templates.max_age_days = 365;
  FactorEvidence old = face(9);
  old.template_age_days = 365;
  expect(decide(policy, std::vector{old, voice(9)}), DecisionKind::kAccept, Reason::kAccepted);
  old.template_age_days = 366;
  expect(decide(policy, std::vector{old, voice(9)}), DecisionKind::kReject, Reason::kTemplateTooOld,
         "face");
  policy = one_factor();
  policy.templates.max_age_days = 365;
  FactorEvidence old_voice = voice(9);
  old_voice.template_age_days = 400;
  expect(decide(policy, std::vector{face(6), old_voice}), DecisionKind::kReject,
         Reason::kEvidenceTooWeak);
  policy.factors[0].required = false;
  expect(decide(policy, std::vector{old_voice}), DecisionKind::kReject, Reason::kTemplateTooOld,
         "voice");
}

TEST(LacksFactors, LooksAtNoScore) {
  const FactorEvidence missing{.modality = "voice", .missing = Missing::kLowQuality};
  EXPECT_TRUE(lacks_factors(two_factors(), std::vector{face(-99), missing}).has_value());
  EXPECT_FALSE(lacks_factors(two_factors(), std::vector{face(-99), voice(-99)}).has_value());
  EXPECT_FALSE(lacks_factors(one_factor(), std::vector{face(-99), missing}).has_value());
}

// Without floors a sum of LLRs passes whoever has stolen one factor; with them at most exp(-floor)
// of such attempts pass, whatever the stolen factor is worth: brute force over both LLRs.
TEST(Decide, AcceptsExactlyWhatIsAboveThresholdAndFloors) {
  const Policy policy = two_factors();
  int accepted = 0;
  for (double f = -5; f <= 15; f += 0.37) {
    for (double v = -5; v <= 15; v += 0.41) {
      const bool expected = f + v > std::log(1000.0) && f > 3 && v > 3;
      const Decision decision = decide(policy, std::vector{face(f), voice(v)});
      EXPECT_EQ(decision.verdict == DecisionKind::kAccept, expected) << f << " " << v;
      accepted += expected;
    }
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace durward
