#include "data/voice_spec.h"

#include <cmath>

#include "data/spec_fields.h"

namespace durward {
namespace {

constexpr SpecName<VoiceActivity> kDetectors[] = {{VoiceActivity::kNone, "none"},
                                                  {VoiceActivity::kWebRtc, "webrtc"},
                                                  {VoiceActivity::kSilero, "silero"}};

absl::Status in_range(std::string_view key, double value, double lowest, double highest) {
  if (value >= lowest && value <= highest) return absl::OkStatus();
  return bad_field(key, absl::StrCat(lowest, " to ", highest));
}

absl::StatusOr<VoiceSpec> parse_voice_fields(std::string_view text) {
  DURWARD_ASSIGN_OR_RETURN(SpecFields fields, SpecFields::parse(text, "docs/voice.md"));
  if (const auto kind = fields.take("kind"); !kind || *kind != "voice") {
    return bad_field("kind", "\"voice\"");
  }
  VoiceSpec spec;
  for (const auto& [key, value] : {std::pair("sample_rate", &spec.sample_rate),
                                   {"window", &spec.window},
                                   {"hop", &spec.hop},
                                   {"fft", &spec.fft},
                                   {"bands", &spec.bands},
                                   {"partial_frames", &spec.partial_frames},
                                   {"partial_step", &spec.partial_step}}) {
    DURWARD_RETURN_IF_ERROR(fields.take_int(key, "a whole number", *value));
  }
  for (const auto& [key, value] : {std::pair("level_dbfs", &spec.level_dbfs),
                                   {"lowest_hz", &spec.lowest_hz},
                                   {"highest_hz", &spec.highest_hz},
                                   {"least_filled", &spec.least_filled}}) {
    DURWARD_RETURN_IF_ERROR(fields.take_double(key, *value));
  }
  DURWARD_RETURN_IF_ERROR(fields.take_name("voice_activity", kDetectors, spec.voice_activity));
  DURWARD_RETURN_IF_ERROR(fields.expect_none_left());
  DURWARD_RETURN_IF_ERROR(check_voice_spec(spec));
  return spec;
}

}  // namespace

absl::Status check_voice_spec(const VoiceSpec& spec) {
  DURWARD_RETURN_IF_ERROR(in_range("sample_rate", spec.sample_rate, 8'000, 48'000));
  if (spec.voice_activity != VoiceActivity::kNone && spec.sample_rate != 16'000) {
    return bad_field("sample_rate", "16000 with a voice activity detector");
  }
  DURWARD_RETURN_IF_ERROR(in_range("level_dbfs", spec.level_dbfs, -100, 0));
  DURWARD_RETURN_IF_ERROR(in_range("fft", spec.fft, 2, 8192));
  if (spec.fft % 2 != 0) return bad_field("fft", "an even number");
  DURWARD_RETURN_IF_ERROR(in_range("window", spec.window, 2, spec.fft));
  DURWARD_RETURN_IF_ERROR(in_range("hop", spec.hop, 2, spec.fft));
  DURWARD_RETURN_IF_ERROR(in_range("bands", spec.bands, 1, 512));
  DURWARD_RETURN_IF_ERROR(in_range("highest_hz", spec.highest_hz, 1, spec.sample_rate / 2.));
  DURWARD_RETURN_IF_ERROR(in_range("lowest_hz", spec.lowest_hz, 0, spec.highest_hz - 1));
  DURWARD_RETURN_IF_ERROR(in_range("partial_frames", spec.partial_frames, 1, 10'000));
  DURWARD_RETURN_IF_ERROR(in_range("partial_step", spec.partial_step, 1, spec.partial_frames));
  return in_range("least_filled", spec.least_filled, 0, 1);
}

absl::StatusOr<VoiceSpec> parse_voice_spec(std::string_view text, std::string_view name) {
  absl::StatusOr<VoiceSpec> spec = parse_voice_fields(text);
  if (!spec.ok()) return with_context(spec.status(), name);
  return spec;
}

std::string to_json(const VoiceSpec& spec) {
  const nlohmann::ordered_json object = {
      {"version", kSpecVersion},
      {"kind", "voice"},
      {"sample_rate", spec.sample_rate},
      {"level_dbfs", spec.level_dbfs},
      {"voice_activity", name_of(kDetectors, spec.voice_activity)},
      {"window", spec.window},
      {"hop", spec.hop},
      {"fft", spec.fft},
      {"bands", spec.bands},
      {"lowest_hz", spec.lowest_hz},
      {"highest_hz", spec.highest_hz},
      {"partial_frames", spec.partial_frames},
      {"partial_step", spec.partial_step},
      {"least_filled", spec.least_filled},
  };
  return object.dump(2) + "\n";
}

}  // namespace durward
