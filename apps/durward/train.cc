#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "figures_table.h"
#include "pipeline/train_touch.h"
#include "terminal.h"

namespace durward {
namespace {

using nlohmann::json;

struct TrainCommand {
  TrainTouchRequest request;
  std::string source = "both", learners;
};

// The lowest, the mean and the highest of the folds' rates.
struct Spread {
  double lowest = 1, mean = 0, highest = 0;
  void add(double rate, size_t folds) {
    lowest = std::min(lowest, rate);
    highest = std::max(highest, rate);
    mean += rate / static_cast<double>(folds);
  }
};

struct SpreadRow {
  std::string name;
  Spread own, one;
};

std::vector<SpreadRow> spread_rows(const std::vector<FoldFigures>& folds) {
  std::vector<SpreadRow> rows;
  for (const FoldFigures& fold : folds) {
    rows.resize(fold.rates.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      rows[i].name = (fold.rates[i].mean ? "mean, " : "") + fold.rates[i].name;
      rows[i].own.add(fold.rates[i].rates.own_thresholds.rate, folds.size());
      rows[i].one.add(fold.rates[i].rates.one_threshold.rate, folds.size());
    }
  }
  return rows;
}

json spread_json(const Spread& spread) {
  return {{"lowest", spread.lowest}, {"mean", spread.mean}, {"highest", spread.highest}};
}

json outcome_json(const TrainTouchOutcome& outcome) {
  json result = {{"people", outcome.people},
                 {"repetitions", outcome.repetitions},
                 {"missing_values", outcome.missing},
                 {"postures", outcome.postures},
                 {"features", outcome.features},
                 {"dims", outcome.dims},
                 {"files", json::array()},
                 {"folds", json::array()},
                 {"cross_validation", json::array()}};
  for (const auto& file : outcome.files) result["files"].push_back(file.string());
  for (const FoldFigures& fold : outcome.folds) result["folds"].push_back(fold.people);
  for (const SpreadRow& row : spread_rows(outcome.folds)) {
    result["cross_validation"].push_back({{"condition", row.name},
                                          {"eer_own_thresholds", spread_json(row.own)},
                                          {"eer_one_threshold", spread_json(row.one)}});
  }
  return result;
}

std::string spread_cell(const Spread& spread) {
  return fixed(100 * spread.mean, 2) + " (" + fixed(100 * spread.lowest, 2) + " .. " +
         fixed(100 * spread.highest, 2) + ")";
}

std::string outcome_text(const TrainTouchOutcome& outcome) {
  std::string text = absl::StrCat("learnt from ", outcome.repetitions, " repetitions of ",
                                  outcome.people, " people in ", outcome.postures.size(),
                                  " postures: ", outcome.features, " features (", outcome.missing,
                                  " values were missing) to ", outcome.dims, " dimensions\n");
  if (outcome.folds.empty()) {
    text += "no figures: these are too few people to hold some back\n";
  } else {
    absl::StrAppend(&text, "\nEER on people who were held back, in %, mean of ",
                    outcome.folds.size(), " folds (lowest .. highest):\n");
    TextTable table({"posture", "own thresholds", "one threshold"});
    for (const SpreadRow& row : spread_rows(outcome.folds)) {
      table.add({row.name, spread_cell(row.own), spread_cell(row.one)});
    }
    text += table.text();
  }
  text += "\n";
  for (const auto& file : outcome.files) text += "wrote " + file.string() + "\n";
  return text;
}

absl::StatusOr<ExitCode> run_train_touch(TrainCommand& options, const CommandLine& line) {
  TrainTouchRequest& request = options.request;
  for (const TouchSource source :
       {TouchSource::kTiming, TouchSource::kMotion, TouchSource::kBoth}) {
    if (to_string(source) == options.source) request.source = source;
  }
  DURWARD_ASSIGN_OR_RETURN(request.learners, parse_person_range(options.learners));
  request.progress = terminal_progress(line.quiet);
  DURWARD_ASSIGN_OR_RETURN(const TrainTouchOutcome outcome, train_touch(request));
  end_progress();
  std::cout << (line.json ? outcome_json(outcome).dump(2) + "\n" : outcome_text(outcome));
  return kExitOk;
}

void add_train_touch(CLI::App& train, CommandLine& line) {
  auto options = std::make_shared<TrainCommand>();
  TrainTouchRequest& request = options->request;
  CLI::App* command = train.add_subcommand(
      "touch", "an embedding of touch dynamics: who somebody is by how he taps a PIN");
  command
      ->add_option("DATA", request.data,
                   "a folder of POSTURE_Touch_with_label.csv and POSTURE_Sensor_with_label.csv "
                   "(docs/touch.md)")
      ->required();
  command->add_option("--out", request.output, "folder for touch.onnx and input-spec.json")
      ->required();
  command
      ->add_option("--features", options->source,
                   "timing of the taps, motion of the device, or both (default)")
      ->check(CLI::IsMember({"timing", "motion", "both"}));
  add_learners(*command, options->learners,
               "numbers of the people to learn from, LOWEST-HIGHEST (default: everybody)");
  command->add_option("--dims", request.discriminant.dims, "of the embedding, at most (default 40)")
      ->check(CLI::Range(1, 1024));
  command
      ->add_option("--knots", request.knots,
                   "quantiles by which each feature is normalised (default 8)")
      ->check(CLI::Range(size_t{2}, kMaxFeatureKnots));
  command
      ->add_option("--folds", request.folds,
                   "of the cross-validation over people that the figures are from (default 5); "
                   "0 for none")
      ->check(CLI::Range(0, 100));
  command->add_option("--seed", request.seed, "deals people to folds (default 1)");
  command->footer(
      "Examples:\n"
      "  durward train touch touch/ --out out/touch\n"
      "  durward train touch touch/ --learners 1-60 --out out/touch\n"
      "  durward compress out/touch/touch.onnx --input-spec out/touch/input-spec.json \\\n"
      "      --calibrate touch/ --evaluate touch/ --learners 1-60 --out out/touch\n"
      "  durward evaluate out/touch/touch.bundle --trials touch/ --learners 1-60");
  command->callback([options, &line] {
    line.run = [options, &line] { return run_train_touch(*options, line); };
  });
}

}  // namespace

void add_train(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("train", "Models that are learnt here, from your data");
  command->require_subcommand(1);
  command->footer("Examples:\n  durward train touch touch/ --out out/touch");
  add_train_touch(*command, line);
}

}  // namespace durward
