#include "vision/presentation_attack.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "data/tensor.h"
#include "vision/face_crop.h"

namespace durward {
namespace {

constexpr double kMostLlr = 10;

// As the package's own code has it: a square about the face, RGB in 0..1.
InputSpec tree_spec(int side) {
  return {.width = side,
          .height = side,
          .std = {255, 255, 255},
          .alignment = Alignment::kFaceSquare,
          .face_scale = 1};
}

bool is_float(const PortInfo& port, const Shape& shape) {
  return port.type == DataType::kFloat32 && port.shape == shape;
}

absl::Status check_tree(const RuntimeModel& model) {
  const auto& in = model.inputs();
  const auto& out = model.outputs();
  if (in.size() == 1 && out.size() == 2 && in[0].shape.size() == 4 && out[0].shape.size() == 2) {
    const int64_t side = in[0].shape[1];
    const Shape leaves = {1, out[0].shape[1]};
    if (is_float(in[0], {1, side, side, 3}) && is_float(out[0], leaves) &&
        is_float(out[1], leaves)) {
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError(
      "not a deep tree: expected float32 ports, 1 x side x side x 3 in, twice 1 x leaves out");
}

// LiteRT tells outputs in the file's order or by name: the shorter name is of the answers.
size_t answers_of(const RuntimeModel& model) {
  return model.outputs()[0].name.size() <= model.outputs()[1].name.size() ? 0 : 1;
}

}  // namespace

absl::StatusOr<float> live_score(std::span<const float> outputs, int live_class) {
  const auto live = static_cast<size_t>(live_class);
  if (outputs.size() < 2 || live >= outputs.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the model has ", outputs.size(), " outputs; the input specification says that number ",
        live_class, " (from 0) is of live faces, and there must be another one of attacks"));
  }
  float others = -std::numeric_limits<float>::infinity();
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!std::isfinite(outputs[i])) {
      return absl::InvalidArgumentError(absl::StrCat("output ", i, " is not finite"));
    }
    if (i != live) others = std::max(others, outputs[i]);
  }
  return outputs[live] - others;
}

absl::StatusOr<float> tree_live_score(std::span<const float> answers,
                                      std::span<const float> leaves) {
  if (answers.empty() || answers.size() != leaves.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a tree of ", leaves.size(), " leaves gives ", answers.size(), " answers"));
  }
  double attack = 0;
  for (size_t i = 0; i < answers.size(); ++i) {
    attack += std::abs(static_cast<double>(answers[i])) * static_cast<double>(leaves[i]);
  }
  if (!std::isfinite(attack)) return absl::InvalidArgumentError("an answer is not finite");
  constexpr double kSurest = 0.999;
  attack = std::clamp(attack, 1 - kSurest, kSurest);
  return static_cast<float>(std::log((1 - attack) / attack));
}

absl::StatusOr<AttackDetector> AttackDetector::create(std::string name,
                                                      std::unique_ptr<RuntimeModel> model,
                                                      const InputSpec& spec,
                                                      const AttackCalibration& calibration) {
  if (!spec.live_class || !needs_face(spec.alignment)) {
    return absl::InvalidArgumentError(absl::StrCat(
        name,
        ": a detector of presentation attacks takes a face (\"alignment\") and says which of "
        "its outputs is of live ones (\"live_class\", docs/input-spec.md)"));
  }
  absl::StatusOr<Embedder> embedder =
      Embedder::create(std::move(model), {1, spec.height, spec.width, 3});
  if (!embedder.ok()) return with_context(embedder.status(), name);
  if (*spec.live_class >= embedder->dims() || embedder->dims() < 2) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": it has ", embedder->dims(),
                                                   " outputs, and number ", *spec.live_class,
                                                   " (from 0) is to be of live faces"));
  }
  return AttackDetector(std::move(name), spec, calibration, *std::move(embedder));
}

absl::StatusOr<AttackDetector> AttackDetector::create_tree(std::string name,
                                                           std::unique_ptr<RuntimeModel> model,
                                                           const AttackCalibration& calibration) {
  if (const absl::Status status = check_tree(*model); !status.ok()) {
    return with_context(status, name);
  }
  const InputSpec spec = tree_spec(static_cast<int>(model->inputs()[0].shape[1]));
  return AttackDetector(std::move(name), spec, calibration, std::move(model));
}

absl::StatusOr<float> AttackDetector::tree_score(RuntimeModel& model,
                                                 std::span<const float> input) {
  std::array<std::vector<float>, 2> values;
  std::vector<std::span<std::byte>> outputs;
  for (size_t i = 0; i < values.size(); ++i) {
    values[i].resize(static_cast<size_t>(model.outputs()[i].shape[1]));
    outputs.push_back(std::as_writable_bytes(std::span(values[i])));
  }
  const std::span<const std::byte> inputs[] = {std::as_bytes(input)};
  DURWARD_RETURN_IF_ERROR(model.run(inputs, outputs));
  const size_t answers = answers_of(model);
  return tree_live_score(values[answers], values[1 - answers]);
}

absl::StatusOr<float> AttackDetector::score(const Image& image, const Face& face) {
  DURWARD_ASSIGN_OR_RETURN(const Image crop, crop_face(image, face, spec_));
  std::vector<float> input(crop.rgb.size());
  DURWARD_RETURN_IF_ERROR(fill_tensor(crop, spec_, input));
  if (auto* tree = std::get_if<std::unique_ptr<RuntimeModel>>(&model_)) {
    return tree_score(**tree, input);
  }
  DURWARD_ASSIGN_OR_RETURN(const std::vector<float> outputs,
                           std::get<Embedder>(model_).embed(input));
  return live_score(outputs, *spec_.live_class);
}

std::optional<double> fuse_attack_scores(std::span<const AttackScores> detectors) {
  double sum = 0;
  int count = 0;
  for (const AttackScores& detector : detectors) {
    if (detector.frames.empty()) continue;
    double mean = 0;
    for (const float score : detector.frames) {
      mean += detector.calibration.llr(score) / static_cast<double>(detector.frames.size());
    }
    sum += mean;
    ++count;
  }
  if (count == 0) return std::nullopt;
  return std::clamp(sum / count, -kMostLlr, kMostLlr);
}

absl::StatusOr<AttackCalibration> attack_calibration(std::string_view preset) {
  struct Known {
    std::string_view preset;
    AttackCalibration calibration;
  };
  static constexpr std::array<Known, 5> kKnown = {{
      {"antispoofing", {1, -0.88}},
      {"antispoofing-print-replay", {1, -1.01}},
      {"minifasnet-2.7", {1, 5.91}},
      {"minifasnet-4.0", {1, 5.25}},
      {"face-antispoofing-tree", {1, 5.16}},
  }};
  for (const Known& known : kKnown) {
    if (known.preset == preset) return known.calibration;
  }
  return absl::NotFoundError(
      absl::StrCat("no calibration of a detector '", std::string(preset),
                   "' of presentation attacks; it is found as docs/presentation-attacks.md says"));
}

}  // namespace durward
