// YuNet, the face detector of libfacedetection with five landmarks (W. Wu, H. Peng, S. Yu, "YuNet:
// a tiny millisecond-level face detector", Machine Intelligence Research 20, 2023), in the form of
// face_detection_yunet: an ONNX model with the outputs cls, obj, bbox and kps at strides 8, 16, 32.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/status.h"
#include "data/image.h"
#include "runtimes/runtime.h"
#include "vision/face.h"
#include "vision/suppression.h"

namespace durward {

struct YuNetOptions {
  int threads = 1;
  // A picture whose longer side has more pixels is shrunk to it first. The model finds faces from
  // about 10 to 300 pixels: more does not help a face that fills the picture.
  int max_side = 320;
  double min_score = 0.6;
  double max_overlap = 0.3;  // of two faces that are both kept
};

// The answers of one stride, one cell after the other, row by row.
struct YuNetHead {
  int stride = 0;
  int columns = 0;
  std::span<const float> face;        // cls: probability of a face, per cell
  std::span<const float> objectness;  // obj, per cell
  std::span<const float> boxes;       // bbox: x, y, log width, log height, in strides
  std::span<const float> points;      // kps: five x, y, in strides
};

// Appends the cells whose score, sqrt(cls * obj), is at least min_score, in pixels of the model's
// input. All spans have as many cells. Cells that are not finite are left out.
void decode_yunet(const YuNetHead& head, double min_score, std::vector<Detection>& detections);

// One thread at a time.
class YuNet {
 public:
  // Reads the model, whatever input size it was exported with; needs ONNX Runtime. Errors: those of
  // read_file; InvalidArgument where it is no YuNet; Unavailable without the runtime.
  [[nodiscard]] static absl::StatusOr<YuNet> load(const std::filesystem::path& path,
                                                  const YuNetOptions& options);

  // The faces by falling score; none is no error. The picture is padded with black at the right and
  // at the bottom to multiples of 32, the coarsest stride, and the model is run in that size. (A
  // fixed larger input would do, but moves the landmarks: on LFW by 0.4 pixels in the mean and by
  // up to 5, the zeros beyond the border being seen by the network.)
  [[nodiscard]] absl::StatusOr<std::vector<Face>> detect(const Image& image);

 private:
  YuNet(std::vector<std::byte> model, const YuNetOptions& options)
      : onnx_(std::move(model)), options_(options) {}

  [[nodiscard]] absl::StatusOr<RuntimeModel*> model_for(int width, int height);
  [[nodiscard]] absl::StatusOr<std::vector<Detection>> run(const Image& image);

  std::vector<std::byte> onnx_;
  YuNetOptions options_;
  std::map<std::pair<int, int>, std::unique_ptr<RuntimeModel>> models_;  // by width and height
};

}  // namespace durward
