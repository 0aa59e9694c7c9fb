#include "audio/digit_recognizer.h"

#include <pocketsphinx.h>
#include <sphinxbase/err.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <mutex>
#include <string>

namespace durward {
namespace {

constexpr int64_t kDecoderFrame = 160;  // samples between two of the recogniser's frames
constexpr const char* kSearch = "digits";
// The recogniser takes the mean of the spectrum (as cepstra) off. It is measured on so many samples
// before anything is recognised: with the mean that the model begins with every third digit is
// wrong, and what remains of an utterance before depends on who spoke.
constexpr size_t kMeasured = 24'000;

// A word of the grammar: the digit, and which of its pronunciations.
std::string grammar_word(size_t index, int digit) { return absl::StrCat("d", digit, "v", index); }

std::string grammar_of(const std::vector<DigitWord>& words) {
  std::string any;
  for (size_t i = 0; i < words.size(); ++i) {
    absl::StrAppend(&any, i == 0 ? "" : " | ", grammar_word(i, words[i].digit));
  }
  return absl::StrCat("#JSGF V1.0;\ngrammar digits;\npublic <digits> = ( ", any, " )+ ;\n");
}

// pocketsphinx ends the program where one of these is damaged: at least they are there, and the
// first is what it must be.
absl::Status check_acoustic_model(const std::filesystem::path& folder) {
  std::error_code error;
  for (const char* name : {"mdef", "means", "variances", "transition_matrices", "feat.params"}) {
    if (std::filesystem::is_regular_file(folder / name, error)) continue;
    return absl::NotFoundError(absl::StrCat(
        folder.string(), ": no acoustic model of pocketsphinx (there is no ", name,
        "); install Debian's pocketsphinx-en-us (scripts/setup does), or name the folder of "
        "another"));
  }
  std::string kind(4, ' ');
  std::ifstream(folder / "mdef", std::ios::binary).read(kind.data(), std::ssize(kind));
  if (kind == "BMDF" || kind == "FDMB") return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      folder.string(), ": pocketsphinx cannot load this acoustic model: mdef is of another kind"));
}

absl::Status failed(std::string_view what) {
  return absl::InternalError(absl::StrCat("the digit recogniser cannot ", std::string(what)));
}

}  // namespace

struct DigitRecognizer::Decoder {
  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() {
    if (decoder != nullptr) ps_free(decoder);
    if (config != nullptr) cmd_ln_free_r(config);
  }

  cmd_ln_t* config = nullptr;
  ps_decoder_t* decoder = nullptr;
  bool listens = false;  // between begin and finish
  bool measured = false;
  std::vector<int16_t> waiting;  // until it is
  int measured_frames = 0;       // that the recogniser counts before those that it recognises
};

DigitRecognizer::DigitRecognizer(std::unique_ptr<Decoder> decoder) : decoder_(std::move(decoder)) {}
DigitRecognizer::~DigitRecognizer() = default;

absl::StatusOr<std::unique_ptr<DigitRecognizer>> DigitRecognizer::create(const DigitModel& model) {
  static std::once_flag quiet;
  std::call_once(quiet, [] { err_set_logfp(nullptr); });
  DURWARD_RETURN_IF_ERROR(check_acoustic_model(model.acoustic));
  auto decoder = std::make_unique<Decoder>();
  // Silence stays, so that a frame's number tells its time. Digits are said one by one, so that a
  // pause is likely and a word is not: with the recogniser's own values noise in pauses becomes
  // words. docs/voice.md says how the values were found.
  decoder->config =
      cmd_ln_init(nullptr, ps_args(), TRUE, "-hmm", model.acoustic.c_str(), "-remove_silence", "no",
                  "-silprob", "0.3", "-wip", "0.0001", nullptr);
  if (decoder->config != nullptr) decoder->decoder = ps_init(decoder->config);
  if (decoder->decoder == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(model.acoustic.string(), ": pocketsphinx cannot load this acoustic model"));
  }
  for (size_t i = 0; i < model.words.size(); ++i) {
    const DigitWord& word = model.words[i];
    if (ps_add_word(decoder->decoder, grammar_word(i, word.digit).c_str(), word.phones.c_str(),
                    i + 1 == model.words.size()) < 0) {
      return absl::InvalidArgumentError(absl::StrCat("the digit ", word.digit, ", \"", word.phones,
                                                     "\": the acoustic model does not know one of "
                                                     "the phones"));
    }
  }
  if (model.words.empty() ||
      ps_set_jsgf_string(decoder->decoder, kSearch, grammar_of(model.words).c_str()) < 0 ||
      ps_set_search(decoder->decoder, kSearch) < 0) {
    return absl::InvalidArgumentError("the digits make no grammar");
  }
  std::unique_ptr<DigitRecognizer> recognizer(new DigitRecognizer(std::move(decoder)));
  DURWARD_RETURN_IF_ERROR(recognizer->begin());
  return recognizer;
}

