// usage: hear_digits LIST [WORDS]
//   LIST   lines "4071 FILE": a recording, and what is said in it, which is only printed again
//   WORDS  how the digits sound (src/audio/digit_words.h); English without
//
// Prints "4071 4011": what was said and what the recogniser heard, "-" for nothing, as it hears it
// from a microphone; then how much time it took. For bench/audio/digit_recognition.py.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "audio/digit_recognizer.h"
#include "data/audio.h"

namespace {

using namespace durward;  // NOLINT: a program of one file

absl::Status hear(int count, char** arguments) {
  DigitModel model;
  if (count > 2) {
    std::ifstream file(arguments[2]);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    DURWARD_ASSIGN_OR_RETURN(model.words, parse_digit_words(text, arguments[2]));
  }
  DURWARD_ASSIGN_OR_RETURN(const std::unique_ptr<DigitRecognizer> recognizer,
                           DigitRecognizer::create(model));
  std::ifstream list(arguments[1]);
  double seconds = 0, took = 0;
  for (std::string said, path; list >> said >> path;) {
    DURWARD_ASSIGN_OR_RETURN(Audio audio, read_audio(path));
    DURWARD_ASSIGN_OR_RETURN(audio, resample(std::move(audio), 16'000));
    seconds += audio.seconds();
    const auto began = std::chrono::steady_clock::now();
    DURWARD_RETURN_IF_ERROR(recognizer->begin());
    for (size_t at = 0; at + 960 <= audio.samples.size(); at += 960) {
      DURWARD_RETURN_IF_ERROR(recognizer->push(std::span(audio.samples).subspan(at, 960)));
    }
    DURWARD_RETURN_IF_ERROR(recognizer->finish());
    DURWARD_ASSIGN_OR_RETURN(const std::vector<HeardDigit> digits, recognizer->heard());
    took += std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    std::string heard;
    for (const HeardDigit& digit : digits) absl::StrAppend(&heard, digit.digit);
    std::printf("%s %s\n", said.c_str(), heard.empty() ? "-" : heard.c_str());
  }
  std::fprintf(stderr, "%.1f s of sound in %.2f s\n", seconds, took);
  return absl::OkStatus();
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr, "usage: hear_digits LIST [WORDS]\n");
    return 2;
  }
  const absl::Status status = hear(count, arguments);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return 1;
}
