#include "pipeline/crops.h"

#include <algorithm>
#include <cstdlib>

#include "base/parallel.h"
#include "data/tensor.h"
#include "pipeline/skipped_reason.h"
#include "vision/face_crop.h"
#include "vision/face_detector.h"

namespace durward {
namespace {

namespace fs = std::filesystem;

// What became of one picture.
struct Outcome {
  std::vector<Image> crops;
  std::string reason;  // why there are none
};

bool needs_detector(const InputSpec& spec, const SampleOptions& options) {
  return !options.aligned && needs_face(spec.alignment);
}

absl::StatusOr<std::vector<Image>> crops_of(const Image& image, const InputSpec& spec,
                                            const SampleOptions& options, FaceDetector* detector) {
  std::vector<Image> crops;
  if (options.aligned) {
    DURWARD_ASSIGN_OR_RETURN(Image crop,
                             resize_image(image, spec.width, spec.height, spec.interpolation));
    crops.push_back(std::move(crop));
  } else if (detector == nullptr || !options.all_faces) {
    DURWARD_ASSIGN_OR_RETURN(Image crop, crop_for_model(image, spec, detector));
    crops.push_back(std::move(crop));
  } else {
    DURWARD_ASSIGN_OR_RETURN(const std::vector<Face> faces, detector->detect(image));
    if (faces.empty()) return absl::NotFoundError("no face found");
    for (const Face& face : faces) {
      DURWARD_ASSIGN_OR_RETURN(Image crop, crop_face(image, face, spec));
      crops.push_back(std::move(crop));
    }
  }
  return crops;
}

// What is wrong with one picture does not end the work.
Outcome outcome_of(const fs::path& path, const InputSpec& spec, const SampleOptions& options,
                   FaceDetector* detector) {
  absl::StatusOr<Image> image = read_image(path);
  if (!image.ok()) return {{}, reason_without_path(image.status(), path)};
  absl::StatusOr<std::vector<Image>> crops = crops_of(*image, spec, options, detector);
  if (!crops.ok()) return {{}, std::string(crops.status().message())};
  return {*std::move(crops), {}};
}

absl::StatusOr<std::vector<FaceDetector>> load_detectors(const InputSpec& spec,
                                                         const SampleOptions& options, int count) {
  std::vector<FaceDetector> detectors;
  if (!needs_detector(spec, options)) return detectors;
  if (!options.detector) {
    return absl::FailedPreconditionError(
        "aligning faces needs a face detector: name one with --detector, or say --aligned if the "
        "pictures are "
        "aligned crops already");
  }
  for (int i = 0; i < count; ++i) {
    DURWARD_ASSIGN_OR_RETURN(
        FaceDetector detector,
        FaceDetector::load(*options.detector, {.max_side = options.detector_side}));
    detectors.push_back(std::move(detector));
  }
  return detectors;
}

}  // namespace

absl::StatusOr<fs::path> default_detector() {
  std::vector<fs::path> candidates;
  if (const char* named = std::getenv("DURWARD_DETECTOR")) candidates.emplace_back(named);
  const char* assets = std::getenv("DURWARD_ASSETS");
  candidates.push_back(
      (assets != nullptr ? fs::path(assets) : fs::path(DURWARD_SOURCE_DIR) / "../shared/assets") /
      "models/face_detector/yunet_n_320_320.onnx");
  candidates.push_back(fs::path(DURWARD_DEPS_DIR) /
                       "npm/mediapipe-face_detection/package/face_detection_short_range.tflite");
  for (const fs::path& candidate : candidates) {
    std::error_code error;
    if (fs::is_regular_file(candidate, error)) return candidate.lexically_normal();
  }
  return absl::NotFoundError(
      "no face detector found: run scripts/setup, or name a YuNet .onnx or BlazeFace .tflite file "
      "with --detector");
}

absl::StatusOr<CropSet> collect_crops(std::span<const fs::path> images, const InputSpec& spec,
                                      const SampleOptions& options) {
  // Pictures are worked on in batches, so that crops are kept in the pictures' order while only a
  // few are in memory.
  constexpr int64_t kBatch = 32;
  const int threads = std::max(1, options.threads);
  DURWARD_ASSIGN_OR_RETURN(std::vector<FaceDetector> detectors,
                           load_detectors(spec, options, threads));
  DURWARD_ASSIGN_OR_RETURN(CropStore store, CropStore::create(spec.width, spec.height));
  CropSet set{std::move(store), {}, {}};
  const auto total = static_cast<int64_t>(images.size());
  for (int64_t first = 0; first < total; first += kBatch) {
    if (options.progress && !options.progress("finding faces", first, total)) {
      return absl::CancelledError("stopped while finding faces");
    }
    std::vector<Outcome> outcomes(static_cast<size_t>(std::min(kBatch, total - first)));
    DURWARD_RETURN_IF_ERROR(
        parallel_for(static_cast<int64_t>(outcomes.size()), threads, [&](int64_t i, int worker) {
          FaceDetector* detector =
              detectors.empty() ? nullptr : &detectors[static_cast<size_t>(worker)];
          outcomes[static_cast<size_t>(i)] =
              outcome_of(images[static_cast<size_t>(first + i)], spec, options, detector);
          return absl::OkStatus();
        }));
    for (size_t i = 0; i < outcomes.size(); ++i) {
      const int64_t image = first + static_cast<int64_t>(i);
      if (outcomes[i].crops.empty()) {
        set.skipped.push_back({images[static_cast<size_t>(image)], std::move(outcomes[i].reason)});
      }
      for (const Image& crop : outcomes[i].crops) {
        DURWARD_RETURN_IF_ERROR(set.crops.append(crop));
        set.image_of_crop.push_back(image);
      }
    }
  }
  if (options.progress) options.progress("finding faces", total, total);
  if (set.crops.size() == 0) {
    return absl::InvalidArgumentError(
        set.skipped.empty()
            ? "no pictures were given"
            : absl::StrCat("none of the ", total, " pictures could be used; the first: ",
                           set.skipped[0].path.string(), ": ", set.skipped[0].reason));
  }
  return set;
}

Samples crop_samples(std::shared_ptr<const CropStore> crops, const InputSpec& spec) {
  Samples samples;
  samples.shape = input_shape(spec);
  samples.count = crops->size();
  samples.read = [crops = std::move(crops), spec](int64_t index,
                                                  std::span<float> values) -> absl::Status {
    DURWARD_ASSIGN_OR_RETURN(const Image crop, crops->read(index));
    return fill_tensor(crop, spec, values);
  };
  return samples;
}

SampleSet face_samples(CropSet set, const InputSpec& spec) {
  const auto crops = std::make_shared<const CropStore>(std::move(set.crops));
  SampleSet samples{
      crop_samples(crops, spec), std::move(set.image_of_crop), std::move(set.skipped), {}};
  samples.picture = [crops](int64_t index) -> absl::StatusOr<std::vector<std::byte>> {
    DURWARD_ASSIGN_OR_RETURN(const Image crop, crops->read(index));
    return encode_jpeg(crop, 80);
  };
  return samples;
}

}  // namespace durward
