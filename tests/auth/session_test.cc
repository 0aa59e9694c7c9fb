#include "auth/session.h"

#include <gmock/gmock.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "auth/fake_session.h"
#include "auth/log_verification.h"
#include "auth/state_database.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class Observer final : public SessionObserver {
 public:
  void guide(std::string_view modality, std::string_view guidance) override {
    said.push_back(absl::StrCat(std::string(modality), ": ", std::string(guidance)));
  }
  void ask(std::string_view, const Challenge& challenge) override {
    asked.push_back(challenge.nonce);
  }
  std::vector<std::string> said, asked;
};

// A policy of two factors over real files: the limiter's, and the log's.
class SessionTest : public TemporaryFolderTest {
 protected:
  SessionTest() : log_path_(folder_ / "decisions.jsonl"), state_(folder_ / "state.db") {
    EXPECT_TRUE(create_state_database(state_).ok());
    limiter_.emplace(AttemptLimiter::open(state_, key_, boot_clock_).value());
    log_.emplace(DecisionLog::open(log_path_, state_, key_).value());
    policy_.name = "test";
    policy_.sha256 = std::string(64, 'f');
    policy_.factors = {
        {.modality = "face", .required = true, .llr_floor = 3, .pad = PadRule::kRequired},
        {.modality = "voice", .required = true, .llr_floor = 3}};
    policy_.factors_needed = 2;
    policy_.attempts.limit = 3;
    face_.guidance = "look here";
  }

  std::unique_ptr<AuthenticationSession> session() {
    return AuthenticationSession::create(policy_, {.factors = {&face_, &voice_},
                                                   .limiter = &*limiter_,
                                                   .log = &*log_,
                                                   .clock = &clock_,
                                                   .observer = &observer_})
        .value();
  }
  void make_voice_optional() {
    policy_.factors_needed = 1;
    policy_.factors[0].llr_floor = std::nullopt;
    policy_.factors[1] = {.modality = "voice"};
  }
  DecisionRecord decide_once() { return session()->authenticate("ann").value(); }
  int64_t failures() { return limiter_->state("ann", policy_.attempts).value().failures; }
  std::vector<json> records() const {
    std::vector<json> records;
    const LogVerification result = verify_log(log_path_, std::nullopt, [&](const LogLine& line) {
                                     records.push_back(json::parse(line.record));
                                   }).value();
    EXPECT_EQ(result.state, LogState::kIntact);
    return records;
  }
  static void expect(const DecisionRecord& record, DecisionKind verdict, Reason reason,
                     std::string_view factor = "") {
    EXPECT_EQ(name_of(record.decision.verdict), name_of(verdict));
    EXPECT_EQ(name_of(record.decision.reason), name_of(reason));
    EXPECT_EQ(record.decision.factor, factor);
  }

  const std::filesystem::path log_path_, state_;
  const Secret key_ = Secret::generate().value();
  const SystemBootClock boot_clock_;
  std::optional<AttemptLimiter> limiter_;
  std::optional<DecisionLog> log_;
  Policy policy_;
  FakeSessionClock clock_;
  FakeFactor face_{"face", clock_}, voice_{"voice", clock_};
  Observer observer_;
};

TEST_F(SessionTest, AcceptsWhoIsRightAndRecordsWhy) {
  const DecisionRecord record = decide_once();
  expect(record, DecisionKind::kAccept, Reason::kAccepted);
  EXPECT_EQ(record.decision.fused_llr, 16);
  EXPECT_FALSE(record.deadline_hit);
  EXPECT_EQ(failures(), 0);
  const std::vector<json> all = records();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0]["request"], record.request);
  EXPECT_EQ(all[0]["user"], "ann");
  EXPECT_EQ(all[0]["policy_sha256"], policy_.sha256);
  EXPECT_EQ(all[0]["verdict"], "accept");
  EXPECT_EQ(all[0]["fused_llr"], 16);
  ASSERT_EQ(all[0]["factors"].size(), 2u);
  EXPECT_EQ(all[0]["factors"][0]["modality"], "face");
  EXPECT_EQ(all[0]["factors"][0]["samples"], 3);
  EXPECT_EQ(all[0]["factors"][0]["llr"], 8);
  EXPECT_EQ(all[0]["factors"][0]["pad_llr"], 5);
  EXPECT_EQ(all[0]["factors"][0]["bundle_sha256"], std::string(64, 'a'));
}

TEST_F(SessionTest, RefusesAWrongVoiceWithARightFaceAndCountsIt) {
  face_.comparison.llr = 40;
  voice_.comparison.llr = 1;
  const DecisionRecord record = decide_once();
  expect(record, DecisionKind::kReject, Reason::kFactorBelowFloor, "voice");
  EXPECT_EQ(record.failures, 1);
  EXPECT_EQ(failures(), 1);
}

