#include <iostream>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "door/explain.h"
#include "door_options.h"
#include "report/result_json.h"
#include "terminal.h"

namespace durward {
namespace {

using nlohmann::json;

struct EnrollCommand {
  DoorOptions door;
  std::string user;
  EnrolOptions enrol;
};

json factor_json(const EnrolledFactor& factor) {
  json entry = {{"modality", factor.modality},
                {"refusal", factor.refusal ? json(std::string(name_of(*factor.refusal))) : json()},
                {"rounds", factor.rounds},
                {"samples", factor.samples},
                {"lowest_llr", factor.lowest_llr ? json(*factor.lowest_llr) : json()},
                {"resembles", factor.resembles ? json(*factor.resembles) : json()}};
  if (factor.refusal) entry["detail"] = factor.detail;
  return entry;
}

// A photograph in the place of a person is an answer; a person whom nobody saw is none.
ExitCode exit_code_of(const Enrolment& enrolment) {
  if (enrolment.enrolled()) return kExitOk;
  const EnrolRefusal refusal = *enrolment.factors.back().refusal;
  return refusal == EnrolRefusal::kNoSample || refusal == EnrolRefusal::kLowQuality
             ? kExitRetry
             : kExitGateFailed;
}

absl::StatusOr<ExitCode> run_enroll(const EnrollCommand& options, const CommandLine& line) {
  DURWARD_ASSIGN_OR_RETURN(const auto opened, options.door.open(line.quiet));
  DURWARD_ASSIGN_OR_RETURN(const Enrolment enrolment, opened->request([&](Door& door) {
    return door.enroll(options.user, options.enrol);
  }));
  if (line.json) {
    json factors = json::array();
    for (const EnrolledFactor& factor : enrolment.factors) factors.push_back(factor_json(factor));
    std::cout << result_text({{"user", options.user},
                              {"enrolled", enrolment.enrolled()},
                              {"factors", std::move(factors)}});
    return exit_code_of(enrolment);
  }
  for (const EnrolledFactor& factor : enrolment.factors) {
    if (factor.refusal) {
      std::cout << printable("not enrolled: " + explain(factor)) << "\n";
      continue;
    }
    std::string text = absl::StrCat(factor.modality, ": ", factor.samples, " samples in ",
                                    factor.rounds, factor.rounds == 1 ? " round" : " rounds");
    if (factor.lowest_llr) {
      absl::StrAppend(&text, ", of one person with an LLR of ", fixed(*factor.lowest_llr, 1));
    } else {
      absl::StrAppend(&text, ", compared with no other: nothing shows that they are of one person");
    }
    std::cout << printable(text) << "\n";
    if (factor.resembles) {
      std::cout << printable(absl::StrCat("warning: by the ", factor.modality,
                                          " alone this person may be taken for \"",
                                          *factor.resembles, "\""))
                << "\n";
    }
  }
  if (enrolment.enrolled()) std::cout << printable("enrolled " + options.user) << "\n";
  return exit_code_of(enrolment);
}

}  // namespace

void add_enroll(CLI::App& app, CommandLine& line) {
  const auto options = std::make_shared<EnrollCommand>();
  CLI::App* command = app.add_subcommand(
      "enroll", "Make somebody known to a door, by face, voice and touch as its policy asks");
  command->add_option("USER", options->user, "the name")->required();
  options->door.add_config(*command);
  options->door.add_sources(*command, true);
  command
      ->add_option("--rounds", options->enrol.rounds,
                   "of samples of each factor, which must all be of one person")
      ->check(CLI::Range(int64_t{1}, kMaxEnrolRounds))
      ->capture_default_str();
  command->add_flag("--replace", options->enrol.replace,
                    "somebody who is enrolled: of the factors that have a source");
  command->footer(
      "All is kept or nothing. Exit codes: 0 enrolled, 3 refused (samples of two people, a picture "
      "of a face,\n"
      "repeated samples), 4 too little came that was good enough, 1 an error.\n"
      "Examples:\n"
      "  durward enroll ann --camera 0 --microphone alsa:default\n"
      "  durward enroll ann --camera photographs/ --door /etc/durward/door.json\n"
      "  durward enroll ann --replace --microphone a.wav --microphone b.wav --microphone c.wav");
  command->callback(
      [options, &line] { line.run = [options, &line] { return run_enroll(*options, line); }; });
}

}  // namespace durward
