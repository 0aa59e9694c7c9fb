// Which digits somebody says, and when: pocketsphinx with a grammar of digits alone, on the device.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "audio/digit_words.h"
#include "base/status.h"

namespace durward {

struct DigitModel {
  // A folder with an acoustic model of pocketsphinx, for 16 kHz; this one is of Debian's package
  // pocketsphinx-en-us.
  std::filesystem::path acoustic = "/usr/share/pocketsphinx/model/en-us/en-us";
  std::vector<DigitWord> words = english_digit_words();
};

struct HeardDigit {
  int digit = 0;               // 0..9
  int64_t begin = 0, end = 0;  // samples since begin(), to some hundredths of a second
};

// It hears nothing but digits: what is no digit may be taken for one. What it hears does not depend
// on what it heard before begin(). Long silence in front makes it worse. One thread at a time.
class DigitRecognizer {
 public:
  // NotFound where the acoustic model is not there, saying what to install; InvalidArgument where
  // it cannot be loaded, or does not know a phone. The model is trusted: pocketsphinx ends the
  // program where its files are damaged within.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<DigitRecognizer>> create(
      const DigitModel& model = {});
  ~DigitRecognizer();
  DigitRecognizer(const DigitRecognizer&) = delete;
  DigitRecognizer& operator=(const DigitRecognizer&) = delete;

  // Forgets what was heard. Internal where the recogniser fails, here and below.
  [[nodiscard]] absl::Status begin();
  // The next samples, 16,000 a second.
  [[nodiscard]] absl::Status push(std::span<const float> samples);
  // Nothing more comes until begin(): the last word's end is known.
  [[nodiscard]] absl::Status finish();
  // What was heard so far, in the order of time; nothing in the first second and a half, which
  // tells how the sound is. Before finish() the last ones may still change.
  [[nodiscard]] absl::StatusOr<std::vector<HeardDigit>> heard();

 private:
  struct Decoder;
  absl::Status measure();
  absl::Status listen(std::span<const int16_t> samples);
  explicit DigitRecognizer(std::unique_ptr<Decoder> decoder);

  std::unique_ptr<Decoder> decoder_;
};

}  // namespace durward