TEST_F(SessionTest, TheAttemptIsOnTheDiskBeforeAnythingIsCompared) {
  int64_t seen = -1;
  face_.on_compare = [&] {
    seen =
        AttemptLimiter::open(state_, key_, boot_clock_)->state("ann", policy_.attempts)->failures;
  };
  expect(decide_once(), DecisionKind::kAccept, Reason::kAccepted);
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(failures(), 0);
}

TEST_F(SessionTest, WhatNeedsNoTemplateIsPreparedBeforeAnythingIsCompared) {
  std::vector<std::string> order;  // of one factor's thread
  voice_.on_prepare = [&] { order.emplace_back("prepare"); };
  voice_.on_compare = [&] { order.emplace_back("compare"); };
  expect(decide_once(), DecisionKind::kAccept, Reason::kAccepted);
  EXPECT_EQ(order, (std::vector<std::string>{"prepare", "compare"}));
}

TEST_F(SessionTest, NothingIsPreparedOfAFactorThatCannotBeCompared) {
  voice_.usable = false;
  int prepared = 0;
  voice_.on_prepare = [&] { ++prepared; };
  expect(decide_once(), DecisionKind::kRetry, Reason::kFactorMissing, "voice");
  EXPECT_EQ(prepared, 0);
}

TEST_F(SessionTest, RecordsHowLongAfterTheLastSampleItDecided) {
  // Each factor takes three samples of 10 ms; the voice's comparison takes 70 ms more.
  int64_t last_ms = 0;
  voice_.on_compare = [&] { clock_.advance(70); };
  const DecisionRecord record = decide_once();
  for (const FactorEvidence& one : record.factors) last_ms = std::max(last_ms, one.last_sample_ms);
  EXPECT_GT(last_ms, 1'000'000);
  EXPECT_EQ(record.since_last_sample_ms, clock_.now_ms() - last_ms);
  EXPECT_GE(record.since_last_sample_ms, 68);  // the fake's stamps run 2 ms ahead
  EXPECT_EQ(records()[0]["since_last_sample_ms"], record.since_last_sample_ms);
}

TEST_F(SessionTest, ALockedOutUserIsAskedForNothing) {
  voice_.comparison.llr = -5;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(decide_once().decision.verdict, DecisionKind::kReject);
  }
  const int begun = face_.begun;
  voice_.comparison.llr = 8;
  const DecisionRecord record = decide_once();
  expect(record, DecisionKind::kLocked, Reason::kLockedOut);
  EXPECT_GT(record.locked_ms, 0);
  EXPECT_EQ(face_.begun, begun);
  EXPECT_EQ(records().back()["verdict"], "locked");
}

TEST_F(SessionTest, AtTheDeadlineItDecidesWithWhatThereIs) {
  make_voice_optional();
  voice_.on_compare = [&] {
    while (face_.compared == 0) std::this_thread::yield();
    // The face's thread hands in its result before the time is over.
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    clock_.advance(policy_.time.decide_within_ms + 1);
    voice_.wait_for_stop();
  };
  const DecisionRecord record = decide_once();
  expect(record, DecisionKind::kAccept, Reason::kAccepted);
  EXPECT_TRUE(record.deadline_hit);
  EXPECT_EQ(record.decision.fused_llr, 8);
  ASSERT_EQ(record.factors.size(), 2u);
  EXPECT_EQ(record.factors[1].missing, Missing::kDeadline);
  EXPECT_EQ(records()[0]["deadline_hit"], true);
}

TEST_F(SessionTest, AtTheDeadlineARequiredFactorThatIsLateIsARetryThatCosts) {
  voice_.on_compare = [&] {
    clock_.advance(policy_.time.decide_within_ms + 1);
    voice_.wait_for_stop();
  };
  const DecisionRecord record = decide_once();
  EXPECT_EQ(name_of(record.decision.verdict), name_of(DecisionKind::kRetry));
  EXPECT_EQ(name_of(record.decision.reason), name_of(Reason::kDeadline));
  EXPECT_TRUE(record.deadline_hit);
  EXPECT_EQ(failures(), 1);
}

