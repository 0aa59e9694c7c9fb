// A door whose factors look at people that a test puts in front of it.
#pragma once

#include <cmath>

#include "auth/fake_session.h"
#include "auth/state_database.h"
#include "door/door.h"
#include "support/temporary_folder.h"

namespace durward {

// Somebody in front of a door: what a model makes of him.
using Person = std::vector<float>;

// People whose embeddings have a cosine of 0 with one another.
inline Person person(size_t number) {
  Person embedding(8, 0.0F);
  embedding[number] = 2;
  return embedding;
}
// Somebody else, so like the first that a sample of one may be of the other.
inline Person double_of(const Person& one, size_t other) {
  Person embedding = one;
  embedding[other] += 0.3F;
  return embedding;
}

// Sees whoever is there; an LLR of 20 for the cosine of 1, of -20 for 0.
class FakeTemplateFactor final : public TemplateFactor {
 public:
  FakeTemplateFactor(std::string modality, FakeSessionClock& clock, TemplateBook& book)
      : model_{std::move(modality), "model", "version-2"}, clock_(clock), book_(book) {}

  // What the test sets.
  std::function<Person(int round)> in_front = [](int) { return person(0); };
  std::function<absl::Status(int round)> source = [](int) { return absl::OkStatus(); };
  bool usable = true, gives_samples = true, repeats = false, hangs = false;
  std::optional<double> pad_llr = 5;
  std::vector<std::string> compatible_versions = {"version-1"};

  // What it did.
  std::atomic<int> rounds = 0, compared = 0;

  static ScoreCalibration calibration() { return {{"cosine"}, {{40}, -20}}; }

  std::string_view modality() const override { return model_.modality; }
  const TemplateModel& model() const override { return model_; }
  absl::Status begin(std::string_view user, const Challenge*) override {
    stopped_ = false;
    kept_ = 0;
    taken_ = 0;
    enrolled_.clear();
    round_ = rounds++;
    seen_ = in_front(round_);
    if (user.empty()) return absl::OkStatus();
    DURWARD_ASSIGN_OR_RETURN(const std::vector<Template> all, book_.templates_of(user));
    take(all, TemplateMatch::kSameModel, [&](const Template& one) { return one.model == model_; });
    take(all, TemplateMatch::kCompatibleModel, [&](const Template& one) {
      return std::find(compatible_versions.begin(), compatible_versions.end(), one.model.version) !=
             compatible_versions.end();
    });
    return enrolled_.empty() ? absl::NotFoundError("no template") : absl::OkStatus();
  }
  absl::StatusOr<CapturedSample> capture(int64_t until_ms) override {
    while (hangs && !stopped_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (stopped_) return absl::CancelledError("stopped");
    DURWARD_RETURN_IF_ERROR(source(round_));
    if (!gives_samples || (!usable && taken_ >= 3)) {
      clock_.advance_to(until_ms);
      return absl::DeadlineExceededError("none came");
    }
    clock_.advance(10);
    CapturedSample sample{.mark = {"device", clock_.now_ms(), ""},
                          .usable = usable,
                          .guidance = usable ? "" : "come closer"};
    sample.mark.digest = absl::StrCat(model_.modality, repeats ? taken_ : total_++);
    ++taken_;
    return sample;
  }
  void keep() override { ++kept_; }
  bool complete() const override { return kept_ >= 2; }
  ChallengeResponse response() const override { return {}; }
  absl::StatusOr<std::optional<double>> liveness() override { return pad_llr; }
  absl::StatusOr<std::vector<float>> embedding() override { return seen_; }
  absl::StatusOr<FactorComparison> compare() override {
    ++compared;
    const double score = cosine_to(enrolled_.front().embedding);
    return FactorComparison{.score = score,
                            .llr = calibration().llr.llr(std::span(&score, 1)),
                            .template_match = match_,
                            .bundle_sha256 = std::string(64, 'a')};
  }
  void stop() override { stopped_ = true; }

 private:
  template <typename Wanted>
  void take(const std::vector<Template>& all, TemplateMatch match, const Wanted& wanted) {
    if (!enrolled_.empty()) return;
    match_ = match;
    std::copy_if(all.begin(), all.end(), std::back_inserter(enrolled_), [&](const Template& one) {
      return one.model.modality == model_.modality && wanted(one);
    });
  }
  double cosine_to(const std::vector<float>& other) const {
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < seen_.size(); ++i) {
      const auto a = static_cast<double>(seen_[i]), b = static_cast<double>(other[i]);
      ab += a * b;
      aa += a * a;
      bb += b * b;
    }
    return ab / std::sqrt(aa * bb);
  }

