// Pictures to the aligned crops that a face model looks at: the same detection and alignment for
// calibration, evaluation and comparison as a device does at run time.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/input_spec.h"
#include "pipeline/crop_store.h"
#include "pipeline/samples.h"

namespace durward {

// The detector to use where the user names none: DURWARD_DETECTOR, the shared assets' YuNet, or the
// BlazeFace that scripts/setup fetches, the first that is there. NotFound says what to do.
[[nodiscard]] absl::StatusOr<std::filesystem::path> default_detector();

struct CropSet {
  CropStore crops;
  std::vector<int64_t> image_of_crop;  // index into the images that were given, ascending
  std::vector<SkippedFile> skipped;    // unreadable, or without a face
};

// In the order of `images`, whatever the number of threads. A picture that cannot be read or shows
// no face is skipped. Errors: the detector's and the temporary file's; FailedPrecondition where a
// detector is needed and none was named; InvalidArgument where every picture was skipped, with the
// first reason; Cancelled.
[[nodiscard]] absl::StatusOr<CropSet> collect_crops(std::span<const std::filesystem::path> images,
                                                    const InputSpec& spec,
                                                    const SampleOptions& options);

// Crops as a model that wants them by `spec` is shown them.
[[nodiscard]] Samples crop_samples(std::shared_ptr<const CropStore> crops, const InputSpec& spec);

// The same with their pictures for people.
[[nodiscard]] SampleSet face_samples(CropSet crops, const InputSpec& spec);

}  // namespace durward
