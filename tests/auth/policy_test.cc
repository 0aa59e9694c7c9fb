#include "auth/policy.h"

#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "support/folders.h"

namespace durward {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::filesystem::path shipped_file(std::string_view name) {
  return source_folder() / "policies" / absl::StrCat(std::string(name), ".json");
}

Policy shipped(std::string_view name) { return read_policy(shipped_file(name)).value(); }

json gateway() { return json::parse(*read_text_file(shipped_file("gateway"))); }

std::string error_of(const json& document) {
  return std::string(parse_policy(document.dump()).status().message());
}

TEST(Policy, ThresholdIsBayesRule) {
  Policy policy;
  policy.prior_genuine = 0.9;
  policy.cost_false_accept = 9000;
  policy.cost_false_reject = 2;
  EXPECT_NEAR(policy.llr_threshold(), std::log(0.1 / 0.9 * 9000 / 2), 1e-12);
  EXPECT_NEAR(policy.far_bound(), 0.002, 1e-12);
}

// The bound by Markov's inequality, against the closed form for normal scores: LLRs of impostors
// are N(-m, 2m) where those of genuine comparisons are N(m, 2m).
TEST(Policy, FewerImpostorsPassThanTheBoundWhereLlrsAreCalibrated) {
  Policy policy;
  policy.cost_false_accept = 1000;
  const double threshold = policy.llr_threshold();
  for (const double m : {0.5, 2.0, 7.0, 20.0}) {
    const double far = std::erfc((threshold + m) / std::sqrt(2 * m) / std::sqrt(2.0)) / 2;
    EXPECT_LT(far, policy.far_bound()) << m;
  }
}

TEST(Policy, EveryShippedOneIsReadAndNamedAsItsFile) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(shipped_file("x").parent_path())) {
    ++files;
    const absl::StatusOr<Policy> policy = read_policy(entry.path());
    ASSERT_TRUE(policy.ok()) << policy.status();
    EXPECT_EQ(policy->name + ".json", entry.path().filename().string());
    EXPECT_EQ(policy->sha256.size(), 64u);
    EXPECT_LE(policy->far_bound(), 1.001e-3) << policy->name;
  }
  EXPECT_EQ(files, 5);
}

TEST(Policy, GatewayPromisesTwoFactorsWithAFloorForEach) {
  const Policy policy = shipped("gateway");
  EXPECT_EQ(policy.factors_needed, 2);
  ASSERT_EQ(policy.factors.size(), 2u);
  for (const FactorPolicy& factor : policy.factors) {
    EXPECT_TRUE(factor.required);
    // A stolen other factor passes at most 5 % of the time, by the same bound.
    EXPECT_LE(std::exp(-factor.llr_floor.value()), 0.05) << factor.modality;
  }
  EXPECT_EQ(policy.factor("voice")->challenge->length, 4);
}

// NIST SP 800-63B (2017), section 5.2.3: FMR of 1 in 1000 or better, no more than 5 failed attempts
// (without credit for PAD), then at least 30 s, growing. SP 800-63B-4 (2025), section 3.2.3: FMR of
// 1 in 10,000, PAD, voice not to be used, and biometrics disabled after at most 50 failures.
TEST(Policy, NistKeepsTheLimitsOfSp80063b) {
  const Policy policy = shipped("nist-800-63b");
  EXPECT_LE(policy.far_bound(), 1.001e-4);
  EXPECT_LE(policy.attempts.limit, 5);
  EXPECT_GE(policy.attempts.lock_seconds, 30);
  EXPECT_GT(policy.attempts.lock_growth, 1);
  EXPECT_LE(policy.attempts.disable_after.value(), 50);
  EXPECT_EQ(policy.factor("face")->pad, PadRule::kRequired);
  EXPECT_TRUE(policy.factor("face")->required);
  EXPECT_EQ(policy.factor("voice")->use, FactorUse::kAgainst);
}

// Android 12 CDD, section 7.3.10: FAR at most 1 in 50,000, 30 s after five false trials.
TEST(Policy, AndroidClass3KeepsTheLimitsOfTheCdd) {
  const Policy policy = shipped("android-class3");
  EXPECT_LE(policy.far_bound(), 1.0001 / 50'000);
  EXPECT_LE(policy.attempts.limit, 5);
  EXPECT_GE(policy.attempts.lock_seconds, 30);
  EXPECT_EQ(policy.factor("face")->pad, PadRule::kRequired);
}

TEST(Policy, MissingAndUnknownFieldsAreNamed) {
  json document = gateway();
  document.erase("time");
  EXPECT_EQ(error_of(document), "time: is missing");
  document = gateway();
  document["attempts"]["limits"] = 3;
  EXPECT_EQ(error_of(document), "attempts.limits: is unknown; docs/policies.md lists the fields");
}

TEST(Policy, ValuesOutOfRangeAreNamedWithWhatTheyMustBe) {
  const struct {
    const char* pointer;
    json value;
    const char* message;
  } kCases[] = {
      {"/schema", "durward-policy/2", "schema: must be one of: durward-policy/1"},
      {"/factors/0/modality", "iris", "must be one of: face, voice, touch"},
      {"/factors/0/required", 1, "factors[0].required: must be true or false"},
      {"/factors/0/llr_floor", -1, "factors[0].llr_floor: must be a number from 0 to 100"},
      {"/factors/0/pad", "maybe", "must be one of: required, where-possible, off"},
      {"/factors/1/challenge/length", 0, "must be a whole number from 1 to 16"},
      {"/factors/1/challenge/errors_allowed", 2, "below half of them"},
      {"/prior_genuine", 1, "prior_genuine: must be a number from"},
      {"/attempts/limit", 2.5, "attempts.limit: must be a whole number from 1 to 100"},
      {"/attempts/max_lock_seconds", 29, "must be a whole number from 30"},
      {"/attempts/disable_after", 4, "attempts.disable_after: must be a whole number from 5"},
      {"/time/decide_within_ms", -1, "must be a whole number from 10"},
      {"/templates/max_age_days", "never", "must be a whole number"},
      {"/name", "a\x1b[2J", "without control characters"},
  };
  for (const auto& one : kCases) {
    json document = gateway();
    document[json::json_pointer(one.pointer)] = one.value;
    EXPECT_THAT(error_of(document), HasSubstr(one.message)) << one.pointer;
  }
}

TEST(Policy, PromisesThatContradictEachOtherAreRefused) {
  json document = gateway();
  document["factors"][1]["llr_floor"] = nullptr;
  EXPECT_THAT(error_of(document), HasSubstr("voice needs an llr_floor"));
  document = gateway();
  document["factors"][1]["use"] = "against";
  EXPECT_THAT(error_of(document), HasSubstr("never speaks for a person"));
  document["factors"][1]["llr_floor"] = nullptr;
  EXPECT_THAT(error_of(document), HasSubstr("factors_needed: must be at most 1"));
  document = gateway();
  document["factors"][1]["modality"] = "face";
  EXPECT_THAT(error_of(document), HasSubstr("name face twice"));
  document = gateway();
  document["cost_false_accept"] = 0.001;
  EXPECT_THAT(error_of(document), HasSubstr("it must be from 0 to 100"));
}

TEST(Policy, WhatIsNoPolicyIsRefused) {
  for (const char* text : {"", "[]", "{", "{\"schema\":\"durward-policy/1\"}", "1e999"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(parse_policy(text).status())) << text;
  }
  const std::string text = gateway().dump();
  EXPECT_THAT(parse_policy("{\"name\":\"other\"," + text.substr(1)).status().message(),
              HasSubstr("appears twice"));
}

}  // namespace
}  // namespace durward
