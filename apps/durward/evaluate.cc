#include "pipeline/evaluate.h"

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "attacks_text.h"
#include "bundle/bundle.h"
#include "commands.h"
#include "figures_table.h"
#include "pipeline/attacks_json.h"
#include "pipeline/evaluation_json.h"
#include "pipeline/face_condition.h"
#include "pipeline/score_list.h"
#include "report/result_json.h"
#include "terminal.h"

namespace durward {
namespace {

using nlohmann::json;

struct JudgeOptions {
  std::vector<std::string> models;
  std::string trials, attacks, images, scores;
  std::vector<std::string> gates;
  std::vector<std::string> conditions;
  uint64_t seed = 1;
  bool pairwise = false, probes_only = false;
  InputOptions input;
};

absl::Status add_conditions(const JudgeOptions& options, SampleOptions& samples) {
  if (options.conditions.empty()) return absl::OkStatus();
  if (std::holds_alternative<FeatureSpec>(samples.preprocessing)) {
    return absl::InvalidArgumentError(
        "--condition is for models that see faces or hear voices; this model does neither");
  }
  samples.condition_seed = options.seed;
  if (std::holds_alternative<InputSpec>(samples.preprocessing)) return absl::OkStatus();
  if (options.probes_only) {
    return absl::InvalidArgumentError("--probes-only is for faces; this model hears voices");
  }
  for (const std::string& text : options.conditions) {
    DURWARD_RETURN_IF_ERROR(add_condition(text, samples.condition));
  }
  return absl::OkStatus();
}

// The trials, with faces under their conditions; voices have theirs when they are read.
absl::StatusOr<TrialSet> load_trials(const JudgeOptions& options, const SampleOptions& samples) {
  const auto* spec = std::get_if<InputSpec>(&samples.preprocessing);
  FaceCondition condition;
  for (const std::string& text : options.conditions) {
    if (spec != nullptr) DURWARD_RETURN_IF_ERROR(add_condition(text, condition));
  }
  DURWARD_ASSIGN_OR_RETURN(TrialSet set, load_trial_set(options.trials, options.images, samples));
  if (spec == nullptr || options.conditions.empty()) return set;
  return with_face_condition(std::move(set), *spec, condition, options.probes_only);
}

// What `evaluate` and `compare` share: the trial set and every model's figures.
struct Judged {
  Preprocessing preprocessing;
  TrialSet set;
  std::vector<System> systems;
  EvaluateOptions options;
};

absl::StatusOr<std::vector<Variant>> variants_of(const std::vector<std::string>& models) {
  std::vector<Variant> variants;
  for (const std::string& model : models) {
    DURWARD_ASSIGN_OR_RETURN(const RuntimeKind runtime, runtime_for(model));
    variants.push_back({std::filesystem::path(model).filename().string(), runtime, model});
  }
  return variants;
}

absl::StatusOr<SampleOptions> sample_options_of(const JudgeOptions& options,
                                                const CommandLine& line) {
  DURWARD_ASSIGN_OR_RETURN(SampleOptions samples, options.input.sample_options(options.models));
  samples.progress = terminal_progress(line.quiet);
  DURWARD_RETURN_IF_ERROR(add_conditions(options, samples));
  return samples;
}

absl::StatusOr<Judged> judge_models(const JudgeOptions& options, const std::vector<Gate>& gates,
                                    const CommandLine& line) {
  DURWARD_ASSIGN_OR_RETURN(const SampleOptions sample_options, sample_options_of(options, line));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<Variant> variants, variants_of(options.models));
  EvaluateOptions settings;
  settings.threads = sample_options.threads;
  settings.progress = sample_options.progress;
  settings.figures.bootstrap.seed = options.seed;
  add_gate_fars(gates, settings.figures.fars);
  DURWARD_ASSIGN_OR_RETURN(TrialSet set, load_trials(options, sample_options));
  std::vector<System> systems;
  for (const Variant& variant : variants) {
    DURWARD_ASSIGN_OR_RETURN(System system, evaluate_file(set, variant, settings));
    systems.push_back(std::move(system));
  }
  return Judged{sample_options.preprocessing, std::move(set), std::move(systems),
                std::move(settings)};
}

// The result document (docs/result-json.md) of an evaluation alone.
json document(const Judged& judged) {
  json evaluation = trial_set_json(judged.set, judged.options);
  for (const System& system : judged.systems) evaluation["variants"].push_back(system_json(system));
  return {{"schema", kResultSchema}, {"evaluation", std::move(evaluation)}};
}

// Presentation-attack detectors; of several the first against each of the others.
absl::StatusOr<ExitCode> judge_attacks(const JudgeOptions& options, const CommandLine& line) {
  DURWARD_ASSIGN_OR_RETURN(const SampleOptions sample_options, sample_options_of(options, line));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<Variant> variants, variants_of(options.models));
  DURWARD_ASSIGN_OR_RETURN(const AttackSet set,
                           load_attack_set(options.attacks, options.images, sample_options));
  const AttackOptions settings{.threads = sample_options.threads,
                               .progress = sample_options.progress};
  std::vector<AttackSystem> systems;
  for (const Variant& variant : variants) {
    DURWARD_ASSIGN_OR_RETURN(systems.emplace_back(), evaluate_attacks(set, variant, settings));
  }
  DURWARD_ASSIGN_OR_RETURN(const json attacks, attacks_json(set, systems, settings));
  end_progress();
  std::cout << (line.json ? result_text({{"schema", kResultSchema}, {"attacks", attacks}})
                          : attacks_text(attacks));
  return kExitOk;
}

