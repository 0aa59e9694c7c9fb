// One modality as a session sees it: a source of samples, and the models that judge and compare
// them. What captures and computes implements this; the session keeps samples' order, time limits
// and the rules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/challenge.h"
#include "auth/decision.h"
#include "auth/sample_guard.h"
#include "base/status.h"

namespace durward {

struct CapturedSample {
  SampleMark mark;
  bool usable = false;        // of enough quality to be compared
  std::string guidance = {};  // what the person should do: "come closer"; empty for nothing
};

struct FactorComparison {
  double score = 0, llr = 0;
  std::vector<Measure> qualities = {};
  int64_t template_age_days = 0;
  TemplateMatch template_match = TemplateMatch::kSameModel;
  std::string bundle_sha256 = {};
};

// A session calls everything but stop() from one thread at a time, for each request: begin, then
// capture and keep until complete or out of time, then response, prepare, liveness and compare.
class Factor {
 public:
  virtual ~Factor() = default;
  [[nodiscard]] virtual std::string_view modality() const = 0;  // "face", "voice", "touch"

  // Which of kChallengeActions it can see: a challenge asks for no others.
  [[nodiscard]] virtual std::vector<std::string_view> visible_actions() const {
    return {kChallengeActions.begin(), kChallengeActions.end()};
  }

  // Forgets the samples of the request before. `challenge` is what the person is asked for, or
  // nothing; it outlives the request. NotFound where the user has no template of this modality.
  [[nodiscard]] virtual absl::Status begin(std::string_view user, const Challenge* challenge) = 0;
  // The next sample, with its time by the session's clock. DeadlineExceeded where none comes before
  // `until_ms`, Cancelled after stop(), Unavailable where the source is lost.
  [[nodiscard]] virtual absl::StatusOr<CapturedSample> capture(int64_t until_ms) = 0;
  // The sample that capture() gave last is one of those to be compared.
  virtual void keep() = 0;
  // Those that were kept are enough, and answer the challenge where there is one.
  [[nodiscard]] virtual bool complete() const = 0;
  // What the person did of the challenge.
  [[nodiscard]] virtual ChallengeResponse response() const = 0;
  // No more samples come: what can be found out of them without a template may be found out now,
  // while the attempt is charged. Its errors are told where the results are asked for.
  virtual void prepare() {}
  // The log-likelihood ratio that the presentation is bona fide; nothing where no detector is
  // there.
  [[nodiscard]] virtual absl::StatusOr<std::optional<double>> liveness() = 0;
  // Against the user's templates.
  [[nodiscard]] virtual absl::StatusOr<FactorComparison> compare() = 0;
  // From any thread, at any time: what waits returns soon.
  virtual void stop() = 0;
};

}  // namespace durward
