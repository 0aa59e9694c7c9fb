#include "audio/mel.h"

#include <kiss_fftr.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace durward {
namespace {

constexpr double kHzPerMel = 200. / 3;  // below the corner
constexpr double kCornerHz = 1000, kCornerMel = kCornerHz / kHzPerMel;
const double kLogStep = std::log(6.4) / 27;  // above it: 27 steps are a factor of 6.4

// scipy.signal.get_window("hann", size): periodic, as a filter bank wants it.
std::vector<float> hann_window(int size, int fft) {
  std::vector<float> window(static_cast<size_t>(fft));
  const int before = (fft - size) / 2;
  for (int i = 0; i < size; ++i) {
    window[static_cast<size_t>(before + i)] =
        static_cast<float>(.5 - .5 * std::cos(2 * std::numbers::pi * i / size));
  }
  return window;
}

}  // namespace

double hz_to_mel(double hz) {
  return hz < kCornerHz ? hz / kHzPerMel : kCornerMel + std::log(hz / kCornerHz) / kLogStep;
}

double mel_to_hz(double mel) {
  return mel < kCornerMel ? mel * kHzPerMel : kCornerHz * std::exp((mel - kCornerMel) * kLogStep);
}

struct MelSpectrum::Transform {
  explicit Transform(int points)
      : plan(kiss_fftr_alloc(points, 0, nullptr, nullptr)),
        bins(static_cast<size_t>(points) / 2 + 1) {}
  Transform(const Transform&) = delete;
  Transform& operator=(const Transform&) = delete;
  ~Transform() { kiss_fftr_free(plan); }

  kiss_fftr_cfg plan;
  std::vector<kiss_fft_cpx> bins;
};

MelSpectrum::MelSpectrum(const VoiceSpec& spec)
    : hop_(spec.hop),
      fft_(spec.fft),
      window_(hann_window(spec.window, spec.fft)),
      windowed_(static_cast<size_t>(spec.fft)),
      power_(static_cast<size_t>(spec.fft) / 2 + 1),
      transform_(std::make_unique<Transform>(spec.fft)) {
  // Band i rises from edge i to edge i + 1 and falls to edge i + 2.
  const double lowest = hz_to_mel(spec.lowest_hz), highest = hz_to_mel(spec.highest_hz);
  const auto edge = [&](int i) {
    return mel_to_hz(lowest + (highest - lowest) * i / (spec.bands + 1));
  };
  for (int i = 0; i < spec.bands; ++i) {
    const double left = edge(i), middle = edge(i + 1), right = edge(i + 2);
    const double height = 2 / (right - left);  // of unit area
    Band band{.first_bin = 0, .weights = {}};
    for (size_t bin = 0; bin < power_.size(); ++bin) {
      const double hz = static_cast<double>(bin) * spec.sample_rate / spec.fft;
      const double weight =
          std::min((hz - left) / (middle - left), (right - hz) / (right - middle)) * height;
      if (weight <= 0) continue;
      if (band.weights.empty()) band.first_bin = bin;
      band.weights.push_back(static_cast<float>(weight));
    }
    bands_.push_back(std::move(band));
  }
}

MelSpectrum::MelSpectrum(MelSpectrum&&) noexcept = default;
MelSpectrum& MelSpectrum::operator=(MelSpectrum&&) noexcept = default;
MelSpectrum::~MelSpectrum() = default;

absl::StatusOr<MelSpectrum> MelSpectrum::create(const VoiceSpec& spec) {
  DURWARD_RETURN_IF_ERROR(check_voice_spec(spec));
  MelSpectrum spectrum(spec);
  if (spectrum.transform_->plan == nullptr) {
    return absl::ResourceExhaustedError("no memory for a Fourier transform");
  }
  return spectrum;
}

int64_t MelSpectrum::frames(int64_t samples) const { return 1 + samples / hop_; }

void MelSpectrum::frame(std::span<const float> samples, int64_t index, std::span<float> bands) {
  const int64_t first = index * hop_ - fft_ / 2;
  const auto size = static_cast<int64_t>(samples.size());
  for (int64_t i = 0; i < fft_; ++i) {
    const int64_t at = first + i;
    windowed_[static_cast<size_t>(i)] =
        at < 0 || at >= size ? 0
                             : samples[static_cast<size_t>(at)] * window_[static_cast<size_t>(i)];
  }
  kiss_fftr(transform_->plan, windowed_.data(), transform_->bins.data());
  for (size_t bin = 0; bin < power_.size(); ++bin) {
    const kiss_fft_cpx& value = transform_->bins[bin];
    power_[bin] = value.r * value.r + value.i * value.i;
  }
  for (size_t i = 0; i < bands_.size(); ++i) {
    float sum = 0;
    const float* power = power_.data() + bands_[i].first_bin;
    for (const float weight : bands_[i].weights) sum += weight * *power++;
    bands[i] = sum;
  }
}

}  // namespace durward
