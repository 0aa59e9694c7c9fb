// How long each stage of looking at one frame of a face takes, on one thread.
// usage: face_stages ASSETS PICTURE [ROUNDS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "base/sha256.h"
#include "data/tensor.h"
#include "runtimes/embedder.h"
#include "vision/face_crop.h"
#include "vision/face_detector.h"
#include "vision/face_landmarks.h"
#include "vision/face_quality.h"
#include "vision/presentation_attack.h"

namespace durward {
namespace {

namespace fs = std::filesystem;

void time_stage(const char* name, int rounds, const std::function<bool()>& work) {
  std::vector<double> times;
  for (int round = 0; round < rounds + 5; ++round) {
    const auto start = std::chrono::steady_clock::now();
    if (!work()) std::abort();
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    if (round >= 5) times.push_back(time.count());
  }
  std::sort(times.begin(), times.end());
  std::printf("%-40s %8.2f %8.2f\n", name, times[times.size() / 2], times[times.size() * 9 / 10]);
}

void run(const fs::path& assets, const fs::path& picture, int rounds) {
  const Image loaded = read_image(picture).value();
  // As a camera gives it.
  const Image image = resize_image(loaded, 640, 480, Interpolation::kBilinear).value();
  const auto onnx = [&](const char* name) {
    return load_model(RuntimeKind::kOnnxRuntime, assets / "models" / name, {}).value();
  };
  FaceDetector detector =
      FaceDetector::load(assets / "models/face_detector/yunet_n_320_320.onnx").value();
  const Face face = detector.detect(image).value().at(0);
  FaceLandmarks landmarks = FaceLandmarks::create(onnx("face_detector/pfld_68pt.onnx")).value();
  AttackDetector attack =
      AttackDetector::create("bin", onnx("face_pad/AntiSpoofing_bin_1.5_128.onnx"),
                             input_preset("antispoofing").value(), {})
          .value();
  const InputSpec spec = input_preset("mobilefacenet-prelu").value();
  Embedder embedder =
      Embedder::create(onnx("face_embedding/mobilefacenet_prelu_112x112.onnx"), {1, 112, 112, 3})
          .value();
  std::vector<float> input(112 * 112 * 3);
  std::printf("640 x 480, %d rounds, ms %23s %8s\n", rounds, "median", "p90");
  time_stage("digest of the frame (SHA-256)", rounds,
             [&] { return !sha256_hex(std::as_bytes(std::span(image.rgb))).empty(); });
  time_stage("detection (YuNet, longest side 320)", rounds,
             [&] { return detector.detect(image).ok(); });
  time_stage("68 landmarks (PFLD)", rounds, [&] { return landmarks.find(image, face.box).ok(); });
  time_stage("quality", rounds, [&] { return face_quality(image, face).ok(); });
  time_stage("one detector of attacks (AntiSpoofing)", rounds,
             [&] { return attack.score(image, face).ok(); });
  time_stage("alignment and input", rounds, [&] {
    const auto crop = crop_face(image, face, spec);
    return crop.ok() && fill_tensor(*crop, spec, input).ok();
  });
  time_stage("embedding (MobileFaceNet, float)", rounds,
             [&] { return embedder.embed(input).ok(); });
}

}  // namespace
}  // namespace durward

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: face_stages ASSETS PICTURE [ROUNDS]\n");
    return 2;
  }
  durward::run(argv[1], argv[2], argc > 3 ? std::atoi(argv[3]) : 200);
}
