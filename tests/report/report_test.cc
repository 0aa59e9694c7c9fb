#include "report/report.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "report/sample_result.h"

namespace durward {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

const json& sample() {
  static const json result = sample_result();
  return result;
}

// What a browser does not need to guess about: every tag is closed in order, ids are unique and
// links within the page lead somewhere. Empty where that holds, else what is wrong.
std::string structural_error(const std::string& html) {
  static const std::set<std::string> kVoid = {"meta", "br", "img", "!doctype"};
  std::vector<std::string> open;
  std::set<std::string> ids, targets;
  for (size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    size_t end = at + 1;
    for (char quote = 0; end < html.size() && (quote != 0 || html[end] != '>'); ++end) {
      if (html[end] == '"') quote = quote == 0 ? '"' : 0;
    }
    if (end == html.size()) return "a tag does not end";
    const std::string tag = html.substr(at + 1, end - at - 1);
    std::string name = tag.substr(0, tag.find_first_of(" /\n", 1));
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    static const std::regex kAttribute(R"re( (id|href)="([^"]*)")re");
    for (std::sregex_iterator it(tag.begin(), tag.end(), kAttribute), last; it != last; ++it) {
      const std::string value = (*it)[2];
      if ((*it)[1] == "id" && !ids.insert(value).second) return "id " + value + " twice";
      if ((*it)[1] == "href") targets.insert(value);
    }
    if (name[0] == '/') {
      if (open.empty() || open.back() != name.substr(1)) return "<" + name + "> closes nothing";
      open.pop_back();
    } else if (tag.back() != '/' && !kVoid.contains(name)) {
      open.push_back(name);
    }
    at = end;
  }
  if (!open.empty()) return "<" + open.back() + "> is not closed";
  for (const std::string& target : targets) {
    if (target[0] != '#' || !ids.contains(target.substr(1))) return "link to " + target;
  }
  return {};
}

std::map<std::string, int> count_tags(const std::string& html) {
  std::map<std::string, int> counts;
  static const std::regex kTag("<([a-z][a-z0-9]*)[ >/]");
  for (std::sregex_iterator it(html.begin(), html.end(), kTag), last; it != last; ++it) {
    ++counts[(*it)[1]];
  }
  return counts;
}

TEST(Report, SaysWhatTheCertificatePromises) {
  const std::string html = render_report(sample()).value();
  EXPECT_THAT(html, HasSubstr("1\xC2\xA0in\xC2\xA0"
                              "800"));
  EXPECT_THAT(html, HasSubstr("319600 impostor trials; it needs 3000000"));
}

TEST(Report, IsWellFormed) {
  const std::string html = render_report(sample()).value();
  EXPECT_EQ(structural_error(html), "");
  const auto counts = count_tags(html);
  EXPECT_EQ(counts.at("section"), 14);
  EXPECT_EQ(counts.at("h1"), 1);
  EXPECT_EQ(counts.at("img"), 6);
  EXPECT_GE(counts.at("polyline"), 4);
}

TEST(Report, ShowsErrorRatesOfEachConditionWithoutMixingVariants) {
  json result = sample();
  const auto rates = [](double own, double one) {
    return json{{"own_thresholds", {{"eer", own}, {"interval", {own / 2, 2 * own}}}},
                {"one_threshold", {{"eer", one}, {"interval", nullptr}}}};
  };
  const auto row = [&](const char* name, bool mean, double own, double one) {
    json entry = rates(own, one);
    entry["name"] = name;
    entry["mean"] = mean;
    return entry;
  };
  json& variants = result["evaluation"]["variants"];
  ASSERT_GE(variants.size(), 2u);
  variants[0]["conditions"] = {row("Sitting to <Walking>", false, .0966, .1471),
                               row("another posture", true, .0665, .1112)};
  variants[1]["conditions"] = json::array({row("another posture", true, .0667, .1119)});
  const std::string html = render_report(result).value();
  EXPECT_EQ(structural_error(html), "");
  const size_t walking = html.find("Sitting to &lt;Walking&gt;");
  const size_t mean = html.find("mean, another posture");
  ASSERT_NE(walking, std::string::npos);
  ASSERT_NE(mean, std::string::npos);
  const std::string first = html.substr(walking, mean - walking);
  EXPECT_THAT(first, HasSubstr("9.66"));
  EXPECT_THAT(first, HasSubstr("[4.83, 19.32]"));
  EXPECT_THAT(first, HasSubstr("14.71"));
  EXPECT_THAT(first, Not(HasSubstr("6.67")));  // the second variant has no such row
  const std::string second = html.substr(mean, html.find("</tr>", mean) - mean);
  for (const char* text : {"6.65", "11.12", "6.67", "11.19"}) EXPECT_THAT(second, HasSubstr(text));
  EXPECT_THAT(render_report(sample()).value(), Not(HasSubstr("By condition")));
}

TEST(Report, NeedsNothingFromOutside) {
  const std::string html = render_report(sample()).value();
  for (const char* reference : {"http:", "https:", "<script", "<link", "<iframe", "<object",
                                "@import", "javascript:", "onload", "onerror", "srcset"}) {
    EXPECT_THAT(html, Not(HasSubstr(reference)));
  }
  static const std::regex kSource(R"re((src|url)(="|\()(.{22}))re");
  for (std::sregex_iterator it(html.begin(), html.end(), kSource), last; it != last; ++it) {
    const std::string target = (*it)[3];
    EXPECT_TRUE(target == "data:image/jpeg;base64" || target[0] == '#') << target;
  }
}

TEST(Report, GivesEveryDrawingAndPictureAText) {
  const std::string html = render_report(sample()).value();
  static const std::regex kDrawing("<(svg|img)[^>]*>");
  for (std::sregex_iterator it(html.begin(), html.end(), kDrawing), last; it != last; ++it) {
    const std::string tag = it->str();
    EXPECT_TRUE(tag.find("aria-label=\"") != std::string::npos ||
                tag.find("alt=\"") != std::string::npos ||
                tag.find("aria-hidden") != std::string::npos)
        << tag;
  }
}

TEST(Report, ShowsErrorsOfPresentationAttackDetectionBySpeciesBeforeAndAfter) {
  const std::string html = render_report(sample()).value();
  const std::string part = html.substr(html.find("id=\"attacks\""));
  EXPECT_THAT(part, HasSubstr("250 live and 60 print &lt;b&gt;"));
  EXPECT_THAT(part, HasSubstr("2 more pictures"));
  EXPECT_THAT(part, HasSubstr("needs 300 live ones"));
  EXPECT_THAT(part, HasSubstr("2.40"));  // 6 of 250
  EXPECT_THAT(part, HasSubstr("[-2.59, 3.89]"));
  json without = sample();
  without.erase("attacks");
  EXPECT_THAT(render_report(without).value(), HasSubstr("No presentations were given"));
}

TEST(Report, ShowsTheProfileBeforeAndAfterSideBySide) {
  const std::string html = render_report(sample()).value();
  const std::string part = html.substr(html.find("id=\"profile\""));
  EXPECT_THAT(part, HasSubstr("2.81 ms"));
  EXPECT_THAT(part, HasSubstr("1.19 ms"));
  EXPECT_THAT(part, HasSubstr("0.42"));
  EXPECT_THAT(part, HasSubstr("75.00 %"));  // of the INT8 file's time is in int8
  EXPECT_THAT(part, HasSubstr("last &lt;op&gt;"));
  EXPECT_THAT(part, HasSubstr("<strong>slower</strong>"));
  json without = sample();
  without.erase("profile");
  EXPECT_THAT(render_report(without).value(), HasSubstr("No profile was made in this run."));
}

TEST(Report, ShowsWhatEachStepAndEachMixtureOfPrecisionsIsWorth) {
  const std::string html = render_report(sample()).value();
  const std::string part = html.substr(html.find("id=\"precision\""));
  EXPECT_THAT(part, HasSubstr("without bias correction"));
  EXPECT_THAT(part, HasSubstr("2.100"));
  EXPECT_LT(part.find("last/fc"), part.find("stem&lt;conv&gt;")) << "the most sensitive is first";
  EXPECT_THAT(part, HasSubstr("1 in float (chosen)"));
  EXPECT_THAT(part, HasSubstr("TAR at FAR 1e-3"));
  json without = sample();
  for (const char* member : {"ablation", "sensitivity", "mixed"}) without.erase(member);
  EXPECT_THAT(render_report(without).value(), HasSubstr("Neither --ablate nor --mixed"));
  json nothing_judged = sample();
  for (json& point : nothing_judged["mixed"]["front"]) point.erase("figures");
  EXPECT_THAT(render_report(nothing_judged).value(), HasSubstr("Mean cosine to the float model"));
}

TEST(Report, AnswersTheFourQuestions) {
  json result = sample();
  json& evaluation = result["evaluation"];
  evaluation["losses"][0]["points"] = {
      {{"far", 1e-3}, {"loss", 0.0123}, {"interval", {0.001, 0.02}}, {"upper_bound", 0.0187}}};
  json& point = evaluation["variants"][1]["figures"]["operating_points"][2];
  ASSERT_EQ(point["far_target"], 1e-3);
  point["tar"] = 0.9712;
  point["threshold"] = 0.32871;
  point["few_errors"] = true;
  point["false_accepts"] = 12;
  evaluation["variants"][0]["figures"]["operating_points"][2]["tar"] = 0.9835;
  evaluation["drift"][0]["points"] = {{{"far_target", 1e-3},
                                       {"old_threshold", 0.2903},
                                       {"new_threshold", 0.32871},
                                       {"far_at_old", 0.0042},
                                       {"tar_at_old", 0.98}}};
  const std::string html = render_report(result).value();
  EXPECT_THAT(html, HasSubstr("1.23 more of 100 genuine attempts are turned away (98.35 % before, "
                              "97.12 % after)"));
  EXPECT_THAT(html, HasSubstr("With 95 % confidence the loss is below 1.87 points."));
  EXPECT_THAT(html, HasSubstr("The file has 1.29 MB instead of 3.98 MB and one image takes 1.19 ms "
                              "in LiteRT, 0.42 of the float model&#39;s time there."));
  EXPECT_THAT(html, HasSubstr("<code>mobilefacenet.int8.tflite</code>"));
  EXPECT_THAT(html, HasSubstr("<strong>0.3287</strong>"));
  EXPECT_THAT(html, HasSubstr("Do not keep the original&#39;s threshold of 0.2903: the compressed "
                              "model would let in 0.42 % of impostors there, 4.2 times as many as "
                              "intended."));
  EXPECT_THAT(html, HasSubstr("only 12 false accepts decide the threshold"));
  EXPECT_THAT(html, HasSubstr("<strong>With care.</strong>"));
}

TEST(Report, ShipsNothingWhereAGateWasNotPassed) {
  for (const char* verdict : {"failed", "unproven"}) {
    json result = sample();
    result["gates"].push_back(
        {{"text", "0.001@1e-4"}, {"verdict", verdict}, {"reason", "the TAR falls by 2 points"}});
    const std::string html = render_report(result).value();
    EXPECT_THAT(html, HasSubstr("None. A gate was not passed"));
    EXPECT_THAT(html, HasSubstr("class=\"banner " + std::string(verdict) + "\""));
    EXPECT_THAT(html, HasSubstr("With 95 % confidence the loss is below"));
  }
}

TEST(Report, SaysWhenTheOldThresholdIsTooStrict) {
  json result = sample();
  result["evaluation"]["drift"][0]["points"] = {{{"far_target", 1e-3},
                                                 {"old_threshold", 0.41},
                                                 {"new_threshold", 0.32},
                                                 {"far_at_old", 0.0001},
                                                 {"tar_at_old", 0.9012}}};
  EXPECT_THAT(render_report(result).value(),
              HasSubstr("which would accept only 90.12 % of genuine attempts there"));
}

TEST(Report, SaysWhyThereAreNoIntervals) {
  json result = sample();
  for (json& variant : result["evaluation"]["variants"]) {
    variant["figures"]["no_intervals_because"] = "there are 3 people";
  }
  const std::string html = render_report(result).value();
  EXPECT_THAT(html, HasSubstr("No intervals: there are 3 people."));
  EXPECT_THAT(html, HasSubstr("Only as a sign that everything works"));
}

TEST(Report, ClaimsNothingOfAFewComparisons) {
  json result = sample();
  json& evaluation = result["evaluation"];
  for (json& variant : evaluation["variants"]) {
    variant["figures"]["operating_points"] = json::array();
    variant["figures"]["refused_fars"] = {{{"far", 0.1}, {"impostors_needed", 30}}};
  }
  for (const char* key : {"losses", "drift", "cross", "changed"}) evaluation.erase(key);
  result["recommendation"].erase("far");
  evaluation["cosine"] = {{{"from", "fp32"},
                           {"to", "int8 litert"},
                           {"mean", 0.99321},
                           {"first_percentile", 0.98765},
                           {"lowest", 0.97123}}};
  const std::string html = render_report(result).value();
  EXPECT_EQ(structural_error(html), "");
  EXPECT_THAT(html, HasSubstr("What it cost in recognition is not known"));
  EXPECT_THAT(html, HasSubstr("So few comparisons bound no error rate"));
  EXPECT_THAT(html, HasSubstr("No decisions were compared"));
  for (const char* cosine : {"0.99321", "0.98765", "0.97123"}) EXPECT_THAT(html, HasSubstr(cosine));
}

TEST(Report, EscapesNamesFromOutside) {
  const std::string hostile = "<script>alert('x')</script>\"&\x01\xff\xc0\x80.jpg";
  json result = sample();
  result["model"]["file"] = hostile;
  result["warnings"] = {hostile};
  result["layers"][2]["name"] = hostile;
  result["runs"][1]["runtime"] = hostile;
  result["gates"][0]["reason"] = hostile;
  result["evaluation"]["variants"][0]["name"] = hostile;
  result["evaluation"]["source"] = hostile;
  result["evaluation"]["changed"]["samples"][0]["enrol"]["name"] = hostile;
  result["evaluation"]["changed"]["samples"][1]["enrol"]["jpeg"] = "AAAA\" onerror=\"alert(1)";
  const std::string html = render_report(result).value();
  EXPECT_EQ(structural_error(html), "");
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("onerror")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;"));
  // Each byte that is no UTF-8, and the control character, became U+FFFD.
  EXPECT_THAT(html, HasSubstr("&amp;\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD.jpg"));
  EXPECT_EQ(html.find('\xff'), std::string::npos);
}

TEST(Report, LeavesOutWhatIsMissingWithASentence) {
  const std::map<std::string, std::string> sentence = {
      {"evaluation", "Recognition was not evaluated in this run"},
      {"runs", "Nothing was timed in this run"},
      {"exports", "No export was compared with the reference executor"},
      {"layers", "The noise of the layers was not measured"},
      {"tuning", "The model was not fine-tuned in this run"},
      {"recommendation", "None is recommended"},
      {"gates", "No gate was set"}};
  for (const auto& [key, text] : sentence) {
    json result = sample();
    result.erase(key);
    const std::string html = render_report(result).value();
    EXPECT_EQ(structural_error(html), "") << key;
    EXPECT_THAT(html, HasSubstr(text)) << key;
  }
  const std::string bare = render_report({{"schema", "durward-result/1"}}).value();
  EXPECT_EQ(structural_error(bare), "");
}

// Replaces each value of the document in turn by one of another kind.
TEST(Report, SurvivesAnyValueOfTheWrongKind) {
  json result = sample();
  for (json& variant : result["evaluation"]["variants"]) {
    json& det = variant["figures"]["det"];
    det.erase(det.begin() + 3, det.end());
  }
  for (const char* list : {"runs", "layers"}) {
    result[list].erase(result[list].begin() + 2, result[list].end());
  }
  json& variants = result["evaluation"]["variants"];
  variants.erase(variants.begin() + 2, variants.end());
  result["evaluation"]["changed"]["samples"].erase(size_t{1});
  const std::array<json, 6> replacements = {
      json(), json(-1e300), json("x"), json::array({1}), json::object({{"a", 1}}), json(true)};
  std::set<std::string> places;
  const json flat = result.flatten();
  for (const auto& item : flat.items()) {
    for (json::json_pointer at(item.key()); !at.empty(); at = at.parent_pointer()) {
      places.insert(at.to_string());
    }
  }
  size_t turn = 0;
  for (const std::string& place : places) {
    json changed = result;
    changed[json::json_pointer(place)] = replacements[turn++ % replacements.size()];
    const absl::StatusOr<std::string> html = render_report(changed);
    if (place == "/schema") {
      EXPECT_FALSE(html.ok());
      continue;
    }
    ASSERT_TRUE(html.ok()) << place;
    if (turn % 16 == 0) {
      ASSERT_EQ(structural_error(*html), "") << place;
    }
  }
  EXPECT_GT(turn, 300u);
}

TEST(Report, IsHeadedByTheTitleOrTheModel) {
  json result = {{"schema", "durward-result/1"}, {"model", {{"file", "a.onnx"}}}};
  EXPECT_THAT(render_report(result).value(), HasSubstr("<h1>Compression of a.onnx</h1>"));
  result["title"] = "Evaluation of a.onnx";
  EXPECT_THAT(render_report(result).value(), HasSubstr("<h1>Evaluation of a.onnx</h1>"));
}

TEST(Report, RefusesAnotherSchema) {
  EXPECT_EQ(render_report(json::array()).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(render_report({{"schema", "durward-result/9"}}).status().message(),
              HasSubstr("durward-result/9"));
}

// An independent parser reads the same document: a browser that had to repair anything would count
// other tags.
TEST(Report, OpensInABrowserAsWritten) {
  const char* browser = "/usr/bin/chromium";
  if (!std::filesystem::exists(browser)) GTEST_SKIP() << "needs /usr/bin/chromium";
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("durward_report_" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  const std::string html = render_report(sample()).value();
  std::ofstream(folder / "report.html") << html;
  const std::string command =
      std::string("timeout 120 ") + browser +
      " --headless --no-sandbox --disable-gpu --user-data-dir=" + (folder / "profile").string() +
      " --dump-dom file://" + (folder / "report.html").string() + " 2>/dev/null";
  std::string dom;
  FILE* pipe = popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::array<char, 65536> buffer;
  for (size_t got; (got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    dom.append(buffer.data(), got);
  }
  const int status = pclose(pipe);
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  ASSERT_EQ(status, 0);
  EXPECT_EQ(count_tags(dom), count_tags(html));
}

}  // namespace
}  // namespace durward
