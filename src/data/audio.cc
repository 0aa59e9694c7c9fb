#include "data/audio.h"

#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "base/file.h"
#include "data/audio_header.h"

namespace durward {
namespace {

constexpr sf_count_t kFramesAtOnce = 4096;

// The bytes as a file that libsndfile reads.
struct ByteFile {
  std::span<const std::byte> bytes;
  sf_count_t position = 0;

  [[nodiscard]] sf_count_t size() const { return static_cast<sf_count_t>(bytes.size()); }

  static ByteFile& of(void* user) { return *static_cast<ByteFile*>(user); }
  static sf_count_t length(void* user) { return of(user).size(); }
  static sf_count_t tell(void* user) { return of(user).position; }
  static sf_count_t seek(sf_count_t offset, int whence, void* user) {
    ByteFile& file = of(user);
    const sf_count_t base = whence == SEEK_SET   ? 0
                            : whence == SEEK_CUR ? file.position
                                                 : file.size();
    file.position = std::clamp<sf_count_t>(offset, -base, file.size() - base) + base;
    return file.position;
  }
  static sf_count_t read(void* to, sf_count_t count, void* user) {
    ByteFile& file = of(user);
    count = std::clamp<sf_count_t>(count, 0, file.size() - file.position);
    if (count > 0) std::memcpy(to, file.bytes.data() + file.position, static_cast<size_t>(count));
    file.position += count;
    return count;
  }
  static sf_count_t write(const void*, sf_count_t, void*) { return 0; }
};

struct Closer {
  void operator()(SNDFILE* file) const { sf_close(file); }
};

absl::Status bad_sample(float value, double seconds) {
  const std::string at = absl::StrCat(" at ", seconds, " s");
  if (!std::isfinite(value)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a sample", at, " is not a finite number; the file is damaged"));
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "a sample", at, " is ", value, "; expected floats of full scale -1 to 1, at most ",
      kMaxSample, ": divide integers by their full scale"));
}

absl::Status too_long(sf_count_t at_least, int rate, const AudioLimits& limits) {
  return absl::ResourceExhaustedError(
      absl::StrCat(at_least / rate, " seconds long or more, the limit is ",
                   limits.max_samples / rate, "; cut it into pieces"));
}

absl::Status check_info(const SF_INFO& info, const AudioLimits& limits) {
  if (info.samplerate < kMinSampleRate || info.samplerate > kMaxSampleRate) {
    return absl::InvalidArgumentError(absl::StrCat(
        info.samplerate, " samples per second; expected ", kMinSampleRate, " to ", kMaxSampleRate));
  }
  if (info.channels < 1 || info.channels > limits.max_channels) {
    return absl::ResourceExhaustedError(
        absl::StrCat(info.channels, " channels, more than the limit of ", limits.max_channels));
  }
  if (info.frames != SF_COUNT_MAX && info.frames > limits.max_samples) {
    return too_long(info.frames, info.samplerate, limits);
  }
  return absl::OkStatus();
}

// The mean of the channels, block by block. A FLAC that was written to a pipe does not state its
// length (SF_COUNT_MAX): it is read to its end.
absl::StatusOr<Audio> read_samples(SNDFILE* file, const SF_INFO& info, const AudioLimits& limits) {
  const bool stated = info.frames != SF_COUNT_MAX;
  const sf_count_t most = stated ? info.frames : limits.max_samples + 1;
  Audio audio{.sample_rate = info.samplerate};
  if (stated) audio.samples.reserve(static_cast<size_t>(std::max<sf_count_t>(info.frames, 0)));
  const auto read = [&audio] { return static_cast<sf_count_t>(audio.samples.size()); };
  const auto channels = static_cast<size_t>(info.channels);
  std::vector<float> block(static_cast<size_t>(kFramesAtOnce) * channels);
  while (read() < most) {
    const sf_count_t got =
        sf_readf_float(file, block.data(), std::min<sf_count_t>(kFramesAtOnce, most - read()));
    if (got <= 0) break;
    for (size_t frame = 0; frame < static_cast<size_t>(got); ++frame) {
      float sum = 0;
      for (size_t channel = 0; channel < channels; ++channel) {
        const float value = block[frame * channels + channel];
        if (!(std::abs(value) <= kMaxSample)) return bad_sample(value, audio.seconds());
        sum += value;
      }
      audio.samples.push_back(sum / static_cast<float>(channels));
    }
  }
  if (stated && read() < info.frames) {
    return absl::DataLossError(absl::StrCat("truncated or damaged: ", read(), " of ", info.frames,
                                            " samples can be decoded"));
  }
  if (read() > limits.max_samples) return too_long(read(), info.samplerate, limits);
  if (audio.samples.empty()) return absl::InvalidArgumentError("it holds no samples");
  return audio;
}

absl::StatusOr<Audio> decode(std::span<const std::byte> bytes, const AudioLimits& limits) {
  const std::optional<AudioFormat> format = audio_format(bytes);
  if (!format) {
    return absl::InvalidArgumentError(bytes.empty() ? "an empty file"
                                                    : "not a WAV, FLAC or Ogg recording");
  }
  DURWARD_RETURN_IF_ERROR(check_audio_is_whole(bytes, *format));
  ByteFile file{.bytes = bytes};
  SF_VIRTUAL_IO calls{.get_filelen = ByteFile::length,
                      .seek = ByteFile::seek,
                      .read = ByteFile::read,
                      .write = ByteFile::write,
                      .tell = ByteFile::tell};
  SF_INFO info{};
  const std::unique_ptr<SNDFILE, Closer> opened(sf_open_virtual(&calls, SFM_READ, &info, &file));
  if (!opened) {
    return absl::InvalidArgumentError(absl::StrCat("damaged ", std::string(to_string(*format)),
                                                   ": the decoder says: ", sf_strerror(nullptr)));
  }
  DURWARD_RETURN_IF_ERROR(check_info(info, limits));
  return read_samples(opened.get(), info, limits);
}

}  // namespace

absl::StatusOr<Audio> decode_audio(std::span<const std::byte> bytes, std::string_view name,
                                   const AudioLimits& limits) {
  absl::StatusOr<Audio> audio = decode(bytes, limits);
  if (!audio.ok()) return with_context(audio.status(), name);
  return audio;
}

absl::StatusOr<Audio> read_audio(const std::filesystem::path& path, const AudioLimits& limits) {
  DURWARD_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, read_file(path, limits.max_bytes));
  return decode_audio(bytes, path.string(), limits);
}

}  // namespace durward
