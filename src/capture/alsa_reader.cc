#include <alsa/asoundlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <mutex>

#include "capture/microphone.h"
#include "capture/sound_reader.h"

namespace durward {
namespace {

// What the device buffers while nobody fetches.
constexpr unsigned kBufferMicroseconds = 1'000'000;

struct PcmCloser {
  void operator()(snd_pcm_t* pcm) const { snd_pcm_close(pcm); }
};
using Pcm = std::unique_ptr<snd_pcm_t, PcmCloser>;

// ALSA prints to the standard error otherwise.
void say_nothing(const char*, int, const char*, int, const char*, ...) {}

std::string alsa_name(const std::string& device) {
  return absl::StrCat("the microphone alsa:", device);
}

absl::Status open_error(int error, const std::string& device) {
  const std::string what = absl::StrCat(alsa_name(device), " ");
  const std::string said = absl::StrCat(" (ALSA says: ", snd_strerror(error), ")");
  switch (-error) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
      return absl::NotFoundError(
          absl::StrCat(what, "is not there", said,
                       "; plug one in, or choose one of those that \"arecord -L\" lists, as "
                       "alsa:plughw:1,0, or give a sound file"));
    case EBUSY:
      return absl::UnavailableError(
          absl::StrCat(what, "is in use by another program", said,
                       "; end that program, or share the device by alsa:dsnoop or alsa:default"));
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(absl::StrCat(
          what, "may not be used", said, "; add the user to the group audio, and log in again"));
    default:
      return absl::UnavailableError(absl::StrCat(what, "cannot be opened", said));
  }
}

absl::Status no_such_sound(const std::string& device, std::string_view what, int error) {
  return absl::InvalidArgumentError(absl::StrCat(
      alsa_name(device), " does not give ", std::string(what), " (ALSA says: ", snd_strerror(error),
      "); a \"plughw:\" or \"default\" device converts, as alsa:plughw:1,0"));
}

constexpr std::array kFormats = {SND_PCM_FORMAT_S16, SND_PCM_FORMAT_FLOAT, SND_PCM_FORMAT_S32};

class AlsaReader final : public SoundReader {
 public:
  AlsaReader(std::string device, int block_samples)
      : device_(std::move(device)), block_samples_(block_samples) {}

  absl::Status start() override {
    if (pcm_ != nullptr && !lost_) {
      if (restart() == 0) return absl::OkStatus();
    }
    return open();
  }

  absl::StatusOr<size_t> read(std::span<float> samples) override {
    if (lost_) return lost("is lost");
    const size_t frames = std::min(samples.size(), raw_.size() / frame_bytes_);
    const snd_pcm_sframes_t got = snd_pcm_readi(pcm_.get(), raw_.data(), frames);
    if (got == -EAGAIN) return size_t{0};
    if (got == -EPIPE || got == -ESTRPIPE) {
      if (snd_pcm_prepare(pcm_.get()) == 0 && snd_pcm_start(pcm_.get()) == 0) {
        return absl::DataLossError(absl::StrCat(alsa_name(device_), " was not read in time"));
      }
    }
    if (got < 0) {
      lost_ = true;
      return lost(absl::StrCat("is lost (ALSA says: ", snd_strerror(static_cast<int>(got)), ")"));
    }
    for (size_t i = 0; i < static_cast<size_t>(got); ++i) samples[i] = frame(i);
    return static_cast<size_t>(got);
  }

  std::optional<int64_t> waiting() override {
    snd_pcm_sframes_t delay = 0;
    if (snd_pcm_delay(pcm_.get(), &delay) < 0) return 0;
    return std::max<int64_t>(0, delay);
  }

  std::vector<pollfd> descriptors() override {
    std::vector<pollfd> found(
        static_cast<size_t>(std::max(0, snd_pcm_poll_descriptors_count(pcm_.get()))));
    const int count =
        snd_pcm_poll_descriptors(pcm_.get(), found.data(), static_cast<unsigned>(found.size()));
    found.resize(static_cast<size_t>(std::max(0, count)));
    return found;
  }

 private:
  absl::Status lost(std::string_view how) const {
    return absl::UnavailableError(
        absl::StrCat(alsa_name(device_), " ", std::string(how), "; is it still plugged in?"));
  }

  int restart() {
    snd_pcm_drop(pcm_.get());
    const int error = snd_pcm_prepare(pcm_.get());
    return error < 0 ? error : snd_pcm_start(pcm_.get());
  }

