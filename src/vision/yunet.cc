#include "vision/yunet.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/file.h"
#include "data/tensor.h"
#include "vision/onnx_input_size.h"

namespace durward {
namespace {

constexpr std::array<int, 3> kStrides = {8, 16, 32};
constexpr int kCoarsest = 32;
constexpr int64_t kMaxModelBytes = int64_t{64} << 20;
constexpr size_t kMaxModels = 16;

// What a head gives per cell, by the name of its output.
struct OutputKind {
  const char* name;
  int64_t values;
};
constexpr std::array<OutputKind, 4> kKinds = {
    {{"cls_", 1}, {"obj_", 1}, {"bbox_", 4}, {"kps_", 10}}};

int round_up(int value, int step) { return (value + step - 1) / step * step; }

absl::Status check_ports(const RuntimeModel& model, int width, int height) {
  const auto no_yunet = [](std::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("not a YuNet face detector: ", std::string(what)));
  };
  if (model.inputs()[0].type != DataType::kFloat32) return no_yunet("its input is not float32");
  for (const PortInfo& port : model.outputs()) {
    if (port.type != DataType::kFloat32) return no_yunet("an output is not float32");
  }
  for (const int stride : kStrides) {
    const int64_t cells = int64_t{width / stride} * (height / stride);
    for (const OutputKind& kind : kKinds) {
      const std::string name = absl::StrCat(kind.name, stride);
      const auto port = std::find_if(model.outputs().begin(), model.outputs().end(),
                                     [&](const PortInfo& output) { return output.name == name; });
      if (port == model.outputs().end()) {
        return no_yunet(absl::StrCat("it has no output '", name, "'"));
      }
      if (elements(port->shape) != cells * kind.values) {
        return no_yunet(absl::StrCat("output '", name, "' is ", to_string(port->shape), " for ",
                                     cells, " cells"));
      }
    }
  }
  return absl::OkStatus();
}

// The model's input: BGR planes of 0..255, the picture in the upper left corner.
std::vector<float> padded_planes(const Image& image, int width, int height) {
  const size_t plane = static_cast<size_t>(width) * static_cast<size_t>(height);
  std::vector<float> planes(plane * 3, 0.f);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const uint8_t* rgb = image.pixel(x, y);
      const size_t at =
          static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x);
      for (size_t c = 0; c < 3; ++c) planes[c * plane + at] = rgb[2 - c];
    }
  }
  return planes;
}

Face to_face(const Detection& detection) {
  const auto& p = detection.points;
  return {.box = detection.box,
          .score = detection.score,
          .landmarks = {.right_eye = p[0],
                        .left_eye = p[1],
                        .nose = p[2],
                        .right_mouth_corner = p[3],
                        .left_mouth_corner = p[4],
                        .mouth = std::nullopt}};
}

// From pixels of the shrunk picture to pixels of the picture; pixel centres are whole numbers.
void enlarge(Detection& detection, double x_factor, double y_factor) {
  const auto moved = [&](Point p) {
    return Point{(p.x + 0.5) * x_factor - 0.5, (p.y + 0.5) * y_factor - 0.5};
  };
  const Point corner = moved({detection.box.x, detection.box.y});
  detection.box = {corner.x, corner.y, detection.box.width * x_factor,
                   detection.box.height * y_factor};
  for (Point& point : detection.points) point = moved(point);
}

}  // namespace

void decode_yunet(const YuNetHead& head, double min_score, std::vector<Detection>& detections) {
  for (size_t cell = 0; cell < head.face.size(); ++cell) {
    const double face = std::clamp(head.face[cell], 0.f, 1.f);
    const double objectness = std::clamp(head.objectness[cell], 0.f, 1.f);
    Detection detection;
    detection.score = std::sqrt(face * objectness);
    if (!(detection.score >= min_score)) continue;
    const double stride = head.stride;
    const auto column = static_cast<double>(cell % static_cast<size_t>(head.columns));
    const auto row = static_cast<double>(cell / static_cast<size_t>(head.columns));
    const std::span<const float> box = head.boxes.subspan(cell * 4, 4);
    const double width = std::exp(static_cast<double>(box[2])) * stride;
    const double height = std::exp(static_cast<double>(box[3])) * stride;
    detection.box = {(column + box[0]) * stride - width / 2, (row + box[1]) * stride - height / 2,
                     width, height};
    bool finite = std::isfinite(detection.box.x) && std::isfinite(detection.box.y) &&
                  std::isfinite(width * height);
    const std::span<const float> points = head.points.subspan(cell * 10, 10);
    for (size_t i = 0; i < 5; ++i) {
      detection.points[i] = {(column + points[2 * i]) * stride, (row + points[2 * i + 1]) * stride};
      finite = finite && std::isfinite(points[2 * i]) && std::isfinite(points[2 * i + 1]);
    }
    if (finite) detections.push_back(detection);
  }
}

