#include "pipeline/voice_activity_model.h"

#include "pipeline/silero_model.h"

namespace durward {

absl::StatusOr<std::unique_ptr<VoiceActivityDetector>> load_voice_activity(
    VoiceActivity kind, const std::optional<std::filesystem::path>& model) {
  if (kind != VoiceActivity::kSilero || !model) {
    DURWARD_ASSIGN_OR_RETURN(const DetectorMaker maker, DetectorMaker::create(kind));
    return maker.make();
  }
  DURWARD_ASSIGN_OR_RETURN(const CompiledGraph silero, compile_silero_vad(*model));
  DURWARD_ASSIGN_OR_RETURN(std::unique_ptr<RuntimeModel> loaded, silero.load({}));
  return create_silero_vad(std::move(loaded));
}

}  // namespace durward