  absl::Status open() {
    static std::once_flag quiet;
    std::call_once(quiet, [] { snd_lib_error_set_handler(&say_nothing); });
    pcm_.reset();
    lost_ = false;
    snd_pcm_t* opened = nullptr;
    const int error =
        snd_pcm_open(&opened, device_.c_str(), SND_PCM_STREAM_CAPTURE, SND_PCM_NONBLOCK);
    if (error < 0) return open_error(error, device_);
    pcm_.reset(opened);
    DURWARD_RETURN_IF_ERROR(set_parameters());
    const int started = snd_pcm_start(pcm_.get());
    return started < 0 ? open_error(started, device_) : absl::OkStatus();
  }

  absl::Status set_parameters() {
    snd_pcm_hw_params_t* params = nullptr;
    snd_pcm_hw_params_alloca(&params);
    int error = snd_pcm_hw_params_any(pcm_.get(), params);
    if (error < 0) return open_error(error, device_);
    error = snd_pcm_hw_params_set_access(pcm_.get(), params, SND_PCM_ACCESS_RW_INTERLEAVED);
    if (error < 0) return no_such_sound(device_, "interleaved samples", error);
    format_ = SND_PCM_FORMAT_UNKNOWN;
    for (const snd_pcm_format_t format : kFormats) {
      error = snd_pcm_hw_params_set_format(pcm_.get(), params, format);
      if (error < 0) continue;
      format_ = format;
      break;
    }
    if (format_ == SND_PCM_FORMAT_UNKNOWN) {
      return no_such_sound(device_, "samples of 16 or 32 bits", error);
    }
    for (channels_ = 1; channels_ <= 2; ++channels_) {
      error = snd_pcm_hw_params_set_channels(pcm_.get(), params, channels_);
      if (error == 0) break;
    }
    if (error < 0) return no_such_sound(device_, "one channel or two", error);
    error = snd_pcm_hw_params_set_rate(pcm_.get(), params, kMicrophoneRate, 0);
    if (error < 0) return no_such_sound(device_, "16,000 samples per second", error);
    unsigned buffer = kBufferMicroseconds;
    auto period = static_cast<snd_pcm_uframes_t>(block_samples_);
    int direction = 0;
    snd_pcm_hw_params_set_period_size_near(pcm_.get(), params, &period, &direction);
    snd_pcm_hw_params_set_buffer_time_near(pcm_.get(), params, &buffer, &direction);
    error = snd_pcm_hw_params(pcm_.get(), params);
    if (error < 0) return no_such_sound(device_, "sound as it was asked for", error);
    frame_bytes_ =
        static_cast<size_t>(snd_pcm_format_physical_width(format_)) / 8 * size_t{channels_};
    raw_.resize(frame_bytes_ * static_cast<size_t>(block_samples_));
    return absl::OkStatus();
  }

  // The mean of the channels of the frame `index` in raw_.
  float frame(size_t index) const {
    float sum = 0;
    for (unsigned channel = 0; channel < channels_; ++channel) {
      const char* at = raw_.data() + index * frame_bytes_ + channel * (frame_bytes_ / channels_);
      if (format_ == SND_PCM_FORMAT_S16) {
        sum += static_cast<float>(value<int16_t>(at)) / 32'768.f;
      } else if (format_ == SND_PCM_FORMAT_S32) {
        sum += static_cast<float>(static_cast<double>(value<int32_t>(at)) / 2'147'483'648.);
      } else {
        const float sample = value<float>(at);
        sum += std::isfinite(sample) ? sample : 0.f;
      }
    }
    return sum / static_cast<float>(channels_);
  }

  template <typename T>
  static T value(const char* at) {
    T result;
    std::memcpy(&result, at, sizeof(result));
    return result;
  }

  const std::string device_;
  const int block_samples_;
  Pcm pcm_;
  bool lost_ = false;
  snd_pcm_format_t format_ = SND_PCM_FORMAT_UNKNOWN;
  unsigned channels_ = 1;
  size_t frame_bytes_ = 0;
  std::vector<char> raw_;  // a block, interleaved
};

}  // namespace

absl::StatusOr<std::unique_ptr<SoundReader>> open_alsa_reader(const std::string& device,
                                                              int block_samples) {
  auto reader = std::make_unique<AlsaReader>(device, block_samples);
  DURWARD_RETURN_IF_ERROR(reader->start());
  return reader;
}

}  // namespace durward