absl::StatusOr<YuNet> YuNet::load(const std::filesystem::path& path, const YuNetOptions& options) {
  DURWARD_ASSIGN_OR_RETURN(std::vector<std::byte> bytes, read_file(path, kMaxModelBytes));
  YuNet detector(std::move(bytes), options);
  // Whether it is a YuNet shows when it is loaded in some size.
  const auto model = detector.model_for(kCoarsest, kCoarsest);
  if (!model.ok()) return with_context(model.status(), path.string());
  detector.models_.clear();
  return detector;
}

absl::StatusOr<RuntimeModel*> YuNet::model_for(int width, int height) {
  const std::pair size(width, height);
  const auto known = models_.find(size);
  if (known != models_.end()) return known->second.get();
  DURWARD_ASSIGN_OR_RETURN(const std::string sized, with_input_size(onnx_, height, width));
  DURWARD_ASSIGN_OR_RETURN(auto model,
                           load_onnx_model(std::as_bytes(std::span(sized.data(), sized.size())),
                                           {.threads = options_.threads}));
  DURWARD_RETURN_IF_ERROR(check_ports(*model, width, height));
  // A folder of pictures has few sizes, a stream one; many sizes must not fill the memory.
  if (models_.size() == kMaxModels) models_.clear();
  return models_.emplace(size, std::move(model)).first->second.get();
}

absl::StatusOr<std::vector<Detection>> YuNet::run(const Image& image) {
  const int width = round_up(image.width, kCoarsest), height = round_up(image.height, kCoarsest);
  DURWARD_ASSIGN_OR_RETURN(RuntimeModel* const model, model_for(width, height));
  const std::vector<float> input = padded_planes(image, width, height);
  std::vector<std::vector<float>> values;
  std::vector<std::span<std::byte>> outputs;
  for (const PortInfo& port : model->outputs()) {
    values.emplace_back(static_cast<size_t>(elements(port.shape)));
    outputs.push_back(std::as_writable_bytes(std::span(values.back())));
  }
  const std::span<const std::byte> inputs[] = {std::as_bytes(std::span(input))};
  DURWARD_RETURN_IF_ERROR(model->run(inputs, outputs));

  const auto output = [&](const char* kind, int stride) -> std::span<const float> {
    const std::string name = absl::StrCat(kind, stride);
    for (size_t i = 0; i < values.size(); ++i) {
      if (model->outputs()[i].name == name) return values[i];
    }
    return {};  // check_ports found them all
  };
  std::vector<Detection> detections;
  for (const int stride : kStrides) {
    decode_yunet({.stride = stride,
                  .columns = width / stride,
                  .face = output("cls_", stride),
                  .objectness = output("obj_", stride),
                  .boxes = output("bbox_", stride),
                  .points = output("kps_", stride)},
                 options_.min_score, detections);
  }
  return keep_best(std::move(detections), options_.max_overlap);
}

absl::StatusOr<std::vector<Face>> YuNet::detect(const Image& image) {
  if (image.rgb.empty()) return absl::InvalidArgumentError("an empty image has no faces");
  std::vector<Detection> detections;
  const int longest = std::max(image.width, image.height);
  if (longest <= options_.max_side) {
    DURWARD_ASSIGN_OR_RETURN(detections, run(image));
  } else {
    const double scale = static_cast<double>(options_.max_side) / longest;
    const int width = std::max(1, static_cast<int>(std::lround(image.width * scale)));
    const int height = std::max(1, static_cast<int>(std::lround(image.height * scale)));
    DURWARD_ASSIGN_OR_RETURN(const Image small,
                             resize_image(image, width, height, Interpolation::kArea));
    DURWARD_ASSIGN_OR_RETURN(detections, run(small));
    for (Detection& detection : detections) {
      enlarge(detection, static_cast<double>(image.width) / width,
              static_cast<double>(image.height) / height);
    }
  }
  std::vector<Face> faces;
  for (const Detection& detection : detections) faces.push_back(to_face(detection));
  return faces;
}

}  // namespace durward
