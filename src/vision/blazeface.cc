#include "vision/blazeface.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "data/tensor.h"
#include "runtimes/embedder.h"

namespace durward {
namespace {

constexpr int kSide = 128;
constexpr size_t kAnchors = 896, kValues = 16, kPoints = 6;

RuntimeKind runtime_of(const std::filesystem::path& path) {
  if (path.extension() == ".bundle") return RuntimeKind::kEngine;
  const bool openvino_only =
      !is_available(RuntimeKind::kLiteRt) && is_available(RuntimeKind::kOpenVino);
  return openvino_only ? RuntimeKind::kOpenVino : RuntimeKind::kLiteRt;
}

// The index of the regressors; the ports must be those of the model.
absl::StatusOr<size_t> check_ports(const RuntimeModel& model) {
  const auto& in = model.inputs();
  const auto& out = model.outputs();
  const auto is = [](const PortInfo& port, const Shape& shape) {
    const bool integer = port.type == DataType::kInt8 || port.type == DataType::kUInt8;
    return (port.type == DataType::kFloat32 || (integer && port.quant)) && port.shape == shape;
  };
  const Shape image = {1, kSide, kSide, 3}, regressors = {1, kAnchors, kValues};
  const Shape scores = {1, kAnchors, 1};
  if (in.size() == 1 && is(in[0], image) && out.size() == 2) {
    for (const size_t i : {size_t{0}, size_t{1}}) {
      if (is(out[i], regressors) && is(out[1 - i], scores)) return i;
    }
  }
  return absl::InvalidArgumentError(
      "not a BlazeFace of short range: expected float32 or quantised ports, 1x128x128x3 in, "
      "1x896x16 and 1x896x1 out");
}

// How a picture lies in the model's input.
struct Placement {
  int width, height;  // of the scaled picture, in pixels of the input
  int left, top;      // of its corner
};

Placement place(const Image& image) {
  const double scale = static_cast<double>(kSide) / std::max(image.width, image.height);
  const auto scaled = [scale](int side) {
    return std::clamp(static_cast<int>(std::lround(side * scale)), 1, kSide);
  };
  const int width = scaled(image.width), height = scaled(image.height);
  return {width, height, (kSide - width) / 2, (kSide - height) / 2};
}

absl::StatusOr<std::vector<float>> letterboxed(const Image& image, const Placement& placement) {
  const bool shrinks = placement.width < image.width || placement.height < image.height;
  DURWARD_ASSIGN_OR_RETURN(const Image scaled,
                           resize_image(image, placement.width, placement.height,
                                        shrinks ? Interpolation::kArea : Interpolation::kBilinear));
  const auto normalised = [](float value) { return (value - 127.5f) / 127.5f; };
  std::vector<float> input(size_t{kSide} * kSide * 3, normalised(0));
  const size_t row = static_cast<size_t>(placement.width) * 3;
  for (int y = 0; y < placement.height; ++y) {
    const int at = ((placement.top + y) * kSide + placement.left) * 3;
    std::transform(scaled.pixel(0, y), scaled.pixel(0, y) + row, input.begin() + at, normalised);
  }
  return input;
}

// From 0..1 of the input to pixels of the picture, whose centres are whole numbers.
Point to_picture(Point p, const Placement& placement, const Image& image) {
  return {(p.x * kSide - placement.left) * image.width / placement.width - 0.5,
          (p.y * kSide - placement.top) * image.height / placement.height - 0.5};
}

Face to_face(const Detection& detection, const Placement& placement, const Image& image) {
  const auto moved = [&](Point p) { return to_picture(p, placement, image); };
  const Box& box = detection.box;
  const Point low = moved({box.x, box.y}), high = moved({box.x + box.width, box.y + box.height});
  // The last two points are the ears, which no template has.
  return {.box = {low.x, low.y, high.x - low.x, high.y - low.y},
          .score = detection.score,
          .landmarks = {.right_eye = moved(detection.points[0]),
                        .left_eye = moved(detection.points[1]),
                        .nose = moved(detection.points[2]),
                        .right_mouth_corner = std::nullopt,
                        .left_mouth_corner = std::nullopt,
                        .mouth = moved(detection.points[3])}};
}

}  // namespace

std::vector<Point> blazeface_anchors() {
  struct Grid {
    int cells, per_cell;
  };
  std::vector<Point> anchors;
  for (const Grid grid : {Grid{16, 2}, Grid{8, 6}}) {
    for (int y = 0; y < grid.cells; ++y) {
      for (int x = 0; x < grid.cells; ++x) {
        anchors.insert(anchors.end(), static_cast<size_t>(grid.per_cell),
                       {(x + 0.5) / grid.cells, (y + 0.5) / grid.cells});
      }
    }
  }
  return anchors;
}

std::vector<Detection> decode_blazeface(std::span<const float> regressors,
                                        std::span<const float> scores, double min_score) {
  const std::vector<Point> anchors = blazeface_anchors();
  std::vector<Detection> detections;
  for (size_t i = 0; i < anchors.size(); ++i) {
    Detection detection;
    detection.score = 1 / (1 + std::exp(-static_cast<double>(scores[i])));
    if (!(detection.score >= min_score)) continue;
    const std::span<const float> row = regressors.subspan(i * kValues, kValues);
    if (!std::all_of(row.begin(), row.end(), [](float v) { return std::isfinite(v); })) continue;
    const auto from_anchor = [&](size_t at) {
      return Point{anchors[i].x + row[at] / double{kSide},
                   anchors[i].y + row[at + 1] / double{kSide}};
    };
    const Point middle = from_anchor(0);
    const double width = row[2] / double{kSide}, height = row[3] / double{kSide};
    detection.box = {middle.x - width / 2, middle.y - height / 2, width, height};
    for (size_t p = 0; p < kPoints; ++p) detection.points[p] = from_anchor(4 + 2 * p);
    detections.push_back(detection);
  }
  return detections;
}

absl::StatusOr<BlazeFace> BlazeFace::load(const std::filesystem::path& path,
                                          const BlazeFaceOptions& options) {
  DURWARD_ASSIGN_OR_RETURN(auto model,
                           load_model(runtime_of(path), path, {.threads = options.threads}));
  const absl::StatusOr<size_t> regressors = check_ports(*model);
  if (!regressors.ok()) return with_context(regressors.status(), path.string());
  return BlazeFace(std::move(model), *regressors, options);
}

absl::StatusOr<std::vector<Face>> BlazeFace::detect(const Image& image) {
  if (image.rgb.empty()) return absl::InvalidArgumentError("an empty image has no faces");
  const Placement placement = place(image);
  DURWARD_ASSIGN_OR_RETURN(const std::vector<float> input, letterboxed(image, placement));
  const auto bytes_of = [](const PortInfo& port) {
    return std::vector<std::byte>(static_cast<size_t>(elements(port.shape) * size_of(port.type)));
  };
  const std::vector<PortInfo>& ports = model_->outputs();
  std::vector<std::byte> encoded = bytes_of(model_->inputs()[0]);
  DURWARD_RETURN_IF_ERROR(encode_values(input, model_->inputs()[0], encoded));
  std::array<std::vector<std::byte>, 2> answers = {bytes_of(ports[0]), bytes_of(ports[1])};
  const std::span<const std::byte> inputs[] = {encoded};
  const std::span<std::byte> outputs[] = {answers[0], answers[1]};
  DURWARD_RETURN_IF_ERROR(model_->run(inputs, outputs));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<float> regressors,
                           decode_values(answers[regressors_], ports[regressors_]));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<float> scores,
                           decode_values(answers[1 - regressors_], ports[1 - regressors_]));
  std::vector<Face> faces;
  for (const Detection& detection :
       blend(decode_blazeface(regressors, scores, options_.min_score), options_.max_overlap)) {
    faces.push_back(to_face(detection, placement, image));
  }
  return faces;
}

}  // namespace durward
