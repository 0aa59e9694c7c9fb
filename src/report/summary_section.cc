#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include <string>
#include <vector>

#include "report/format.h"
#include "report/lookup.h"
#include "report/sections.h"

namespace durward {
namespace {

Html banner(std::string_view css_class, std::string_view text) {
  return element("p", text, "class=\"banner " + std::string(css_class) + "\"");
}

Html verdict_banner(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPassed:
      return banner("passed", "\xE2\x9C\x93 Every gate was passed.");
    case Verdict::kFailed:
      return banner("failed",
                    "\xE2\x9C\x97 A gate failed: nothing but this report and result.json was "
                    "written.");
    case Verdict::kUnproven:
      return banner(
          "unproven",
          "? A gate is unproven: there is not enough evidence that the loss is as small as "
          "it demands. Nothing but this report and result.json was written.");
    case Verdict::kNotGated:
      break;
  }
  return banner("neutral", "No gate was set: nothing was demanded of the accuracy.");
}

Html card(std::string_view question, const Html& answer) {
  return element("div", element("h3", question) + answer, "class=\"card\"");
}

Html tile(std::string_view figure, std::string_view meaning) {
  return element("div", element("strong", figure) + element("span", meaning), "class=\"tile\"");
}

// "1 in 1,000 impostor attempts let in".
std::string at_far(double far) { return "with " + far_text(far) + " impostor attempts let in"; }

std::string accuracy_cost(const Recommendation& choice) {
  if (choice.figures && choice.figures->items("operating_points").empty()) {
    return "What it cost in recognition is not known: the comparisons are too few for any false "
           "accept rate.";
  }
  if (!choice.loss || !choice.far) {
    return "What it cost in recognition was not measured: there is no comparison with the original "
           "at the chosen false accept rate.";
  }
  const std::optional<double> loss = choice.loss->number("loss");
  if (!loss) return "The loss at the chosen false accept rate is missing.";
  std::string rates;
  if (choice.original && choice.point) {
    rates = absl::StrCat(" (", or_dash(choice.original->number("tar"), percent_text), " before, ",
                         or_dash(choice.point->number("tar"), percent_text), " after)");
  }
  std::string sentence;
  if (*loss >= 0.00005) {
    sentence = absl::StrCat("Recognition: ", at_far(*choice.far), ", ", points_text(*loss),
                            " more of 100 genuine attempts are turned away", rates, ".");
  } else if (*loss <= -0.00005) {
    sentence = absl::StrCat("Recognition: ", at_far(*choice.far), ", ", points_text(-*loss),
                            " fewer of 100 genuine attempts are turned away", rates, ".");
  } else {
    sentence = absl::StrCat("Recognition: ", at_far(*choice.far),
                            ", no more genuine attempts are turned away than before", rates, ".");
  }
  const std::optional<double> bound = choice.loss->number("upper_bound");
  return sentence + (bound ? absl::StrCat(" With 95 % confidence the loss is below ",
                                          points_text(std::max(*bound, 0.0)), " points.")
                           : " There were too few people to bound the loss.");
}

std::string resource_gain(const JsonView& result, const Recommendation& choice) {
  std::vector<std::string> gains;
  const std::optional<double> bytes = choice.run ? choice.run->number("bytes") : std::nullopt;
  const std::optional<double> original = result["model"].number("bytes");
  if (bytes && original && *bytes > 0) {
    gains.push_back(
        absl::StrCat("the file has ", bytes_text(*bytes), " instead of ", bytes_text(*original)));
  }
  if (choice.run) {
    const JsonView latency = (*choice.run)["latency"];
    const auto median = latency.number("median_ms");
    const auto ratio = latency.number("ratio_to_fp32");
    if (median) {
      gains.push_back(absl::StrCat(
          "one image takes ", milliseconds_text(*median), " in ", choice.runtime,
          ratio ? absl::StrCat(", ", ratio_text(*ratio), " of the float model's time there") : ""));
    }
  }
  if (gains.empty()) return {};
  std::string sentence = enumerate(gains) + ".";
  sentence[0] = absl::ascii_toupper(static_cast<unsigned char>(sentence[0]));
  return sentence;
}

Html cost_answer(const JsonView& result, const std::optional<Recommendation>& choice) {
  if (!choice) return paragraph("No file is recommended, so there is no cost to state.");
  Html answer = paragraph(accuracy_cost(*choice));
  const std::string gain = resource_gain(result, *choice);
  if (!gain.empty()) answer += paragraph(gain);
  return answer;
}

Html file_answer(const JsonView& result, const std::optional<Recommendation>& choice) {
  const Verdict verdict = overall_verdict(result);
  if (verdict == Verdict::kFailed || verdict == Verdict::kUnproven) {
    return paragraph("None. A gate was not passed, so nothing but this report was written.");
  }
  if (!choice) return paragraph("None is recommended; compare the figures below.");
  Html answer = element(
      "p", element("code", choice->file) +
               Html::text(choice->runtime.empty() ? "." : ", run with " + choice->runtime + "."));
  if (!choice->because.empty()) answer += paragraph(choice->because);
  return answer;
}

std::string drift_sentence(const Recommendation& choice) {
  if (!choice.drift || !choice.far) return {};
  const auto old_threshold = choice.drift->number("old_threshold");
  const auto far_at_old = choice.drift->number("far_at_old");
  if (!old_threshold || !far_at_old) return {};
  const double factor = *far_at_old / *choice.far;
  if (factor > 1.1) {
    return absl::StrCat("Do not keep the original's threshold of ", threshold_text(*old_threshold),
                        ": the compressed model would let in ", percent_text(*far_at_old),
                        " of impostors there, ", times_text(factor), " as many as intended.");
  }
  if (factor < 0.9) {
    return absl::StrCat("Do not keep the original's threshold of ", threshold_text(*old_threshold),
                        ": it is stricter than intended for the compressed model, which would "
                        "accept only ",
                        or_dash(choice.drift->number("tar_at_old"), percent_text),
                        " of genuine attempts there.");
  }
  return absl::StrCat("The original's threshold of ", threshold_text(*old_threshold),
                      " would let in ", percent_text(*far_at_old),
                      " of impostors: within a tenth of what is intended.");
}

Html threshold_answer(const std::optional<Recommendation>& choice) {
  if (!choice || !choice->point || !choice->far || !choice->point->number("threshold")) {
    return paragraph(
        "No threshold can be given: it needs an evaluation with enough impostor comparisons for "
        "the false accept rate you want.");
  }
  const std::string interval =
      interval_text((*choice->point)["threshold_interval"], threshold_text);
  Html answer = element(
      "p",
      Html::text("Accept when the cosine similarity is greater than ") +
          element("strong", threshold_text(*choice->point->number("threshold"))) +
          Html::text(absl::StrCat(
              " to let in ", far_text(*choice->far), " impostor attempts",
              interval.empty() ? "" : " (95 % interval of the threshold " + interval + ")", ".")));
  const std::string drift = drift_sentence(*choice);
  if (!drift.empty()) answer += paragraph(drift);
  return answer;
}

struct Evidence {
  std::string verdict;
  std::vector<std::string> reasons;
};

Evidence weigh(const JsonView& result, const std::optional<Recommendation>& choice) {
  const JsonView evaluation = result["evaluation"];
  const std::vector<JsonView> variants = evaluation.items("variants");
  if (variants.empty()) return {"No: nothing was evaluated.", {}};
  const JsonView figures =
      choice && choice->figures ? *choice->figures : variants.front()["figures"];
  const double people = figures.number("people").value_or(0);
  Evidence evidence;
  evidence.reasons.push_back(
      absl::StrCat("Measured on ", count_text(figures.number("genuine").value_or(0)),
                   " genuine and ", count_text(figures.number("impostors").value_or(0)),
                   " impostor comparisons of ", count_text(people), " people."));
  const bool intervals = figures.text("no_intervals_because").empty();
  if (!intervals) {
    evidence.reasons.push_back(
        "There are no confidence intervals: " + figures.text("no_intervals_because") + ".");
  }
  const std::optional<bool> disjoint = evaluation.flag("disjoint_from_calibration");
  if (disjoint) {
    evidence.reasons.push_back(*disjoint
                                   ? "None of these pictures was used for calibration."
                                   : "Some of these pictures were also used for calibration, which "
                                     "flatters the result.");
  }
  bool few_errors = false;
  if (choice && choice->point && choice->far) {
    few_errors = (*choice->point).flag("few_errors").value_or(false);
    if (few_errors) {
      evidence.reasons.push_back(
          absl::StrCat("At ", far_text(*choice->far), " only ",
                       count_text(choice->point->number("false_accepts").value_or(0)),
                       " false accepts decide the threshold; 30 are advised. Read the interval."));
    }
  }
  std::vector<std::string> refused;
  for (const JsonView& entry : figures.items("refused_fars")) {
    refused.push_back(or_dash(entry.number("far"), far_text));
  }
  if (!refused.empty()) {
    evidence.reasons.push_back("Nothing is said about " + enumerate(refused) +
                               ": there are too few impostor comparisons for that.");
  }
  if (!intervals) {
    evidence.verdict = "Only as a sign that everything works: too few people.";
  } else if (people < 100 || few_errors || disjoint == false) {
    evidence.verdict = "With care.";
  } else {
    evidence.verdict = "Yes, within the intervals, for people and pictures like these.";
  }
  return evidence;
}

Html trust_answer(const JsonView& result, const std::optional<Recommendation>& choice) {
  const Evidence evidence = weigh(result, choice);
  Html reasons;
  for (const std::string& reason : evidence.reasons) reasons += element("li", reason);
  return element("p", element("strong", evidence.verdict)) + element("ul", reasons);
}

Html tiles(const JsonView& result, const std::optional<Recommendation>& choice) {
  if (!choice) return {};
  Html row;
  if (choice->loss && choice->loss->number("loss") && choice->far) {
    row += tile(points_text(*choice->loss->number("loss")) + " points",
                absl::StrCat("TAR lost at FAR ", far_text(*choice->far)));
  }
  if (choice->run) {
    const auto ratio = (*choice->run)["latency"].number("ratio_to_fp32");
    if (ratio && *ratio > 0) {
      row += tile(ratio_text(*ratio), "of the float model's latency in " + choice->runtime);
    }
    const auto bytes = choice->run->number("bytes");
    const auto original = result["model"].number("bytes");
    if (bytes && original && *original > 0) {
      row += tile(ratio_text(*bytes / *original), "of the original's size on disk");
    }
  }
  if (choice->point && choice->point->number("tar") && choice->far) {
    row += tile(percent_text(*choice->point->number("tar")),
                "of genuine attempts accepted at FAR " + far_text(*choice->far));
  }
  return row.empty() ? row : element("div", row, "class=\"tiles\"");
}

}  // namespace

Html summary_section(const JsonView& result) {
  const std::optional<Recommendation> choice = recommendation(result);
  const Html cards = card("What did compression cost?", cost_answer(result, choice)) +
                     card("Which file do I ship?", file_answer(result, choice)) +
                     card("With what threshold?", threshold_answer(choice)) +
                     card("May I trust these numbers?", trust_answer(result, choice));
  return section("summary", "Summary",
                 verdict_banner(overall_verdict(result)) + tiles(result, choice) +
                     element("div", cards, "class=\"cards\""));
}

}  // namespace durward