void add_judge_options(CLI::App& command, JudgeOptions& options) {
  CLI::Option* trials = command.add_option("--trials", options.trials,
                                           "LFW pairs, a .csv (enrol, probe, label, ...), or a "
                                           "folder with a subfolder for each person, of "
                                           "pictures or, for a speaker model, recordings");
  command
      .add_option("--attacks", options.attacks,
                  "of presentation-attack detectors: a folder with live/ and a subfolder for each "
                  "species of attack, or a .csv (image, species) (docs/presentation-attacks.md)")
      ->excludes(trials);
  command.add_option("--images", options.images,
                     "where the list's pictures are (default: beside the list)");
  command
      .add_option("--condition", options.conditions,
                  "on both sides of each trial; of voices: cut=SECONDSs keeps the first seconds of "
                  "speech, snr=DB:FILE adds noise (docs/voice.md); of faces: size=PIXELS, as from "
                  "far away (docs/evaluation.md)")
      ->allow_extra_args(false)
      ->excludes("--attacks");
  command
      .add_flag("--probes-only", options.probes_only,
                "of faces: --condition holds for the probes alone, enrolment is as it is")
      ->needs("--condition");
  command.add_option("--seed", options.seed,
                     "of the bootstrap, and of the place in the noise (default 1)");
  options.input.add_to(command);
}

// Profiles, as durward-run writes them, instead of models.
bool are_profiles(const std::vector<std::string>& files) {
  return std::all_of(files.begin(), files.end(), [](const std::string& file) {
    return std::filesystem::path(file).extension() == ".json";
  });
}

struct CertificateResult {
  const System* system;
  CertificateCheck check;
};

// Of the bundles that have one.
absl::StatusOr<std::vector<CertificateResult>> check_certificates(const Judged& judged) {
  std::vector<CertificateResult> results;
  for (const System& system : judged.systems) {
    if (system.variant.runtime != RuntimeKind::kEngine) continue;
    DURWARD_ASSIGN_OR_RETURN(const Bundle bundle, Bundle::open(system.variant.file));
    if (!bundle.manifest().certificate) continue;
    DURWARD_ASSIGN_OR_RETURN(
        CertificateCheck check,
        check_certificate(*bundle.manifest().certificate, judged.set, system, judged.options));
    results.push_back({&system, std::move(check)});
  }
  return results;
}