TEST_F(SessionTest, ARequestWaitsForNoModelThatIsStillLate) {
  std::atomic<bool> release = false;
  voice_.on_compare = [&] {
    clock_.advance(policy_.time.decide_within_ms + 1);
    while (!release) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  const std::unique_ptr<AuthenticationSession> session = this->session();
  EXPECT_EQ(session->authenticate("ann")->decision.verdict, DecisionKind::kRetry);
  EXPECT_TRUE(absl::IsUnavailable(session->authenticate("ann").status()));
  release = true;
  voice_.on_compare = nullptr;
  absl::StatusOr<DecisionRecord> record = absl::UnavailableError("");
  while (absl::IsUnavailable(record.status())) record = session->authenticate("ann");
  expect(*record, DecisionKind::kAccept, Reason::kAccepted);
}

TEST_F(SessionTest, CancelEndsACaptureWithoutACharge) {
  face_.hangs = true;
  const std::unique_ptr<AuthenticationSession> session = this->session();
  std::thread canceller([&] {
    while (face_.begun == 0) std::this_thread::yield();
    session->cancel();
  });
  const absl::StatusOr<DecisionRecord> record = session->authenticate("ann");
  canceller.join();
  expect(record.value(), DecisionKind::kRetry, Reason::kCancelled);
  EXPECT_EQ(failures(), 0);
  EXPECT_EQ(face_.compared, 0);
  EXPECT_EQ(records()[0]["reason"], "cancelled");
}

TEST_F(SessionTest, CancelAfterTheChargeKeepsIt) {
  const std::unique_ptr<AuthenticationSession> session = this->session();
  face_.on_compare = [&] { session->cancel(); };
  voice_.on_compare = [&] { voice_.wait_for_stop(); };
  expect(session->authenticate("ann").value(), DecisionKind::kRetry, Reason::kCancelled);
  EXPECT_EQ(failures(), 1);
}

TEST_F(SessionTest, OneRequestAtATime) {
  const std::unique_ptr<AuthenticationSession> session = this->session();
  absl::Status second;
  face_.on_compare = [&] { second = session->authenticate("bo").status(); };
  expect(session->authenticate("ann").value(), DecisionKind::kAccept, Reason::kAccepted);
  EXPECT_TRUE(absl::IsFailedPrecondition(second));
  EXPECT_EQ(records().size(), 1u);
}

TEST_F(SessionTest, AFrozenCameraIsRefusedCountedAndNotCompared) {
  face_.frames = 100;
  face_.digest_of = [](int) { return "the same"; };
  const DecisionRecord record = decide_once();
  expect(record, DecisionKind::kReject, Reason::kSampleFault, "face");
  EXPECT_EQ(failures(), 1);
  EXPECT_EQ(face_.compared + voice_.compared, 0);
  EXPECT_EQ(records()[0]["factors"][0]["fault"], "frozen");
}

TEST_F(SessionTest, ASwappedCameraIsRefused) {
  face_.source_of = [](int frame) { return frame < 2 ? "camera" : "another"; };
  expect(decide_once(), DecisionKind::kReject, Reason::kSampleFault, "face");
  EXPECT_EQ(records()[0]["factors"][0]["fault"], "source-changed");
}

TEST_F(SessionTest, FramesOfAnEarlierRequestAreRefused) {
  face_.digest_of = [](int frame) { return absl::StrCat("recorded ", frame); };
  const std::unique_ptr<AuthenticationSession> session = this->session();
  expect(session->authenticate("ann").value(), DecisionKind::kAccept, Reason::kAccepted);
  absl::StatusOr<DecisionRecord> again = session->authenticate("ann");
  while (absl::IsUnavailable(again.status())) again = session->authenticate("ann");
  expect(*again, DecisionKind::kReject, Reason::kSampleFault, "face");
  EXPECT_EQ(records()[1]["factors"][0]["fault"], "replayed");
}

TEST_F(SessionTest, ACameraUnpluggedIsARetryWithoutACharge) {
  face_.on_capture = [&] {
    if (face_.kept == 2) face_.capture_status = absl::UnavailableError("/dev/video0 is gone");
  };
  expect(decide_once(), DecisionKind::kRetry, Reason::kFactorMissing, "face");
  EXPECT_EQ(failures(), 0);
  EXPECT_EQ(records()[0]["factors"][0]["missing"], "source-lost");
  EXPECT_EQ(records()[0]["factors"][0]["detail"], "/dev/video0 is gone");
}

TEST_F(SessionTest, SamplesThatAreNotGoodEnoughAreARetryAndThePersonIsTold) {
  face_.usable = false;
  expect(decide_once(), DecisionKind::kRetry, Reason::kFactorMissing, "face");
  EXPECT_EQ(failures(), 0);
  EXPECT_EQ(records()[0]["factors"][0]["missing"], "low-quality");
  EXPECT_EQ(observer_.said[0], "face: look here");
}

TEST_F(SessionTest, WhenTheTimeForCaptureIsOverWhatThereIsIsCompared) {
  make_voice_optional();
  // Never complete: it has fewer frames than it would like.
  class Hesitant final : public FakeFactor {
   public:
    using FakeFactor::FakeFactor;
    bool complete() const override { return false; }
  } hesitant("face", clock_);
  voice_.frames = 0;
  const std::unique_ptr<AuthenticationSession> session =
      AuthenticationSession::create(
          policy_,
          {.factors = {&hesitant, &voice_}, .limiter = &*limiter_, .log = &*log_, .clock = &clock_})
          .value();
  const DecisionRecord record = session->authenticate("ann").value();
  expect(record, DecisionKind::kAccept, Reason::kAccepted);
  EXPECT_EQ(record.capture_ms, policy_.time.capture_ms);
  EXPECT_EQ(record.factors[0].samples, 3);
}

TEST_F(SessionTest, SaysWhatIsMissing) {
  voice_.begin_status = absl::NotFoundError("no template");
  expect(decide_once(), DecisionKind::kRetry, Reason::kFactorMissing, "voice");
  EXPECT_EQ(records()[0]["factors"][1]["missing"], "not-enrolled");
  const std::unique_ptr<AuthenticationSession> without_voice =
      AuthenticationSession::create(
          policy_, {.factors = {&face_}, .limiter = &*limiter_, .log = &*log_, .clock = &clock_})
          .value();
  expect(without_voice->authenticate("ann").value(), DecisionKind::kRetry, Reason::kFactorMissing,
         "voice");
  EXPECT_EQ(records()[1]["factors"][1]["missing"], "no-source");
  voice_.begin_status = absl::OkStatus();
  voice_.compare_status = absl::InternalError("no session");
  expect(decide_once(), DecisionKind::kRetry, Reason::kFactorMissing, "voice");
  EXPECT_EQ(records()[2]["factors"][1]["missing"], "model-failed");
}

TEST_F(SessionTest, AScoreThatIsNoNumberIsRefused) {
  face_.comparison.score = std::numeric_limits<double>::quiet_NaN();
  expect(decide_once(), DecisionKind::kReject, Reason::kNotFinite, "face");
  EXPECT_TRUE(records()[0]["factors"][0]["score"].is_null());
}

TEST_F(SessionTest, AnAnswerToTheChallengeBeforeIsRefused) {
  policy_.factors[1].challenge = ChallengeSpec{.kind = ChallengeKind::kDigits, .length = 4};
  ChallengeResponse recorded;
  voice_.answer = [&](const Challenge& challenge) {
    ChallengeResponse response{challenge.nonce, {}};
    for (size_t i = 0; i < challenge.steps.size(); ++i) {
      response.steps.push_back(
          {challenge.steps[i], challenge.issued_ms + 500 * static_cast<int64_t>(i + 1)});
    }
    recorded = response;
    return response;
  };
  expect(decide_once(), DecisionKind::kAccept, Reason::kAccepted);
  voice_.answer = [&](const Challenge&) { return recorded; };
  expect(decide_once(), DecisionKind::kReject, Reason::kChallengeFailed, "voice");
  EXPECT_EQ(records()[1]["factors"][1]["challenge"], "other-nonce");
  ASSERT_EQ(observer_.asked.size(), 2u);
  EXPECT_NE(observer_.asked[0], observer_.asked[1]);
  EXPECT_EQ(observer_.asked[0], recorded.nonce);
}

TEST_F(SessionTest, WhatCannotBeRecordedIsNotAccepted) {
  std::filesystem::create_directory(log_path_);
  const absl::Status status = session()->authenticate("ann").status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.message(), HasSubstr("decisions.jsonl"));
}

TEST_F(SessionTest, RefusesPartsThatDoNotFit) {
  EXPECT_TRUE(absl::IsInvalidArgument(AuthenticationSession::create(policy_, {}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      AuthenticationSession::create(
          policy_,
          {.factors = {&face_, &face_}, .limiter = &*limiter_, .log = &*log_, .clock = &clock_})
          .status()));
}

// Each request that was let in has one decision and one record, whoever calls and cancels.
TEST_F(SessionTest, ThreadsTogetherGetOneDecisionForEachRequest) {
  policy_.attempts.limit = 100;
  const std::unique_ptr<AuthenticationSession> session = this->session();
  std::atomic<size_t> decided = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (int at = 0; at < 5; ++at) {
        const absl::StatusOr<DecisionRecord> record = session->authenticate("ann");
        if (record.ok()) {
          ++decided;
        } else {
          EXPECT_TRUE(absl::IsFailedPrecondition(record.status()) ||
                      absl::IsUnavailable(record.status()))
              << record.status();
        }
        session->cancel();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(decided, 0u);
  EXPECT_EQ(records().size(), decided);
}

}  // namespace
}  // namespace durward
