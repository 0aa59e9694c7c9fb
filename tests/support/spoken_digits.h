// Digits that espeak-ng speaks, in a voice of its own for each name.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/audio.h"
#include "support/sound_files.h"

namespace durward {

// One digit at 16 kHz; nothing where espeak-ng is not installed. `voice` as espeak-ng names it:
// "en-us+f2".
[[nodiscard]] inline std::optional<std::vector<float>> spoken_digit(
    char digit, const std::string& voice, const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / (std::string("spoken-") + digit + ".wav");
  const std::string command =
      "espeak-ng -s 140 -v " + voice + " -w '" + file.string() + "' " + digit + " >/dev/null 2>&1";
  if (std::system(command.c_str()) != 0) return std::nullopt;
  absl::StatusOr<Audio> audio = read_audio(file);
  if (!audio.ok()) return std::nullopt;
  audio = resample(*std::move(audio), 16'000);
  if (!audio.ok()) return std::nullopt;
  return audio->samples;
}

struct SpokenDigits {
  std::vector<float> samples;
  std::vector<size_t> ends;  // of each digit
};

// With pauses of a quarter of a second, on soft noise; nothing where espeak-ng is not installed.
[[nodiscard]] inline std::optional<SpokenDigits> spoken_digits(const std::string& digits,
                                                               const std::string& voice,
                                                               const std::filesystem::path& folder,
                                                               uint32_t seed = 1) {
  constexpr size_t kPause = 4'000;
  SpokenDigits spoken{std::vector<float>(kPause), {}};
  for (const char digit : digits) {
    const auto one = spoken_digit(digit, voice, folder);
    if (!one) return std::nullopt;
    // Without the silence that espeak-ng puts around a word.
    size_t first = 0, last = one->size();
    while (first < last && std::abs((*one)[first]) < .0003f) ++first;
    while (last > first && std::abs((*one)[last - 1]) < .0003f) --last;
    spoken.samples.insert(spoken.samples.end(), one->begin() + static_cast<std::ptrdiff_t>(first),
                          one->begin() + static_cast<std::ptrdiff_t>(last));
    spoken.ends.push_back(spoken.samples.size());
    spoken.samples.resize(spoken.samples.size() + kPause);
  }
  const std::vector<float> noise = white_noise(spoken.samples.size(), .002f, seed);
  for (size_t i = 0; i < noise.size(); ++i) spoken.samples[i] += noise[i];
  return spoken;
}

}  // namespace durward