absl::StatusOr<ExitCode> run_evaluate(const JudgeOptions& options, const CommandLine& line) {
  DURWARD_ASSIGN_OR_RETURN(const Judged judged, judge_models(options, {}, line));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<CertificateResult> certificates,
                           check_certificates(judged));
  const bool broken = std::any_of(certificates.begin(), certificates.end(),
                                  [](const CertificateResult& c) { return c.check.broken(); });
  const ExitCode exit_code = broken ? kExitGateFailed : kExitOk;
  if (!options.scores.empty()) {
    DURWARD_ASSIGN_OR_RETURN(const std::vector<std::string> people,
                             trial_people(options.trials, options.images, judged.preprocessing));
    DURWARD_RETURN_IF_ERROR(
        write_score_list(options.scores, judged.set, people, judged.systems[0].embeddings));
  }
  end_progress();
  if (line.json) {
    json result = document(judged);
    for (const CertificateResult& certificate : certificates) {
      result["evaluation"]["certificates"].push_back(
          certificate_check_json(*certificate.system, certificate.check));
    }
    std::cout << result_text(result);
    return exit_code;
  }
  std::cout << trials_text(judged.set, judged.systems[0].evaluation) << "\n"
            << systems_table(judged.systems) << conditions_table(judged.systems);
  for (const CertificateResult& result : certificates) {
    std::cout << "\n" << certificate_check_table(*result.system, result.check);
  }
  if (!options.scores.empty()) std::cout << "\nwrote " << printable(options.scores) << "\n";
  return exit_code;
}

