#include "auth/challenge.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

namespace durward {
namespace {

constexpr ChallengeSpec kTwoActions = {
    .kind = ChallengeKind::kActions, .length = 2, .step_ms = 5000};
constexpr ChallengeSpec kFourDigits = {
    .kind = ChallengeKind::kDigits, .length = 4, .step_ms = 2000};

Challenge actions(std::vector<std::string> steps) {
  return {.nonce = "n", .spec = kTwoActions, .steps = std::move(steps), .issued_ms = 10'000};
}

Challenge digits(int64_t errors_allowed = 0) {
  Challenge challenge{
      .nonce = "n", .spec = kFourDigits, .steps = {"4", "0", "7", "1"}, .issued_ms = 10'000};
  challenge.spec.errors_allowed = errors_allowed;
  return challenge;
}

ChallengeVerdict answer(const Challenge& challenge, std::vector<ChallengeResponse::Step> steps) {
  return verify_response(challenge, {.nonce = "n", .steps = std::move(steps)});
}

TEST(NewChallenge, EachOneOfTheTwelveIsAsLikely) {
  constexpr int kDrawn = 12'000;
  std::map<std::string, int> counts;
  std::set<std::string> nonces;
  for (int i = 0; i < kDrawn; ++i) {
    const Challenge challenge = new_challenge(kTwoActions, 5).value();
    ++counts[challenge.steps[0] + " " + challenge.steps[1]];
    EXPECT_EQ(challenge.nonce.size(), 32u);
    nonces.insert(challenge.nonce);
  }
  EXPECT_EQ(nonces.size(), static_cast<size_t>(kDrawn));
  EXPECT_EQ(counts.size(), 12u);
  double chi_square = 0;
  for (const auto& [steps, count] : counts)
    chi_square += (count - 1000.0) * (count - 1000.0) / 1000;
  EXPECT_LT(chi_square, 51.0);  // 11 degrees of freedom: exceeded once in 2,000,000
}

TEST(NewChallenge, NoDigitFollowsItself) {
  for (int i = 0; i < 200; ++i) {
    const Challenge challenge =
        new_challenge({.kind = ChallengeKind::kDigits, .length = 16}, 0).value();
    ASSERT_EQ(challenge.steps.size(), 16u);
    for (size_t at = 1; at < 16; ++at) EXPECT_NE(challenge.steps[at], challenge.steps[at - 1]);
  }
  EXPECT_TRUE(absl::IsInvalidArgument(new_challenge({.length = 0}, 0).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(new_challenge({.length = 17}, 0).status()));
}

TEST(VerifyResponse, ActionsPassInOrderAndInTime) {
  const Challenge challenge = actions({"nod", "turn-left"});
  EXPECT_EQ(answer(challenge, {{"nod", 11'000}, {"turn-left", 15'900}}), ChallengeVerdict::kPassed);
  EXPECT_EQ(answer(challenge, {{"turn-left", 11'000}, {"nod", 12'000}}), ChallengeVerdict::kWrong);
  EXPECT_EQ(answer(challenge, {{"nod", 11'000}}), ChallengeVerdict::kUnanswered);
  EXPECT_EQ(answer(challenge, {}), ChallengeVerdict::kUnanswered);
  EXPECT_EQ(answer(challenge, {{"nod", 15'001}, {"turn-left", 15'900}}),
            ChallengeVerdict::kTooLate);
  EXPECT_EQ(answer(challenge, {{"nod", 11'000}, {"turn-left", 16'001}}),
            ChallengeVerdict::kTooLate);
}

TEST(VerifyResponse, AnAnswerFasterThanAPersonOrBeforeTheChallengeIsRefused) {
  const Challenge challenge = actions({"nod", "turn-left"});
  EXPECT_EQ(answer(challenge, {{"nod", 10'149}, {"turn-left", 12'000}}),
            ChallengeVerdict::kTooEarly);
  EXPECT_EQ(answer(challenge, {{"nod", 9'000}, {"turn-left", 12'000}}),
            ChallengeVerdict::kTooEarly);
  EXPECT_EQ(answer(challenge, {{"nod", 11'000}, {"turn-left", 11'100}}),
            ChallengeVerdict::kTooEarly);
}

TEST(VerifyResponse, PeopleBlinkUnaskedButDoNothingElse) {
  const Challenge challenge = actions({"nod", "blink"});
  EXPECT_EQ(answer(challenge, {{"blink", 10'500}, {"nod", 11'000}, {"blink", 12'000}}),
            ChallengeVerdict::kPassed);
  EXPECT_EQ(answer(challenge, {{"turn-left", 10'500}, {"nod", 11'000}, {"blink", 12'000}}),
            ChallengeVerdict::kWrong);
  // Somebody who does everything in turn, hoping, is wrong at the first that was not asked.
  EXPECT_EQ(answer(actions({"turn-right", "nod"}),
                   {{"blink", 10'300}, {"turn-left", 10'600}, {"turn-right", 10'900}}),
            ChallengeVerdict::kWrong);
}

TEST(VerifyResponse, DigitsPassAsTheyWereAsked) {
  EXPECT_EQ(answer(digits(), {{"4", 10'500}, {"0", 11'000}, {"7", 11'500}, {"1", 12'000}}),
            ChallengeVerdict::kPassed);
  EXPECT_EQ(answer(digits(), {{"4", 10'500}, {"0", 11'000}, {"1", 11'500}, {"7", 12'000}}),
            ChallengeVerdict::kWrong);
  EXPECT_EQ(answer(digits(), {{"4", 10'500}, {"0", 11'000}, {"7", 11'500}}),
            ChallengeVerdict::kUnanswered);
  EXPECT_EQ(
      answer(digits(), {{"4", 10'500}, {"0", 11'000}, {"7", 11'500}, {"1", 12'000}, {"1", 12'500}}),
      ChallengeVerdict::kWrong);
  EXPECT_EQ(answer(digits(), {{"4", 10'500}, {"0", 11'000}, {"7", 11'500}, {"1", 18'001}}),
            ChallengeVerdict::kTooLate);
  EXPECT_EQ(answer(digits(), {{"4", 9'000}, {"0", 11'000}, {"7", 11'500}, {"1", 12'000}}),
            ChallengeVerdict::kTooEarly);
  EXPECT_EQ(answer(digits(), {{"4", 10'500}, {"0", 10'500}, {"7", 11'500}, {"1", 12'000}}),
            ChallengeVerdict::kTooEarly);
}

TEST(VerifyResponse, OnlySoManyDigitsMayBeMisheard) {
  const std::vector<ChallengeResponse::Step> one_wrong = {
      {"4", 10'500}, {"9", 11'000}, {"7", 11'500}, {"1", 12'000}};
  EXPECT_EQ(answer(digits(0), one_wrong), ChallengeVerdict::kWrong);
  EXPECT_EQ(answer(digits(1), one_wrong), ChallengeVerdict::kPassed);
  EXPECT_EQ(answer(digits(1), {{"4", 10'500}, {"9", 11'000}, {"9", 11'500}, {"1", 12'000}}),
            ChallengeVerdict::kWrong);
}

TEST(VerifyResponse, AnAnswerToAnotherChallengeIsNone) {
  EXPECT_EQ(verify_response(digits(), {.nonce = "other", .steps = {}}),
            ChallengeVerdict::kOtherNonce);
}

TEST(Challenge, AsksOnlyForWhatCanBeSeenAndForAllOfItAlike) {
  const std::vector<std::string_view> visible = {"turn-left", "turn-right", "nod"};
  std::map<std::vector<std::string>, int> drawn;
  constexpr int kDraws = 6000;
  for (int i = 0; i < kDraws; ++i) {
    const auto challenge = new_challenge({.length = 2}, 0, visible);
    ASSERT_TRUE(challenge.ok()) << challenge.status();
    ++drawn[challenge->steps];
  }
  // Three actions, then one of the two others.
  EXPECT_EQ(drawn.size(), 6u);
  for (const auto& [steps, count] : drawn) {
    // 1,000 are to be expected, with a standard deviation of 29.
    EXPECT_NEAR(count, kDraws / 6, 170) << steps[0] << " " << steps[1];
    for (const std::string& step : steps) EXPECT_NE(step, "blink");
  }
}

TEST(Challenge, NeedsTwoActionsThatThereAre) {
  const auto refused = [](std::vector<std::string_view> visible) {
    return absl::IsInvalidArgument(new_challenge({.length = 2}, 0, visible).status());
  };
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(refused({"nod"}));
  EXPECT_TRUE(refused({"nod", "nod"}));
  EXPECT_TRUE(refused({"nod", "wink"}));
  // Digits are heard, whatever is seen.
  EXPECT_TRUE(new_challenge({.kind = ChallengeKind::kDigits, .length = 4}, 0, {}).ok());
}

}  // namespace
}  // namespace durward