absl::Status DigitRecognizer::begin() {
  DURWARD_RETURN_IF_ERROR(finish());
  decoder_->listens = true;
  decoder_->measured = false;
  decoder_->waiting.clear();
  return absl::OkStatus();
}

// Measures the mean on what waits, then listens to it.
absl::Status DigitRecognizer::measure() {
  const std::vector<int16_t> heard = std::move(decoder_->waiting);
  ps_decoder_t* decoder = decoder_->decoder;
  decoder_->waiting.clear();
  decoder_->measured = true;
  decoder_->measured_frames = 0;
  if (ps_start_stream(decoder) < 0 || ps_start_utt(decoder) < 0) return failed("begin to listen");
  if (!heard.empty()) {
    // An utterance that is there as a whole has its own mean taken off, which then stays.
    if (ps_process_raw(decoder, heard.data(), heard.size(), TRUE, TRUE) < 0 ||
        ps_end_utt(decoder) < 0) {
      return failed("measure the sound");
    }
    decoder_->measured_frames = ps_get_n_frames(decoder);
    if (ps_start_utt(decoder) < 0) return failed("listen again");
  }
  return listen(heard);
}

absl::Status DigitRecognizer::listen(std::span<const int16_t> samples) {
  if (samples.empty()) return absl::OkStatus();
  if (ps_process_raw(decoder_->decoder, samples.data(), samples.size(), FALSE, FALSE) < 0) {
    return failed("take more sound");
  }
  return absl::OkStatus();
}

absl::Status DigitRecognizer::push(std::span<const float> samples) {
  if (!decoder_->listens) return absl::FailedPreconditionError("the digit recogniser has finished");
  std::vector<int16_t> integers(samples.size());
  std::transform(samples.begin(), samples.end(), integers.begin(), [](float sample) {
    return static_cast<int16_t>(std::clamp(std::nearbyint(sample * 32'768.f), -32'768.f, 32'767.f));
  });
  if (decoder_->measured) return listen(integers);
  decoder_->waiting.insert(decoder_->waiting.end(), integers.begin(), integers.end());
  return decoder_->waiting.size() < kMeasured ? absl::OkStatus() : measure();
}

absl::Status DigitRecognizer::finish() {
  if (!decoder_->listens) return absl::OkStatus();
  if (!decoder_->measured) DURWARD_RETURN_IF_ERROR(measure());
  decoder_->listens = false;
  return ps_end_utt(decoder_->decoder) < 0 ? failed("end") : absl::OkStatus();
}

absl::StatusOr<std::vector<HeardDigit>> DigitRecognizer::heard() {
  std::vector<HeardDigit> digits;
  if (!decoder_->measured) return digits;
  for (ps_seg_t* segment = ps_seg_iter(decoder_->decoder); segment != nullptr;
       segment = ps_seg_next(segment)) {
    const std::string_view word = ps_seg_word(segment);
    int first = 0, last = 0;
    ps_seg_frames(segment, &first, &last);
    if (word.size() < 2 || word[0] != 'd') continue;  // a pause, a noise
    first = std::max(0, first - decoder_->measured_frames);
    last = std::max(first, last - decoder_->measured_frames);
    digits.push_back({word[1] - '0', first * kDecoderFrame, (last + 1) * kDecoderFrame});
  }
  return digits;
}

}  // namespace durward
