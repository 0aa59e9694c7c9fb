#include "pipeline/attacks.h"

#include <absl/strings/str_format.h>

#include <algorithm>

#include "vision/presentation_attack.h"

namespace durward {
namespace {

PresentedKind& presented_kind(const std::optional<int32_t>& species, AttackSet& set) {
  return species ? set.species[static_cast<size_t>(*species)] : set.live;
}

absl::StatusOr<AttackPoint> point_at(std::string name, float threshold,
                                     std::span<const Presentation> scores) {
  DURWARD_ASSIGN_OR_RETURN(PresentationAttackRates rates,
                           presentation_attack_rates(scores, threshold));
  return AttackPoint{std::move(name), threshold, std::move(rates)};
}

}  // namespace

absl::StatusOr<AttackSet> load_attack_set(const std::filesystem::path& list_path,
                                          const std::filesystem::path& image_root,
                                          const SampleOptions& options) {
  const auto* spec = std::get_if<InputSpec>(&options.preprocessing);
  if (spec == nullptr || !spec->live_class) {
    return absl::FailedPreconditionError(
        "the input specification does not say which of the model's outputs is of live faces: add "
        "\"live_class\" (docs/input-spec.md), or name a preset of such a model");
  }
  DURWARD_ASSIGN_OR_RETURN(const PresentationList list, read_presentations(list_path, image_root));
  std::vector<std::filesystem::path> paths;
  for (const ListedPresentation& one : list.presentations) paths.push_back(one.image);
  SampleOptions central = options;
  central.all_faces = false;
  absl::StatusOr<SampleSet> samples = collect_samples(paths, central);
  if (!samples.ok()) return with_context(samples.status(), list_path.string());
  AttackSet set{.source = list_path,
                .samples = *std::move(samples),
                .live_class = *spec->live_class,
                .species_of_sample = {},
                .live = {.name = std::string(kLive)},
                .species = {}};
  for (const std::string& name : list.species) set.species.push_back({.name = name});
  for (const ListedPresentation& one : list.presentations)
    ++presented_kind(one.species, set).pictures;
  for (const int64_t file : set.samples.file_of_sample) {
    const auto& species = list.presentations[static_cast<size_t>(file)].species;
    set.species_of_sample.push_back(species);
    ++presented_kind(species, set).used;
  }
  return set;
}

absl::StatusOr<AttackSystem> evaluate_attacks(const AttackSet& set, Variant variant,
                                              const AttackOptions& options) {
  const Samples& samples = set.samples.samples;
  absl::StatusOr<ModelOutputs> outputs =
      run_samples(samples, embedder_factory(variant, samples), options.threads, options.progress,
                  "detecting attacks: " + variant.name);
  if (!outputs.ok()) return with_context(outputs.status(), variant.name);
  AttackSystem system{std::move(variant), {}, {}};
  const auto count = static_cast<size_t>(outputs->dims);
  for (size_t row = 0; row < set.species_of_sample.size(); ++row) {
    const std::span<const float> of_row = std::span(outputs->rows).subspan(row * count, count);
    absl::StatusOr<float> score = live_score(of_row, set.live_class);
    if (!score.ok()) return with_context(score.status(), system.variant.name);
    system.scores.push_back({set.species_of_sample[row], *score});
  }
  DURWARD_ASSIGN_OR_RETURN(system.points.emplace_back(),
                           point_at("largest output", 0, system.scores));
  if (const auto threshold = threshold_for_bpcer(system.scores, options.bpcer_target)) {
    DURWARD_ASSIGN_OR_RETURN(system.points.emplace_back(),
                             point_at(absl::StrFormat("BPCER %g %%", 100 * options.bpcer_target),
                                      *threshold, system.scores));
  }
  return system;
}

absl::StatusOr<std::vector<AttackChange>> compare_attacks(const AttackSystem& before,
                                                          const AttackSystem& after) {
  std::vector<AttackChange> changes;
  for (size_t i = 0; i < std::min(before.points.size(), after.points.size()); ++i) {
    const AttackPoint &was = before.points[i], &is = after.points[i];
    DURWARD_ASSIGN_OR_RETURN(
        PairedPresentationErrors errors,
        paired_presentation_errors(before.scores, was.threshold, after.scores, is.threshold));
    changes.push_back({is.name, std::move(errors)});
  }
  return changes;
}

}  // namespace durward
