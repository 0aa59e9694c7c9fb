#include "pipeline/samples.h"

#include <variant>

#include "data/audio_folder.h"
#include "data/image_folder.h"
#include "pipeline/crops.h"
#include "pipeline/touch_samples.h"
#include "pipeline/voice_samples.h"

namespace durward {

absl::StatusOr<std::vector<float>> read_sample(const Samples& samples, int64_t index) {
  std::vector<float> values(static_cast<size_t>(elements(samples.shape)));
  DURWARD_RETURN_IF_ERROR(samples.read(index, values));
  return values;
}

absl::StatusOr<SampleSet> collect_samples(std::span<const std::filesystem::path> files,
                                          const SampleOptions& options) {
  if (const auto* voice = std::get_if<VoiceSpec>(&options.preprocessing)) {
    return collect_voice_samples(files, *voice, options);
  }
  if (const auto* features = std::get_if<FeatureSpec>(&options.preprocessing)) {
    return touch_samples(files[0], *features);
  }
  const InputSpec& spec = std::get<InputSpec>(options.preprocessing);
  DURWARD_ASSIGN_OR_RETURN(CropSet crops, collect_crops(files, spec, options));
  return face_samples(std::move(crops), spec);
}

absl::StatusOr<ListedFiles> list_sample_files(const std::filesystem::path& folder,
                                              const Preprocessing& preprocessing) {
  if (std::holds_alternative<VoiceSpec>(preprocessing)) {
    DURWARD_ASSIGN_OR_RETURN(FolderFiles listed, list_recordings(folder));
    return ListedFiles{std::move(listed.files), static_cast<int64_t>(listed.skipped.size())};
  }
  DURWARD_ASSIGN_OR_RETURN(ImageFolder listed, list_images(folder));
  return ListedFiles{std::move(listed.images), static_cast<int64_t>(listed.skipped.size())};
}

}  // namespace durward
