#include "report/sample_result.h"

#include <cmath>
#include <string>

#include "biometrics/all_pairs.h"
#include "biometrics/synthetic.h"
#include "report/result_json.h"

namespace durward {
namespace {

using nlohmann::json;

constexpr int kDims = 64;

// A drawing of a head, 24 x 24 pixels.
constexpr const char* kJpeg =
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZG"
    "NywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09P"
    "T09PT09PT09PT09PT09PT09PT09PT09PT0//wAARCAAYABgDASIAAhEBAxEB/8QAGAABAQEBAQAAAAAAAAAAAAAA"
    "AAYFAgT/xAAoEAACAgEDAgQHAAAAAAAAAAABAgADEQQFEiExExQigTJBUWFx0fD/xAAWAQEBAQAAAAAAAAAAAAAA"
    "AAACAQP/xAAaEQADAQADAAAAAAAAAAAAAAAAAQIhETFB/9oADAMBAAIRAxEAPwC8mU2/aUWYCWsoz6gB+5qMAylT"
    "nBGOhxJZto1y2cBTy74IYYMj5FKXpUI62Vq6HKsAQfqInGlqNGlqqJyUUA9SevvEoTw7vuL6PjVTx8RwSSR8I+X9"
    "9pPNda9gse12dezFiSPeIgb01lYbOybjZZZ5W9i5IJRicn8RERT0Clp//9k=";

constexpr const char* kTfliteHash =
    "5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592";
constexpr const char* kOnnxHash =
    "7b52009b64fd0a2a49e6d8a939753077792b0554b04f8a4bb1d3a8d9b1f2c3e4";
constexpr const char* kModelHash =
    "9e107d9d372bb6826bd81d3542a419d6a1c5f2b7d0e34f89b6a7c8d9e0f1a2b3";

json run(const std::string& runtime, const std::string& variant, bool integer,
         const std::string& file, const std::string& evaluated_as, double median, double fp32,
         double bytes) {
  json ops = json::array();
  json floats = json::array();
  if (integer) {
    ops = {{{"op", "Convolution (NHWC, QS8, QC8W) IGEMM"},
            {"precision", "int8"},
            {"count", 33},
            {"ms", median * 0.72}},
           {{"op", "Depthwise convolution (NHWC, QS8, QC8W)"},
            {"precision", "int8"},
            {"count", 17},
            {"ms", median * 0.21}},
           {{"op", "Convert (F32, QS8)"}, {"precision", "float32"}, {"count", 1}, {"ms", 0.01}}};
    if (runtime == "ONNX Runtime") {
      floats = {{{"name", "input/Sub"},
                 {"op", "Sub"},
                 {"reason",
                  "the input is normalised in float, since its range is not known before "
                  "calibration"}}};
    }
  } else {
    ops = {
        {{"op", "Convolution (NHWC, F32) IGEMM"},
         {"precision", "float32"},
         {"count", 33},
         {"ms", median * 0.8}},
        {{"op", "PReLU (NC, F32)"}, {"precision", "float32"}, {"count", 33}, {"ms", median * 0.1}}};
  }
  return {{"runtime", runtime},
          {"variant", variant},
          {"integer", integer},
          {"file", file},
          {"evaluated_as", evaluated_as},
          {"bytes", bytes},
          {"memory_bytes", integer ? 9.1e6 : 24.7e6},
          {"latency",
           {{"median_ms", median},
            {"p90_ms", median * 1.07},
            {"min_ms", median * 0.97},
            {"max_ms", median * 1.6},
            {"runs", 1000},
            {"threads", 1},
            {"ratio_to_fp32", median / fp32},
            {"ratio_interval", {median / fp32 * 0.99, median / fp32 * 1.01}}}},
          {"placement", {{"ops", ops}, {"floats", floats}}}};
}

json runs() {
  return {
      run("LiteRT", "fp32, rewritten", false, "mobilefacenet.fp32.tflite", "fp32", 2.81, 2.81,
          4.01e6),
      run("LiteRT", "int8", true, "mobilefacenet.int8.tflite", "int8, LiteRT", 1.19, 2.81, 1.29e6),
      run("ONNX Runtime", "fp32, as exported", false, "mobilefacenet.onnx", "fp32", 9.84, 9.84,
          3.98e6),
      run("ONNX Runtime", "fp32, rewritten", false, "mobilefacenet.fp32.onnx", "fp32", 3.42, 9.84,
          3.97e6),
      run("ONNX Runtime", "int8", true, "mobilefacenet.qdq.onnx", "int8, ONNX Runtime", 2.05, 9.84,
          1.33e6),
      run("OpenVINO", "fp32, rewritten", false, "mobilefacenet.fp32.onnx", "fp32", 2.44, 2.44,
          3.97e6),
      run("OpenVINO", "int8", true, "mobilefacenet.qdq.onnx", "int8, OpenVINO", 0.98, 2.44,
          1.33e6)};
}

json profile() {
  const auto of = [](const char* file, double us, const char* precision) {
    return json{{"file", file},
                {"runtime", "litert"},
                {"us", {{"median", us}}},
                {"ops",
                 {{{"name", "conv_1"}, {"precision", precision}, {"us", {{"median", us * 0.75}}}},
                  {{"name", "last <op>"}, {"precision", "float32"}, {"us", {{"mean", us / 4}}}}}}};
  };
  const json op = {{"name", "last <op>"},
                   {"before_us", 700},
                   {"after_us", 900},
                   {"ratio", 1.29},
                   {"slower", true}};
  const json comparison = {{"from", 0}, {"to", 1}, {"ratio", 0.42}, {"ops", json::array({op})}};
  return {{"profiles",
           {of("mobilefacenet.fp32.tflite", 2810, "float32"),
            of("mobilefacenet.int8.tflite", 1190, "int8")}},
          {"comparisons", json::array({comparison})}};
}

json exported(const std::string& file, const std::string& format, const std::string& runtime,
              const char* hash, double bytes, double equal_share) {
  return {{"file", file},
          {"format", format},
          {"sha256", hash},
          {"bytes", bytes},
          {"agreement",
           {{"runtime", runtime},
            {"images", 64},
            {"equal_share", equal_share},
            {"largest_difference", equal_share == 1 ? 0.0 : 0.0312},
            {"cosine_mean", equal_share == 1 ? 1.0 : 0.99998},
            {"cosine_min", equal_share == 1 ? 1.0 : 0.99991}}}};
}

json tuning() {
  return {{"method", "distillation from the float model"},
          {"steps", 50},
          {"batch", 32},
          {"training_samples", 2640},
          {"held_out_samples", 180},
          {"best_step", 50},
          {"elements_compared", 512},
          {"elements_equal", 512},
          {"history",
           {{{"step", 0},
             {"loss", nullptr},
             {"held_out_loss", 0.0041},
             {"cosine_mean", 0.99795},
             {"cosine_min", 0.9921}},
            {{"step", 50},
             {"loss", 0.0033},
             {"held_out_loss", 0.0032},
             {"cosine_mean", 0.99834},
             {"cosine_min", 0.9939}}}}};
}

json attacks() {
  const auto rate = [](int errors, int presentations, double lower, double upper) {
    return json{{"errors", errors},
                {"presentations", presentations},
                {"rate", double(errors) / presentations},
                {"interval", {lower, upper}}};
  };
  const auto variant = [&](const char* name, int errors) {
    json apcer = rate(3, 60, 0.0104, 0.1392);
    apcer["species"] = "print <b>";
    json point = {{"name", "largest output"},
                  {"threshold", 0},
                  {"bpcer", rate(errors, 250, 0.0065, 0.0461)},
                  {"apcer", json::array({apcer})}};
    return json{{"name", name}, {"points", json::array({point})}};
  };
  const json kind = {{"kind", "live"},     {"presentations", 250}, {"new_errors", 2},
                     {"mended_errors", 1}, {"increase", 0.004},    {"interval", {-0.0259, 0.0389}},
                     {"p_value", 1}};
  const json point = {{"name", "largest output"}, {"kinds", json::array({kind})}};
  return {{"live", {{"name", "live"}, {"pictures", 252}, {"used", 250}}},
          {"species", json::array({{{"name", "print <b>"}, {"pictures", 60}, {"used", 60}}})},
          {"bpcer_target", 0.01},
          {"live_needed", 300},
          {"variants", json::array({variant("fp32", 5), variant("int8", 6)})},
          {"changes",
           json::array({{{"from", "fp32"}, {"to", "int8"}, {"points", json::array({point})}}})}};
}

json judged(double loss) {
  return {{"cosine_mean", 1 - loss},
          {"cosine_min", 1 - 4 * loss},
          {"loss", loss},
          {"snr_db", 24.5},
          {"losses", {{{"far", 1e-3}, {"loss", 0.0012}, {"interval", {-0.001, 0.003}}}}}};
}

json ablation() {
  json with = judged(0.0013), without = judged(0.0021);
  with["name"] = "all steps";
  without["name"] = "without bias correction";
  return {{"held_out", {{"images", 128}}}, {"rows", {with, without}}};
}

json sensitivity() {
  json stem = judged(0.0004), last = judged(0.0006);
  last.erase("losses");
  stem["name"] = "stem<conv>";
  last["name"] = "last/fc";
  json in_float = {{"name", "softmax"}};  // has no integer kernel: nothing was measured
  return {{"held_out", {{"images", 128}}},
          {"together", judged(0.0013)},
          {"units", {stem, last, in_float}}};
}

json mixed() {
  json first = judged(0.0013), second = judged(0.0003);
  first.update({{"in_float", json::array()}, {"ms", 3.1}, {"foreseen_ms", 3.0}, {"bytes", 1.2e6}});
  second.update(
      {{"in_float", {"stem<conv>"}}, {"ms", 4.2}, {"foreseen_ms", 4.0}, {"bytes", 1.3e6}});
  for (json* point : {&first, &second}) {
    (*point)["figures"]["operating_points"] = {
        {{"far_target", 1e-3},
         {"tar", 0.98},
         {"tar_interval", {0.97, 0.99}},
         {"few_errors", false}},
        {{"far_target", 1e-4}, {"tar", 0.95}, {"few_errors", true}}};
  }
  return {{"held_out", {{"images", 128}}}, {"chosen", 1}, {"front", {first, second}}};
}

json layers() {
  json list = json::array();
  for (int i = 0; i < 52; ++i) {
    const double snr =
        34 - 0.12 * i + 4 * std::sin(i * 1.7) - (i == 2 ? 12 : 0) - (i == 31 ? 9 : 0);
    list.push_back(
        {{"name", "stage" + std::to_string(i / 10) + "/block" + std::to_string(i % 10) + "/conv"},
         {"op", i % 3 == 1 ? "DepthwiseConv2D" : "Conv2D"},
         {"snr_db", snr},
         {"precision", i == 51 ? "float32" : "int8"}});
  }
  return list;
}

// One side of a pair that changed sides.
json side(const std::string& name) { return {{"name", name}, {"jpeg", kJpeg}}; }

json sample(const std::string& kind, const std::string& enrol, const std::string& probe,
            double before, double after) {
  return {{"kind", kind},
          {"enrol", side(enrol)},
          {"probe", side(probe)},
          {"score_before", before},
          {"score_after", after},
          {"threshold_before", 0.3203},
          {"threshold_after", 0.3287}};
}

json evaluation() {
  const SyntheticPeople people = synthetic_people(160, 5, kDims, 0.62, 12);
  const Embeddings original = embed(people, kDims);
  const EvaluationOptions options{.bootstrap = {.replicates = 300}};
  const auto evaluate_pair = [&](const Embeddings& a, const Embeddings& b) {
    return evaluate(score_all_pairs(a, b, people.person).value(), options).value();
  };
  const Evaluation fp32 = evaluate_pair(original, original);
  json variants = {{{"name", "fp32"}, {"figures", figures_json(fp32)}}};
  json losses = json::array(), drift = json::array();
  json cross = json::array();
  json changed;
  const std::pair<const char*, double> disturbances[] = {
      {"int8, LiteRT", 0.10}, {"int8, ONNX Runtime", 0.11}, {"int8, OpenVINO", 0.10}};
  for (const auto& [name, amount] : disturbances) {
    const Embeddings embeddings = embed(disturbed(people, amount, 77), kDims);
    const ScoredTrials scored = score_all_pairs(embeddings, embeddings, people.person).value();
    const Evaluation int8 = evaluate(scored, options).value();
    variants.push_back({{"name", name}, {"figures", figures_json(int8)}});
    losses.push_back(
        {{"from", "fp32"}, {"to", name}, {"points", losses_json(tar_losses(fp32, int8).value())}});
    if (!drift.empty()) continue;
    drift.push_back({{"from", "fp32"},
                     {"to", name},
                     {"points", drift_json(threshold_drift(fp32, int8, scored))}});
    cross.push_back({{"enrolled", "fp32"},
                     {"probe", name},
                     {"figures", figures_json(evaluate_pair(original, embeddings))}});
    cross.push_back({{"enrolled", name},
                     {"probe", "fp32"},
                     {"figures", figures_json(evaluate_pair(embeddings, original))}});
    changed = changed_json(
        changed_decisions(people.person,
                          {original, static_cast<float>(fp32.operating_points[2].threshold)},
                          {embeddings, static_cast<float>(int8.operating_points[2].threshold)}, 0)
            .value());
    changed["from"] = "fp32";
    changed["to"] = name;
    changed["far"] = 1e-3;
    changed["samples"] = {
        sample("new false reject", "Ann_Example_0001.jpg", "Ann_Example_0004.jpg", 0.3391, 0.3114),
        sample("mended false reject", "Bo_Sample_0002.jpg", "Bo_Sample_0003.jpg", 0.3188, 0.3392),
        sample("new false accept", "Cy_Person_0001.jpg", "Di_Other_0001.jpg", 0.3105, 0.3344)};
  }
  return {{"source", "lfw.json, all pairs"},
          {"images", 800},
          {"images_skipped", 2},
          {"disjoint_from_calibration", true},
          {"replicates", 300},
          {"seed", 1},
          {"variants", variants},
          {"losses", losses},
          {"drift", drift},
          {"cross", cross},
          {"changed", changed},
          {"groups",
           {{{"variant", "int8, LiteRT"},
             {"threshold", 0.3287},
             {"far", 1e-3},
             {"differential",
              {{"groups",
                {{{"name", "group A"},
                  {"genuine", 900},
                  {"false_non_matches", 14},
                  {"impostors", 84000},
                  {"false_matches", 70},
                  {"fnmr", 14.0 / 900},
                  {"fmr", 70.0 / 84000}},
                 {{"name", "group B"},
                  {"genuine", 700},
                  {"false_non_matches", 16},
                  {"impostors", 61000},
                  {"false_matches", 96},
                  {"fnmr", 16.0 / 700},
                  {"fmr", 96.0 / 61000}}}},
               {"fmr_worst_to_mean", 1.37},
               {"fnmr_worst_to_mean", 1.21}}}}}}};
}

}  // namespace

json sample_result() {
  json result = {
      {"schema", kResultSchema},
      {"certificate",
       {{"points", json::array({{{"far", 1e-3},
                                 {"threshold", 0.3287},
                                 {"far_bound", 1.25e-3},
                                 {"tar_bound", 0.9612}}})},
        {"refused",
         json::array({{{"far", 1e-6}, {"reason", "319600 impostor trials; it needs 3000000"}}})}}},
      {"score_calibration",
       {{"features", {"cosine"}},
        {"weights", {31.25}},
        {"offset", -10.5},
        {"people", 800},
        {"cllr", 0.0475},
        {"min_cllr", 0.0441}}},
      {"tool",
       {{"version", "0.1.0"},
        {"date", "2026-11-23 14:10 UTC"},
        {"command",
         "durward compress mobilefacenet.onnx --calibrate faces --evaluate lfw.json "
         "--max-tar-loss 0.02@1e-3 --out out"}}},
      {"machine",
       {{"cpu", "AMD EPYC 9R14"},
        {"isa", {"avx2", "avx512f", "avx512_vnni"}},
        {"threads", 2},
        {"memory_bytes", 25.2e9},
        {"os", "Debian GNU/Linux 12"}}},
      {"runtimes",
       {{{"name", "LiteRT"}, {"version", "2.3.0"}},
        {{"name", "ONNX Runtime"}, {"version", "1.32.0"}},
        {{"name", "OpenVINO"}, {"version", "2026.4.1"}}}},
      {"model",
       {{"file", "mobilefacenet.onnx"},
        {"sha256", kModelHash},
        {"format", "ONNX, opset 13"},
        {"bytes", 3.98e6},
        {"parameters", 993'024},
        {"macs", 224'000'000},
        {"nodes_before", 187},
        {"nodes_after", 64},
        {"preset", "mobilefacenet-prelu"}}},
      {"calibration",
       {{"folder", "faces"},
        {"images", 300},
        {"skipped", 2},
        {"skipped_examples", {{{"file", "faces/readme.jpg"}, {"reason", "not an image"}}}},
        {"digest", kModelHash},
        {"method", "MSE observers, cross-layer equalisation, bias correction"},
        {"executor", "ONNX Runtime"}}},
      {"exports",
       {exported("mobilefacenet.int8.tflite", "TensorFlow Lite, int8", "LiteRT", kTfliteHash,
                 1.29e6, 1),
        exported("mobilefacenet.qdq.onnx", "ONNX, QDQ", "ONNX Runtime", kOnnxHash, 1.33e6,
                 0.9973)}},
      {"runs", runs()},
      {"profile", profile()},
      {"layers", layers()},
      {"ablation", ablation()},
      {"sensitivity", sensitivity()},
      {"mixed", mixed()},
      {"tuning", tuning()},
      {"evaluation", evaluation()},
      {"attacks", attacks()},
      {"warnings", {"2 calibration pictures were skipped since no face was found in them."}},
      {"recommendation",
       {{"file", "mobilefacenet.int8.tflite"},
        {"runtime", "LiteRT"},
        {"variant", "int8, LiteRT"},
        {"far", 1e-3},
        {"because", "It passes the gate, and of the files that do it is the smallest."}}}};
  std::vector<TarLoss> measured;
  for (const json& point : result["evaluation"]["losses"][0]["points"]) {
    measured.push_back(
        {.far = point["far"], .loss = point["loss"], .upper_bound = point["upper_bound"]});
  }
  result["gates"] = json::array({gate_json(judge(parse_gate("0.02@1e-3").value(), measured))});
  return result;
}

}  // namespace durward
