// A speaker as he is heard: partials are embedded while he speaks, so that little is left to do
// after his last word.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "audio/voice_stream.h"
#include "runtimes/embedder.h"

namespace durward {

// One thread at a time.
class SpeakerStream {
 public:
  // A partial's embedding is made anew at the end where the speech turned out to be louder or
  // softer than it was taken for by more than this.
  static constexpr double kGainToleranceDb = .5;

  // `embedder` takes partials of the stream's specification.
  SpeakerStream(VoiceStream voice, Embedder embedder)
      : voice_(std::move(voice)), embedder_(std::move(embedder)) {}

  // Errors: VoiceStream's, and the model's.
  [[nodiscard]] absl::Status begin();
  [[nodiscard]] absl::Status push(std::span<const float> samples);
  // What was heard since begin() as one embedding, of length 1: the mean of the partials', each of
  // length 1. The second time it is the same. InvalidArgument where nobody spoke, or the model
  // gives a zero or a number that is none.
  [[nodiscard]] absl::StatusOr<std::vector<float>> embedding();

  [[nodiscard]] const VoiceStream& voice() const { return voice_; }
  [[nodiscard]] int dims() const { return embedder_.dims(); }

 private:
  struct Part {
    double gain = 1;
    std::vector<float> embedding;  // of length 1
  };
  absl::StatusOr<Part> embed(int64_t index);

  VoiceStream voice_;
  Embedder embedder_;
  std::vector<Part> parts_;
  std::vector<float> embedding_;  // empty until it is made
};

}  // namespace durward
