// Voices through the whole authenticator: a fed ALSA device, the detector, GE2E on our engine, the
// digits, the session. Nothing is faked but the clock, which the microphone drives.
#include <gmock/gmock.h>

#include "auth/fake_session.h"
#include "auth/session.h"
#include "auth/state_database.h"
#include "auth/voice_factor.h"
#include "formats/torch/import.h"
#include "passes/passes.h"
#include "runtimes/compiled_graph.h"
#include "support/alsa_feed.h"
#include "support/assets.h"
#include "support/demo_material.h"
#include "support/spoken_digits.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

const TemplateModel kModel{"voice", "ge2e", "1"};
constexpr int64_t kDay = 86'400;

// GE2E as it is published, on our engine; one for all tests. Nothing where it was not fetched.
const CompiledGraph* ge2e() {
  static const std::optional<CompiledGraph> compiled = []() -> std::optional<CompiledGraph> {
    const auto path = fetched_file(std::string(kResemblyzer) + "pretrained.pt");
    if (!path) return std::nullopt;
    absl::StatusOr<Graph> graph = read_torch(*path);
    EXPECT_TRUE(graph.ok()) << graph.status();
    EXPECT_TRUE(simplify(*graph).ok());
    auto made = CompiledGraph::create(*graph, 0);
    EXPECT_TRUE(made.ok()) << made.status();
    return *made;
  }();
  return compiled ? &*compiled : nullptr;
}

// What the person was told.
class Prompt final : public SessionObserver {
 public:
  void guide(std::string_view, std::string_view guidance) override {
    if (!guidance.empty()) said.emplace_back(guidance);
  }
  void ask(std::string_view, const Challenge&) override {}
  std::vector<std::string> said;
};

class VoiceSession : public TemporaryFolderTest {
 protected:
  VoiceSession() : state_(folder_ / "state.db") {
    EXPECT_TRUE(create_state_database(state_).ok());
    limiter_.emplace(AttemptLimiter::open(state_, key_, boot_clock_).value());
    log_.emplace(DecisionLog::open(folder_ / "decisions.jsonl", state_, key_).value());
    policy_.name = "test";
    policy_.sha256 = std::string(64, 'f');
    policy_.factors = {{.modality = "voice", .required = true}};
    policy_.cost_false_accept = 20;  // the LLR has to be above 3
    policy_.attempts.limit = 50;
    policy_.time.capture_ms = 40'000;
  }

  void SetUp() override {
    if (ge2e() == nullptr) GTEST_SKIP() << "needs what scripts/setup fetches: resemblyzer";
    auto detector = create_webrtc_vad();
    if (!detector.ok()) GTEST_SKIP() << detector.status();
    auto microphone = open_microphone(
        AlsaFeed::place(), {.now_ms = [this] { return clock_.now_ms(); },
                            .wait_until = [this](int64_t ms) { clock_.advance_to(ms); }});
    ASSERT_TRUE(microphone.ok()) << microphone.status();
    auto model = ge2e()->load({});
    ASSERT_TRUE(model.ok()) << model.status();
    auto embedder = Embedder::create(*std::move(model), {1, 160, 40});
    ASSERT_TRUE(embedder.ok()) << embedder.status();
    VoiceFactorParts parts{
        .microphone = *std::move(microphone),
        .detector = *std::move(detector),
        .embedder = *std::move(embedder),
        // 0 at a cosine of .69 for seven seconds without noise, near GE2E's equal error rate.
        .calibration = {.features = {"cosine", "log-seconds", "snr-db"},
                        .llr = {.weights = {40, -1.5, -.05}, .offset = -23}},
        .model = kModel,
        .bundle_sha256 = std::string(64, 'a'),
        .templates = [this](std::string_view user) -> absl::StatusOr<std::vector<Template>> {
          const auto found = templates_.find(std::string(user));
          if (found == templates_.end()) return absl::NotFoundError("nobody of that name");
          return found->second;
        },
        .clock = &clock_,
        .rules = {.least_seconds = .6}};  // two digits
    if (auto digits = DigitRecognizer::create(); digits.ok()) parts.digits = *std::move(digits);
    auto factor = create_voice_factor(std::move(parts));
    ASSERT_TRUE(factor.ok()) << factor.status();
    factor_ = *std::move(factor);
  }

