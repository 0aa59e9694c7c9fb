// What a model is shown, whatever it is of: a face, a voice, a way of typing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "audio/voice_condition.h"
#include "base/progress.h"
#include "base/status.h"
#include "data/preprocessing.h"
#include "graph/types.h"

namespace durward {

// Inputs of a model, all of one shape, read one at a time. Copies share what they read from.
struct Samples {
  Shape
      shape;  // of one input in the IR's layout, with a batch of 1 in front: [1, height, width, 3]
  int64_t count = 0;
  // Writes sample `index`: elements(shape) floats. Any number of threads may read.
  std::function<absl::Status(int64_t index, std::span<float> values)> read;
};

// Sample `index` as values of its own.
[[nodiscard]] absl::StatusOr<std::vector<float>> read_sample(const Samples& samples, int64_t index);

struct SkippedFile {
  std::filesystem::path path;
  std::string reason;
};

struct SampleSet {
  Samples samples;
  std::vector<int64_t> file_of_sample;  // index into the files that were given, ascending
  std::vector<SkippedFile> skipped;     // that gave no sample
  // A sample as a JPEG for people to look at; empty where there is nothing to see.
  std::function<absl::StatusOr<std::vector<std::byte>>(int64_t index)> picture;
};

// People by the numbers that a data set gives them.
struct PersonRange {
  int32_t lowest = 0, highest = 0;
  [[nodiscard]] bool contains(int32_t person) const {
    return person >= lowest && person <= highest;
  }
};

// How files become samples: the same for calibration, evaluation and comparison as on a device.
struct SampleOptions {
  Preprocessing preprocessing = {};
  // Of pictures:
  bool aligned = false;    // they are crops already, only scaled to the specification's size
  bool all_faces = false;  // every face, not only the one nearest to the middle
  // Needed unless `aligned`, or the specification aligns no face.
  std::optional<std::filesystem::path> detector = {};
  std::optional<int> detector_side = {};  // FaceDetectorOptions::max_side
  // Of recordings: what they are judged under, and where in the noise each begins.
  VoiceCondition condition = {};
  uint64_t condition_seed = 1;
  // Of touch dynamics: these people calibrate, the others are judged; without, everybody.
  std::optional<PersonRange> learners = {};
  int threads = 1;
  Progress progress = {};
};

// In the order of `files`, whatever the number of threads. A file that cannot be read, or holds no
// face or voice, is skipped. Of touch dynamics there is one folder, and each repetition is a
// sample. Errors: those of collect_crops, collect_voice_samples and touch_samples.
[[nodiscard]] absl::StatusOr<SampleSet> collect_samples(
    std::span<const std::filesystem::path> files, const SampleOptions& options);

// The files of a folder that hold what `preprocessing` is for, sorted, and how many others there
// are. Errors: those of list_images and list_recordings.
struct ListedFiles {
  std::vector<std::filesystem::path> files;
  int64_t others = 0;
};
[[nodiscard]] absl::StatusOr<ListedFiles> list_sample_files(const std::filesystem::path& folder,
                                                            const Preprocessing& preprocessing);

}  // namespace durward
