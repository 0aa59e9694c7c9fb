// What length and noise do to a speaker model's scores, and what a calibration that knows them is
// worth: people are split in two halves, each is judged by the calibration of the other.
//
// usage: voice_calibration_table MODEL SPEAKERS [NOISE.wav [DETECTOR]]
//   MODEL     a .bundle, or an .onnx, of GE2E
//   SPEAKERS  a folder of recordings for each speaker
//   DETECTOR  webrtc (default) or silero
//
// Prints the tables of docs/voice.md.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>

#include "base/parallel.h"
#include "data/preprocessing.h"
#include "pipeline/evaluate.h"
#include "pipeline/voice_calibration.h"

namespace {

using namespace durward;  // NOLINT: a program of one file

constexpr double kPromises[] = {.05, .01};

struct Half {
  std::vector<VoiceComparison> comparisons;
  std::vector<HeardVoice> voices;
};

// As-norm (Matejka et al., "Analysis of score normalization in multilingual speaker recognition",
// Interspeech 2017): the score in deviations from the mean of the most similar of a cohort, of
// either side.
struct CohortStatistics {
  double mean = 0, deviation = 1;
};

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.);
}

CohortStatistics against(const std::vector<float>& voice, const std::vector<HeardVoice>& cohort) {
  constexpr size_t kMostSimilar = 20;
  std::vector<double> scores;
  for (const HeardVoice& one : cohort) {
    if (one.condition == 0) scores.push_back(dot(voice, one.embedding));
  }
  std::sort(scores.rbegin(), scores.rend());
  scores.resize(std::min(scores.size(), kMostSimilar));
  const double count = static_cast<double>(scores.size());
  CohortStatistics found{std::accumulate(scores.begin(), scores.end(), 0.) / count, 0};
  for (const double score : scores) found.deviation += std::pow(score - found.mean, 2) / count;
  found.deviation = std::sqrt(found.deviation);
  return found;
}

std::vector<VoiceComparison> normalised(const std::vector<HeardVoice>& voices,
                                        const std::vector<HeardVoice>& cohort) {
  std::vector<CohortStatistics> statistics;
  for (const HeardVoice& voice : voices) statistics.push_back(against(voice.embedding, cohort));
  std::vector<VoiceComparison> all;
  for (size_t e = 0; e < voices.size(); ++e) {
    if (voices[e].condition != 0) continue;
    for (size_t p = 0; p < voices.size(); ++p) {
      if (voices[p].recording == voices[e].recording) continue;
      const double score = dot(voices[e].embedding, voices[p].embedding);
      all.push_back({((score - statistics[e].mean) / statistics[e].deviation +
                      (score - statistics[p].mean) / statistics[p].deviation) /
                         2,
                     voices[p].seconds, voices[p].snr_db, voices[p].condition, voices[e].person,
                     voices[p].person});
    }
  }
  return all;
}

struct Row {
  double genuine = 0, impostors = 0, cllr = 0, min_cllr = 0, eer = 0;
  std::vector<double> far = std::vector<double>(2), frr = std::vector<double>(2);
};

void add(std::vector<Row>& rows, const std::vector<VoiceConditionJudged>& judged) {
  for (size_t i = 0; i < rows.size(); ++i) {
    const VoiceConditionJudged& one = judged[i];
    rows[i].genuine += static_cast<double>(one.genuine);
    rows[i].impostors += static_cast<double>(one.impostors);
    rows[i].cllr += one.cllr / 2;
    rows[i].min_cllr += one.min_cllr / 2;
    rows[i].eer += one.equal_error_rate / 2;
    for (size_t k = 0; k < 2; ++k) {
      rows[i].far[k] += one.false_accept_rates[k] / 2;
      rows[i].frr[k] += one.false_reject_rates[k] / 2;
    }
  }
}