  const TemplateModel model_;
  FakeSessionClock& clock_;
  TemplateBook& book_;
  std::vector<Template> enrolled_;
  TemplateMatch match_ = TemplateMatch::kSameModel;
  Person seen_;
  int round_ = 0, kept_ = 0, taken_ = 0, total_ = 0;
  std::atomic<bool> stopped_ = false;
};

class RecordingObserver final : public DoorObserver {
 public:
  void guide(std::string_view modality, std::string_view guidance) override {
    said.push_back(absl::StrCat(std::string(modality), ": ", std::string(guidance)));
  }
  void ask(std::string_view, const Challenge&) override {}
  void progress(std::string_view modality, int64_t done, int64_t wanted) override {
    said.push_back(absl::StrCat(std::string(modality), " ", done, " of ", wanted));
  }
  std::vector<std::string> said;
};

// A store, a state and a log in a folder, and doors over them.
class DoorTest : public TemporaryFolderTest {
 protected:
  DoorTest() {
    EXPECT_TRUE(write_new_key_file(folder_ / "key").ok());
    EXPECT_TRUE(TemplateStore::create(folder_ / "templates.db", *source()).ok());
    EXPECT_TRUE(create_state_database(folder_ / "state.db").ok());
    policy_.name = "test";
    policy_.factors = {{.modality = "face", .required = true, .pad = PadRule::kRequired},
                       {.modality = "voice"}};
    policy_.attempts.limit = 3;
    policy_.templates.accept_compatible = true;
  }

  std::unique_ptr<KeySource> source() const { return key_file_source(folder_ / "key"); }
  TemplateStore store() const {
    return TemplateStore::open(folder_ / "templates.db", *source()).value();
  }

  struct OpenDoor {
    std::unique_ptr<Door> door;
    FakeTemplateFactor *face = nullptr, *voice = nullptr;
  };
  OpenDoor open(bool with_voice = true) {
    DoorParts parts{.policy = policy_,
                    .state = folder_ / "state.db",
                    .log = folder_ / "decisions.jsonl",
                    .clock = &clock_,
                    .boot_clock = &boot_clock_,
                    .observer = &observer_};
    parts.book = std::make_unique<TemplateBook>(store());
    OpenDoor open;
    const auto add = [&](const char* modality) {
      auto factor = std::make_unique<FakeTemplateFactor>(modality, clock_, *parts.book);
      FakeTemplateFactor* const raw = factor.get();
      parts.factors.push_back({std::move(factor), FakeTemplateFactor::calibration()});
      return raw;
    };
    open.face = add("face");
    if (with_voice) open.voice = add("voice");
    open.door = Door::create(std::move(parts)).value();
    return open;
  }

  // Enrols somebody, with a door that is closed again.
  void enrolled(std::string_view user, const Person& who) {
    const OpenDoor open = this->open();
    open.face->in_front = open.voice->in_front = [&](int) { return who; };
    const absl::StatusOr<Enrolment> enrolment = open.door->enroll(user);
    ASSERT_TRUE(enrolment.ok()) << enrolment.status();
    ASSERT_TRUE(enrolment->enrolled()) << enrolment->factors.back().detail;
  }
  void expect_nobody_enrolled() { EXPECT_TRUE(store().users().value().empty()); }

  Policy policy_;
  FakeSessionClock clock_;
  SystemBootClock boot_clock_;
  RecordingObserver observer_;
};

}  // namespace durward
