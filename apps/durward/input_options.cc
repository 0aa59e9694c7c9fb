#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>

#include "base/parallel.h"
#include "commands.h"
#include "pipeline/bundle_file.h"
#include "pipeline/crops.h"

namespace durward {

absl::StatusOr<std::vector<Gate>> parse_gates(const std::vector<std::string>& texts) {
  std::vector<Gate> gates;
  for (const std::string& text : texts) {
    DURWARD_ASSIGN_OR_RETURN(Gate gate, parse_gate(text));
    gates.push_back(std::move(gate));
  }
  return gates;
}

void add_learners(CLI::App& command, std::string& text, const std::string& help) {
  command.add_option("--learners", text, help);
}

absl::StatusOr<std::optional<PersonRange>> parse_person_range(const std::string& text) {
  if (text.empty()) return std::nullopt;
  PersonRange range;
  const std::vector<std::string> ends = absl::StrSplit(text, '-');
  if (ends.size() != 2 || !absl::SimpleAtoi(ends[0], &range.lowest) ||
      !absl::SimpleAtoi(ends[1], &range.highest) || range.lowest > range.highest) {
    return absl::InvalidArgumentError(
        absl::StrCat("--learners is \"", text, "\"; expected two numbers of people, as in 1-60"));
  }
  return range;
}

void InputOptions::add_to(CLI::App& command) {
  std::string names;
  for (const std::string_view name : preprocessing_preset_names())
    names += (names.empty() ? "" : ", ") + std::string(name);
  auto* preset_option = command.add_option(
      "--preset", preset,
      "how the model wants its input (default: what a .bundle says of itself): " + names);
  command
      .add_option("--input-spec", spec_file,
                  "the same from a file of your own (docs/input-spec.md)")
      ->excludes(preset_option);
  command.add_option("--detector", detector,
                     "face detector: a YuNet .onnx or BlazeFace .tflite (default: "
                     "DURWARD_DETECTOR, or the one that "
                     "scripts/setup fetched)");
  command.add_option("--detector-side", detector_side,
                     "longest side, in pixels, of the pictures that YuNet sees (default 320): more "
                     "finds smaller faces, and takes longer");
  command.add_flag("--aligned", aligned,
                   "the pictures are aligned crops already: do not look for faces");
  add_learners(command, learners,
               "of touch data, the people whom the model learnt from, LOWEST-HIGHEST: they "
               "calibrate, and the others are judged (default: everybody for both)");
  command.add_option("--threads", threads, "threads to use (default: every CPU)")
      ->check(CLI::PositiveNumber);
}

absl::StatusOr<Preprocessing> InputOptions::preprocessing(
    std::span<const std::string> models) const {
  if (!spec_file.empty()) return read_preprocessing(spec_file);
  if (!preset.empty()) return preprocessing_preset(preset);
  for (const std::string& model : models)
    if (std::filesystem::path(model).extension() == ".bundle") return bundle_preprocessing(model);
  return absl::InvalidArgumentError(
      "say how the model wants its input: --preset NAME for a known model, or --input-spec FILE "
      "(docs/input-spec.md)");
}

absl::StatusOr<SampleOptions> InputOptions::sample_options(
    std::span<const std::string> models) const {
  SampleOptions options{.aligned = aligned, .threads = threads > 0 ? threads : default_threads()};
  DURWARD_ASSIGN_OR_RETURN(options.preprocessing, preprocessing(models));
  const auto* picture = std::get_if<InputSpec>(&options.preprocessing);
  if (!detector.empty()) {
    options.detector = detector;
  } else if (!aligned && picture != nullptr && needs_face(picture->alignment)) {
    DURWARD_ASSIGN_OR_RETURN(options.detector, default_detector());
  }
  options.detector_side = detector_side;
  DURWARD_ASSIGN_OR_RETURN(options.learners, parse_person_range(learners));
  return options;
}

}  // namespace durward
