#include "data/voice_spec.h"

#include <gmock/gmock.h>

namespace durward {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kSpec = R"({
  "version": 1, "kind": "voice", "sample_rate": 8000, "level_dbfs": -26.5, "voice_activity": "none",
  "window": 200, "hop": 80, "fft": 256, "bands": 24, "lowest_hz": 20, "highest_hz": 3700,
  "partial_frames": 100, "partial_step": 50, "least_filled": 0.5
})";

std::string with(std::string_view from, std::string_view to) {
  std::string text(kSpec);
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(VoiceSpec, IsReadAsWritten) {
  const auto spec = parse_voice_spec(kSpec, "spec.json");
  ASSERT_TRUE(spec.ok()) << spec.status();
  const VoiceSpec expected{.sample_rate = 8'000,
                           .level_dbfs = -26.5,
                           .voice_activity = VoiceActivity::kNone,
                           .window = 200,
                           .hop = 80,
                           .fft = 256,
                           .bands = 24,
                           .lowest_hz = 20,
                           .highest_hz = 3'700,
                           .partial_frames = 100,
                           .partial_step = 50,
                           .least_filled = .5};
  EXPECT_EQ(*spec, expected);
  const auto again = parse_voice_spec(to_json(*spec), "again");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, expected);
}

TEST(VoiceSpec, ErrorsNameTheFileAndTheField) {
  const std::pair<std::string, std::string> cases[] = {
      {with("\"version\": 1", "\"version\": 2"), "\"version\""},
      {with("\"voice\"", "\"image\""), "\"kind\""},
      {with("\"kind\": \"voice\", ", ""), "\"kind\""},
      {with("8000", "7999"), "\"sample_rate\""},
      {with("8000", "8000.5"), "\"sample_rate\""},
      {with("8000", "99999999999999999999"), "\"sample_rate\""},
      {with("8000", "18446744073709551615"), "\"sample_rate\""},
      {with("-26.5", "1"), "\"level_dbfs\""},
      {with("-26.5", "\"-26\""), "\"level_dbfs\""},
      {with("\"none\"", "\"loud\""), "\"voice_activity\""},
      {with("\"none\"", "\"webrtc\""), "\"sample_rate\""},
      {with("200", "257"), "\"window\""},
      {with("\"hop\": 80", "\"hop\": 0"), "\"hop\""},
      {with("256", "255"), "\"fft\""},
      {with("256", "8194"), "\"fft\""},
      {with("24", "0"), "\"bands\""},
      {with("3700", "4001"), "\"highest_hz\""},
      {with("\"lowest_hz\": 20", "\"lowest_hz\": 3700"), "\"lowest_hz\""},
      {with("\"lowest_hz\": 20", "\"lowest_hz\": -1"), "\"lowest_hz\""},
      {with("\"partial_step\": 50", "\"partial_step\": 101"), "\"partial_step\""},
      {with("\"partial_frames\": 100", "\"partial_frames\": 10001"), "\"partial_frames\""},
      {with("0.5", "1.5"), "\"least_filled\""},
      {with("\"hop\"", "\"hopp\": 1, \"hop\""), "\"hopp\""},
      {with("\"hop\": 80,", ""), "\"hop\""},
      {"[]", "JSON object"},
      {"", "JSON object"},
  };
  for (const auto& [text, named] : cases) {
    const auto spec = parse_voice_spec(text, "spec.json");
    EXPECT_TRUE(absl::IsInvalidArgument(spec.status())) << text;
    EXPECT_THAT(std::string(spec.status().message()), HasSubstr("spec.json"));
    EXPECT_THAT(std::string(spec.status().message()), HasSubstr(named));
  }
}

// resemblyzer/hparams.py 0.1.4: 25 ms every 10 ms, 40 channels, 160 frames, -30 dBFS; its rate of
// 1.3 partials a second is a step of 16,000 / 1.3 / 160 frames.
TEST(VoicePreset, Ge2eIsResemblyzers) {
  const auto spec = voice_preset("ge2e");
  ASSERT_TRUE(spec.ok());
  EXPECT_EQ(spec->sample_rate, 16'000);
  EXPECT_EQ(spec->window, 16'000 * 25 / 1'000);
  EXPECT_EQ(spec->fft, spec->window);
  EXPECT_EQ(spec->hop, 16'000 * 10 / 1'000);
  EXPECT_EQ(spec->bands, 40);
  EXPECT_EQ(spec->highest_hz, 8'000);
  EXPECT_EQ(spec->partial_frames, 160);
  EXPECT_EQ(spec->partial_step, 77);
  EXPECT_EQ(spec->level_dbfs, -30);
  EXPECT_EQ(spec->voice_activity, VoiceActivity::kWebRtc);
  EXPECT_TRUE(check_voice_spec(*spec).ok());
}

TEST(VoicePreset, AnUnknownNameListsTheKnownOnes) {
  const auto spec = voice_preset("x-vector");
  EXPECT_TRUE(absl::IsNotFound(spec.status()));
  EXPECT_THAT(std::string(spec.status().message()), HasSubstr("ge2e"));
}

}  // namespace
}  // namespace durward