  // A recording of a speaker of LibriSpeech test-other, with a second of soft noise behind it.
  std::optional<std::vector<float>> recording(const std::string& name) {
    const auto path = asset("voices/librispeech_test-other/" + name + ".flac");
    if (!path) return std::nullopt;
    std::vector<float> samples = read_audio(*path).value().samples;
    samples.resize(std::min<size_t>(samples.size(), 6 * 16'000));
    const std::vector<float> noise = white_noise(16'000, 1e-3f, seed_++);
    samples.insert(samples.end(), noise.begin(), noise.end());
    return samples;
  }

  void enrol(const std::string& user, std::span<const float> sound) {
    ASSERT_EQ(factor_->begin("", nullptr), absl::OkStatus());
    feed_.speak(sound, 4'000);
    while (!factor_->complete()) {
      const auto sample = factor_->capture(clock_.now_ms() + 30'000);
      ASSERT_TRUE(sample.ok()) << sample.status();
      if (sample->usable) factor_->keep();
    }
    const auto embedding = factor_->embedding();
    ASSERT_TRUE(embedding.ok()) << embedding.status();
    templates_[user].push_back({.user = user,
                                .model = factor_->model(),
                                .created = clock_.wall_ms() / 1000 - 3 * kDay,
                                .embedding = *embedding});
  }

  DecisionRecord authenticate(const std::string& user) {
    prompt_.said.clear();
    auto session = AuthenticationSession::create(policy_, {.factors = {&*factor_},
                                                           .limiter = &*limiter_,
                                                           .log = &*log_,
                                                           .clock = &clock_,
                                                           .observer = &prompt_});
    const auto record = (*session)->authenticate(user);
    EXPECT_TRUE(record.ok()) << record.status();
    return record.value_or(DecisionRecord());
  }
  DecisionRecord hear(const std::string& user, std::span<const float> sound) {
    feed_.speak(sound, 4'000);
    return authenticate(user);
  }
  static void expect(const DecisionRecord& record, DecisionKind verdict, Reason reason) {
    EXPECT_EQ(name_of(record.decision.verdict), name_of(verdict));
    EXPECT_EQ(name_of(record.decision.reason), name_of(reason));
    ASSERT_EQ(record.factors.size(), 1u);
  }

  const std::filesystem::path state_;
  const Secret key_ = Secret::generate().value();
  const SystemBootClock boot_clock_;
  std::optional<AttemptLimiter> limiter_;
  std::optional<DecisionLog> log_;
  Policy policy_;
  FakeSessionClock clock_;
  const AlsaFeed feed_{folder_};
  Prompt prompt_;
  std::map<std::string, std::vector<Template>> templates_;
  std::unique_ptr<TemplateFactor> factor_;
  uint32_t seed_ = 1;
};

TEST_F(VoiceSession, AcceptsTheRightPersonAndRefusesAnother) {
  const auto enrolled = recording("2414/2414-128291-0002");
  const auto same = recording("2414/2414-128291-0001");
  const auto other = recording("1998/1998-15444-0000");
  if (!enrolled || !same || !other) GTEST_SKIP() << "needs the shared assets: voices/librispeech";
  enrol("ann", *enrolled);

  const DecisionRecord right = hear("ann", *same);
  expect(right, DecisionKind::kAccept, Reason::kAccepted);
  const FactorEvidence& evidence = right.factors[0];
  EXPECT_GT(evidence.score, .6);
  EXPECT_EQ(evidence.template_age_days, 3);
  EXPECT_EQ(evidence.bundle_sha256, std::string(64, 'a'));
  ASSERT_EQ(evidence.qualities.size(), 4u);
  EXPECT_EQ(evidence.qualities[0].name, "seconds");
  EXPECT_GT(evidence.qualities[0].value, 3);
  EXPECT_LT(evidence.qualities[0].value, 7.1);
  EXPECT_EQ(evidence.qualities[1].name, "snr-db");
  EXPECT_GT(evidence.qualities[1].value, 10);
  EXPECT_EQ(evidence.qualities[3].value, 0) << "overruns";

  const DecisionRecord wrong = hear("ann", *other);
  expect(wrong, DecisionKind::kReject, Reason::kEvidenceTooWeak);
  EXPECT_LT(wrong.factors[0].llr, 0);
  EXPECT_LT(wrong.factors[0].score, evidence.score);
}

// One session, which remembers.
TEST_F(VoiceSession, ARecordingOfAnEarlierRequestIsAFault) {
  const auto enrolled = recording("2414/2414-128291-0002");
  const auto same = recording("2414/2414-128291-0001");
  if (!enrolled || !same) GTEST_SKIP() << "needs the shared assets: voices/librispeech";
  enrol("ann", *enrolled);
  auto session = AuthenticationSession::create(
      policy_, {.factors = {&*factor_}, .limiter = &*limiter_, .log = &*log_, .clock = &clock_});
  feed_.speak(*same, 4'000);
  const auto first = (*session)->authenticate("ann");
  ASSERT_TRUE(first.ok()) << first.status();
  expect(*first, DecisionKind::kAccept, Reason::kAccepted);
  for (const int64_t later : {4'000, 4'137}) {
    feed_.speak(*same, later);
    const auto second = (*session)->authenticate("ann");
    ASSERT_TRUE(second.ok()) << second.status();
    expect(*second, DecisionKind::kReject, Reason::kSampleFault);
    EXPECT_EQ(second->factors[0].fault, SampleFault::kReplayed);
  }
}

TEST_F(VoiceSession, AMutedAndAClippedMicrophoneAreTold) {
  templates_["ann"] = {{.user = "ann", .model = kModel, .embedding = std::vector<float>(256, 1)}};
  policy_.time.capture_ms = 4'000;
  const DecisionRecord muted = authenticate("ann");
  expect(muted, DecisionKind::kRetry, Reason::kFactorMissing);
  EXPECT_EQ(muted.factors[0].missing, Missing::kLowQuality);
  EXPECT_THAT(muted.factors[0].detail, HasSubstr("muted"));
  EXPECT_EQ(muted.failures, 0) << "it costs no attempt";

  std::vector<float> clipped = white_noise(5 * 16'000, 4, 1);
  for (float& sample : clipped) sample = std::clamp(sample, -1.f, .99997f);
  const DecisionRecord loud = hear("ann", clipped);
  expect(loud, DecisionKind::kRetry, Reason::kFactorMissing);
  EXPECT_EQ(loud.factors[0].missing, Missing::kLowQuality);
  EXPECT_THAT(loud.factors[0].detail, HasSubstr("too loud"));
  EXPECT_THAT(prompt_.said, ::testing::Contains(HasSubstr("softer")));

  const DecisionRecord noise = hear("ann", white_noise(5 * 16'000, .003f, 2));
  expect(noise, DecisionKind::kRetry, Reason::kFactorMissing);
  EXPECT_EQ(noise.factors[0].missing, Missing::kLowQuality);
  EXPECT_THAT(noise.factors[0].detail, ::testing::AnyOf(HasSubstr("speak"), HasSubstr("say more")));
}

TEST_F(VoiceSession, AMicrophoneThatIsLostIsTold) {
  templates_["ann"] = {{.user = "ann", .model = kModel, .embedding = std::vector<float>(256, 1)}};
  feed_.unplug();
  const DecisionRecord lost = authenticate("ann");
  expect(lost, DecisionKind::kRetry, Reason::kFactorMissing);
  EXPECT_EQ(lost.factors[0].missing, Missing::kSourceLost);
  EXPECT_THAT(lost.factors[0].detail, HasSubstr("is lost"));
}

TEST_F(VoiceSession, WhoIsNotEnrolledAndWhoseTemplateIsOfAnotherModelIsTold) {
  policy_.time.capture_ms = 3'000;
  templates_["bob"] = {{.user = "bob", .model = {"face", "m", "1"}, .embedding = {1}}};
  for (const char* user : {"nobody", "bob"}) {
    const DecisionRecord record = authenticate(user);
    expect(record, DecisionKind::kRetry, Reason::kFactorMissing);
    EXPECT_EQ(record.factors[0].missing, Missing::kNotEnrolled);
  }
}

// Digits of the test's own choice, so that the recogniser hears the same sounds each time.
TEST_F(VoiceSession, PromptedDigitsAreRecognisedAndOthersRefused) {
  if (!spoken_digits("1", "en-us", folder_)) GTEST_SKIP() << "needs espeak-ng";
  if (!DigitRecognizer::create().ok()) GTEST_SKIP() << "needs pocketsphinx-en-us";
  const auto verdict = [&](const std::string& asked, const std::string& said) {
    Challenge challenge{
        .nonce = "nonce",
        .spec = {.kind = ChallengeKind::kDigits, .length = std::ssize(asked), .step_ms = 2'500},
        .steps = {},
        .issued_ms = clock_.now_ms()};
    for (const char digit : asked) challenge.steps.emplace_back(1, digit);
    EXPECT_EQ(factor_->begin("", &challenge), absl::OkStatus());
    std::vector<float> samples = spoken_digits(said, "en-us", folder_)->samples;
    const std::vector<float> noise = white_noise(32'000, .002f, 1);
    samples.insert(samples.end(), noise.begin(), noise.end());
    feed_.speak(samples, 8'000);
    const int64_t until_ms = clock_.now_ms() + 15'000;
    while (!factor_->complete() && clock_.now_ms() < until_ms) {
      const auto sample = factor_->capture(until_ms);
      if (!sample.ok()) break;
      if (sample->usable) factor_->keep();
    }
    return verify_response(challenge, factor_->response());
  };
  EXPECT_EQ(verdict("4061", "4061"), ChallengeVerdict::kPassed);
  EXPECT_EQ(verdict("6140", "4061"), ChallengeVerdict::kWrong);
  EXPECT_EQ(verdict("406", "4061"), ChallengeVerdict::kWrong) << "one too many";
  EXPECT_EQ(verdict("40619", "4061"), ChallengeVerdict::kUnanswered);
}

TEST(VoiceFactor, PartsThatAreMissingOrDoNotFitAreRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(create_voice_factor({}).status()));
}

}  // namespace
}  // namespace durward
