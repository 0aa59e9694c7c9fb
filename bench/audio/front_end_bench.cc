// How long a speaker model's front end takes: mel spectra of a partial, voice activity, and a whole
// recording. usage: front_end_bench [RECORDING]; without one, three seconds of saw-tooth.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>
#include <vector>

#include "audio/voice_front_end.h"

namespace durward {
namespace {

Audio saw_tooth() {
  Audio audio{.sample_rate = 16'000, .samples = std::vector<float>(48'000)};
  for (size_t n = 0; n < audio.samples.size(); ++n) {
    audio.samples[n] = static_cast<float>(n % 120) / 600.f - .1f;
  }
  return audio;
}

void one_partial(benchmark::State& state) {
  auto front_end = VoiceFrontEnd::create({.voice_activity = VoiceActivity::kNone});
  const std::vector<float> speech = saw_tooth().samples;
  const auto partial = std::span(speech).first(25'600);
  for (auto _ : state) benchmark::DoNotOptimize(front_end->partials(partial));
}

void voice_activity(benchmark::State& state, const Audio& recording) {
  auto vad = create_webrtc_vad();
  if (!vad.ok()) {
    state.SkipWithError(std::string(vad.status().message()).c_str());
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize((*vad)->detect(recording.samples));
  state.counters["real-time factor"] =
      benchmark::Counter(recording.seconds(), benchmark::Counter::kIsIterationInvariantRate |
                                                  benchmark::Counter::kInvert);
}

void whole_recording(benchmark::State& state, const Audio& recording) {
  auto front_end = VoiceFrontEnd::create({});
  if (!front_end.ok()) {
    state.SkipWithError(std::string(front_end.status().message()).c_str());
    return;
  }
  for (auto _ : state) {
    const auto speech = front_end->speech(recording);
    if (speech.ok()) benchmark::DoNotOptimize(front_end->partials(*speech));
  }
  state.counters["real-time factor"] =
      benchmark::Counter(recording.seconds(), benchmark::Counter::kIsIterationInvariantRate |
                                                  benchmark::Counter::kInvert);
}

}  // namespace
}  // namespace durward

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  durward::Audio recording = durward::saw_tooth();
  if (argc > 1) {
    auto read = durward::read_audio(argv[1]);
    if (read.ok()) read = durward::resample(*std::move(read), 16'000);
    if (!read.ok()) {
      std::fprintf(stderr, "%s\n", std::string(read.status().message()).c_str());
      return 1;
    }
    recording = *std::move(read);
  }
  benchmark::RegisterBenchmark("mel spectra of a partial of 1.6 s", durward::one_partial)
      ->Unit(benchmark::kMicrosecond);
  benchmark::RegisterBenchmark("voice activity", durward::voice_activity, recording)
      ->Unit(benchmark::kMicrosecond);
  benchmark::RegisterBenchmark("whole recording", durward::whole_recording, recording)
      ->Unit(benchmark::kMicrosecond);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
