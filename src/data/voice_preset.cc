// The named presets of speaker models: for each the conventions of its training code.
#include "data/voice_spec.h"

namespace durward {
namespace {

// GE2E (Wan et al. 2018) as Resemblyzer 0.1.4 publishes it: resemblyzer/hparams.py and audio.py;
// partials at its default rate of 1.3 a second. These are VoiceSpec's own values.
constexpr std::string_view kGe2e = "ge2e";

}  // namespace

std::vector<std::string_view> voice_preset_names() { return {kGe2e}; }

absl::StatusOr<VoiceSpec> voice_preset(std::string_view name) {
  if (name == kGe2e) return VoiceSpec{};
  return absl::NotFoundError(absl::StrCat(
      "no preset is named '", std::string(name), "'; the presets of voices are ",
      std::string(kGe2e), "; other models are described by a file, see docs/voice.md"));
}

}  // namespace durward