// The losses from every model but the first to each of the others, which the comparisons with the
// first one lack.
absl::Status add_pairwise_losses(const std::vector<System>& systems, json& evaluation,
                                 std::string& text) {
  for (size_t from = 1; from < systems.size(); ++from) {
    for (size_t to = 1; to < systems.size(); ++to) {
      if (from == to) continue;
      const System &before = systems[from], &after = systems[to];
      DURWARD_ASSIGN_OR_RETURN(const std::vector<TarLoss> losses,
                               tar_losses(before.evaluation, after.evaluation));
      evaluation["losses"].push_back({{"from", before.variant.name},
                                      {"to", after.variant.name},
                                      {"points", losses_json(losses)}});
      absl::StrAppend(&text, "\n", losses_table(before, after, losses));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ExitCode> run_compare(const JudgeOptions& options, const CommandLine& line) {
  DURWARD_ASSIGN_OR_RETURN(const std::vector<Gate> gates, parse_gates(options.gates));
  DURWARD_ASSIGN_OR_RETURN(const Judged judged, judge_models(options, gates, line));
  const System& before = judged.systems[0];
  json result = document(judged);
  result["gates"] = json::array();
  std::string text =
      trials_text(judged.set, before.evaluation) + "\n" + systems_table(judged.systems);
  bool passed = true;
  for (size_t i = 1; i < judged.systems.size(); ++i) {
    const System& after = judged.systems[i];
    DURWARD_ASSIGN_OR_RETURN(const Comparison comparison,
                             compare_systems(judged.set, before, after, judged.options));
    DURWARD_RETURN_IF_ERROR(
        add_comparison(judged.set, before, after, comparison, result["evaluation"]));
    absl::StrAppend(&text, "\n", comparison_tables(before, after, comparison));
    for (const Gate& gate : gates) {
      const GateResult verdict = judge(gate, comparison.losses);
      passed &= verdict.verdict == GateVerdict::kPassed;
      result["gates"].push_back(gate_json(verdict));
      absl::StrAppend(&text, "gate ", gate.text, ": ", std::string(to_string(verdict.verdict)),
                      ". ", verdict.reason, "\n");
    }
  }
  if (options.pairwise) {
    DURWARD_RETURN_IF_ERROR(add_pairwise_losses(judged.systems, result["evaluation"], text));
  }
  end_progress();
  std::cout << (line.json ? result_text(result) : text);
  return passed ? kExitOk : kExitGateFailed;
}

}  // namespace

void add_evaluate(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<JudgeOptions>();
  CLI::App* command =
      app.add_subcommand("evaluate",
                         "FAR, FRR and TAR@FAR of models on trials, with intervals; whether a "
                         "bundle's certificate holds there (exit code 3 where a promise is "
                         "broken); APCER and BPCER of "
                         "presentation-attack detectors");
  command
      ->add_option("MODEL", options->models,
                   ".bundle, .onnx, .ort, .tflite or .xml, each run in its runtime")
      ->required();
  add_judge_options(*command, *options);
  command->add_option("--scores", options->scores,
                      "write every trial's score and its two people to this .csv, for durward fuse "
                      "(of one model)");
  command->footer(
      "Examples:\n"
      "  durward evaluate model.onnx --preset mobilefacenet-prelu --trials lfw_pairs.txt\n"
      "  durward evaluate out/model.bundle --trials other_people/\n"
      "  durward evaluate out/model.int8.tflite --preset mobilefacenet-prelu --trials people/ "
      "--json\n"
      "  durward evaluate detector.onnx --preset antispoofing --attacks presentations/\n"
      "  durward evaluate speaker.onnx --preset ge2e --trials speakers/ --condition cut=2s\n"
      "  durward evaluate out/face.bundle --trials people/ --condition size=24 --probes-only "
      "--scores face.csv");
  command->callback([options, &line] {
    if (options->trials.empty() && options->attacks.empty()) throw CLI::RequiredError("--trials");
    if (!options->scores.empty() && (options->models.size() > 1 || options->trials.empty())) {
      throw CLI::ValidationError("--scores", "it is of one model's --trials");
    }
    line.run = [options, &line] {
      return options->attacks.empty() ? run_evaluate(*options, line)
                                      : judge_attacks(*options, line);
    };
  });
}

void add_compare(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<JudgeOptions>();
  CLI::App* command = app.add_subcommand("compare",
                                         "What a change of model costs: paired losses of TAR, "
                                         "threshold drift, mixed precision; changed "
                                         "decisions about presentation attacks; or, of "
                                         "two profiles, time");
  command
      ->add_option("MODEL", options->models,
                   "the model as it was, then one or more others; or profiles (.json) of "
                   "durward-run or durward profile")
      ->required()
      ->expected(2, 64);
  add_judge_options(*command, *options);
  command
      ->add_option("--max-tar-loss", options->gates,
                   "a gate, LOSS@FAR: the upper 95 % bound of the loss of TAR must not exceed "
                   "LOSS; exit code 3 where it does")
      ->allow_extra_args(false);
  command->add_flag("--pairwise", options->pairwise,
                    "losses of TAR also between every two of the others");
  command->footer(
      "Examples:\n"
      "  durward compare model.onnx out/model.int8.tflite out/model.qdq.onnx --preset "
      "mobilefacenet-prelu --trials "
      "people/\n"
      "  durward compare old.tflite new.tflite --preset mobilefacenet-expo --trials trials.csv "
      "--max-tar-loss "
      "0.005@1e-3\n"
      "  durward compare pi4.json jetson.json");
  command->callback([options, &line] {
    if (are_profiles(options->models)) {
      line.run = [options, &line] { return compare_profile_files(options->models, line); };
      return;
    }
    if (options->trials.empty() && options->attacks.empty()) throw CLI::RequiredError("--trials");
    if (!options->attacks.empty() && !options->gates.empty()) {
      throw CLI::ValidationError("--max-tar-loss", "a gate is judged on --trials");
    }
    line.run = [options, &line] {
      return options->attacks.empty() ? run_compare(*options, line) : judge_attacks(*options, line);
    };
  });
}

}  // namespace durward