void print(const char* title, const std::vector<Row>& rows,
           const std::vector<std::string>& conditions) {
  std::printf(
      "\n%s\n\n| condition | EER %% | Cllr | min | FAR %% at 5 | FRR | FAR %% at 1 | FRR |\n"
      "|---|---|---|---|---|---|---|---|\n",
      title);
  Row worst;
  for (size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    std::printf("| %s | %.1f | %.3f | %.3f | %.2f | %.1f | %.2f | %.1f |\n", conditions[i].c_str(),
                100 * row.eer, row.cllr, row.min_cllr, 100 * row.far[0], 100 * row.frr[0],
                100 * row.far[1], 100 * row.frr[1]);
    const double share = 1. / static_cast<double>(rows.size());
    worst.cllr += row.cllr * share;
    worst.min_cllr += row.min_cllr * share;
    worst.eer += row.eer * share;
    for (size_t k = 0; k < 2; ++k) {
      worst.far[k] = std::max(worst.far[k], row.far[k]);
      worst.frr[k] += row.frr[k] * share;
    }
  }
  std::printf("| mean, worst FAR | %.1f | %.3f | %.3f | %.2f | %.1f | %.2f | %.1f |\n",
              100 * worst.eer, worst.cllr, worst.min_cllr, 100 * worst.far[0], 100 * worst.frr[0],
              100 * worst.far[1], 100 * worst.frr[1]);
}

absl::Status run(int count, char** arguments) {
  VoiceSpec spec;
  if (count > 4 && std::string(arguments[4]) == "silero") {
    spec.voice_activity = VoiceActivity::kSilero;
  }
  VoiceComparisonOptions options{.threads = default_threads()};
  if (count > 3) {
    DURWARD_ASSIGN_OR_RETURN(Audio noise, read_audio(arguments[3]));
    options.noise = std::make_shared<const Audio>(std::move(noise));
  }
  DURWARD_ASSIGN_OR_RETURN(const RuntimeKind kind, runtime_for(arguments[1]));
  const EmbedderFactory factory = [&]() -> absl::StatusOr<Embedder> {
    DURWARD_ASSIGN_OR_RETURN(std::unique_ptr<RuntimeModel> model,
                             load_model(kind, arguments[1], {}));
    return Embedder::create(std::move(model), input_shape(spec));
  };
  DURWARD_ASSIGN_OR_RETURN(const HeardVoices heard,
                           hear_voices(arguments[2], spec, factory, options));
  const auto conditions = static_cast<int>(heard.conditions.size());
  std::printf("%zu people, %zu voices under %d conditions, %lld not usable\n", heard.people.size(),
              heard.voices.size(), conditions, static_cast<long long>(heard.skipped));
  Half halves[2];
  for (int half = 0; half < 2; ++half) {
    const auto first = std::ssize(heard.people) / 2;
    const auto use = [&](int32_t person) { return (person < first) == (half == 0); };
    halves[half].comparisons = compare_voices(heard.voices, use);
    for (const HeardVoice& voice : heard.voices) {
      if (use(voice.person)) halves[half].voices.push_back(voice);
    }
  }
  std::vector<double> thresholds;
  for (const double promise : kPromises) thresholds.push_back(-std::log(promise));
  const auto table = [&](const char* title, const std::vector<std::string>& features,
                         bool as_norm) -> absl::Status {
    std::vector<Row> rows(static_cast<size_t>(conditions));
    for (int half = 0; half < 2; ++half) {
      const Half& fitted = halves[half];
      const Half& judged = halves[1 - half];
      DURWARD_ASSIGN_OR_RETURN(
          const ScoreCalibration calibration,
          fit_voice_calibration(
              as_norm ? normalised(fitted.voices, fitted.voices) : fitted.comparisons, features));
      std::printf("\nhalf %d: offset %.3f", half, calibration.llr.offset);
      for (size_t i = 0; i < features.size(); ++i) {
        std::printf(", %s %.4f", features[i].c_str(), calibration.llr.weights[i]);
      }
      add(rows, judge_voice_calibration(
                    as_norm ? normalised(judged.voices, fitted.voices) : judged.comparisons,
                    conditions, calibration, thresholds));
    }
    std::printf("\n");
    print(title, rows, heard.conditions);
    return absl::OkStatus();
  };
  DURWARD_RETURN_IF_ERROR(table("cosine, length and noise", voice_calibration_features(), false));
  DURWARD_RETURN_IF_ERROR(table("cosine alone", {"cosine"}, false));
  DURWARD_RETURN_IF_ERROR(table("cosine and length", {"cosine", "log-seconds"}, false));
  DURWARD_RETURN_IF_ERROR(
      table("normalised, length and noise", voice_calibration_features(), true));
  return table("normalised alone", {"cosine"}, true);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::fprintf(stderr,
                 "usage: voice_calibration_table MODEL SPEAKERS [NOISE.wav [webrtc|silero]]\n");
    return 2;
  }
  const absl::Status status = run(count, arguments);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return 1;
}
