// What a camera and a microphone would give of the same person once more: a picture as a frame of
// 640 x 480, a recording at 16 kHz, each with a little noise that a seed tells. A door knows
// content that it has seen and refuses it. usage: sample_feed, then lines of standard input:
//   "picture FROM TO SEED"   TO: JPEG
//   "sound FROM TO SEED"     TO: the first six seconds, WAV of 16 bits
//   "video FROM TO SEED"     the pictures of a folder as Motion JPEG, what a camera's module reads
// Each is answered by a line, "ok" or what is wrong.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <sstream>

#include "base/file.h"
#include "base/random.h"
#include "data/audio.h"
#include "data/image.h"
#include "data/image_folder.h"
#include "data/image_mat.h"
#include "data/tensor.h"

namespace durward {
namespace {

constexpr int kWidth = 640, kHeight = 480, kRate = 16'000, kQuality = 92;
constexpr size_t kSaid = 6 * kRate;  // samples

absl::Status make_picture(const std::string& from, const std::string& to, Random& random) {
  DURWARD_ASSIGN_OR_RETURN(const Image picture, read_image(from));
  const double scale = std::min(static_cast<double>(kWidth) / picture.width,
                                static_cast<double>(kHeight) / picture.height);
  const auto side = [scale](int pixels) { return static_cast<int>(std::floor(pixels * scale)); };
  DURWARD_ASSIGN_OR_RETURN(
      const Image scaled,
      resize_image(picture, side(picture.width), side(picture.height), Interpolation::kBilinear));
  Image frame(kWidth, kHeight);
  std::fill(frame.rgb.begin(), frame.rgb.end(), uint8_t{128});
  const int left = (kWidth - scaled.width) / 2, top = (kHeight - scaled.height) / 2;
  for (int y = 0; y < scaled.height; ++y) {
    std::copy_n(scaled.pixel(0, y), static_cast<size_t>(scaled.width) * 3,
                frame.rgb.begin() + ((top + y) * kWidth + left) * 3);
  }
  for (uint8_t& value : frame.rgb) {
    const int noise = static_cast<int>(random.uniform() * 5) - 2;
    value = static_cast<uint8_t>(std::clamp(value + noise, 0, 255));
  }
  return write_jpeg(to, frame, kQuality);
}

void put(std::vector<std::byte>& bytes, uint32_t value, int count) {
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
}

// RIFF WAVE, PCM of 16 bits, one channel.
std::vector<std::byte> wav(const std::vector<int16_t>& samples) {
  std::vector<std::byte> bytes;
  const auto text = [&bytes](std::string_view four) {
    for (const char c : four) bytes.push_back(static_cast<std::byte>(c));
  };
  const auto size = static_cast<uint32_t>(samples.size() * 2);
  text("RIFF");
  put(bytes, 36 + size, 4);
  text("WAVEfmt ");
  put(bytes, 16, 4);
  put(bytes, 1, 2);
  put(bytes, 1, 2);
  put(bytes, kRate, 4);
  put(bytes, kRate * 2, 4);
  put(bytes, 2, 2);
  put(bytes, 16, 2);
  text("data");
  put(bytes, size, 4);
  for (const int16_t sample : samples) put(bytes, static_cast<uint16_t>(sample), 2);
  return bytes;
}

absl::Status make_sound(const std::string& from, const std::string& to, Random& random) {
  DURWARD_ASSIGN_OR_RETURN(Audio audio, read_audio(from));
  DURWARD_ASSIGN_OR_RETURN(audio, resample(std::move(audio), kRate));
  audio.samples.resize(std::min(audio.samples.size(), kSaid));
  std::vector<int16_t> samples;
  for (const float value : audio.samples) {
    const double noise = random.uniform() * 8 - 4;
    samples.push_back(
        static_cast<int16_t>(std::clamp(std::lround(value * 32767. + noise), -32768L, 32767L)));
  }
  const std::vector<std::byte> bytes = wav(samples);
  return write_file_atomic(to, std::span<const std::byte>(bytes));
}

absl::Status make_video(const std::string& from, const std::string& to) {
  DURWARD_ASSIGN_OR_RETURN(const ImageFolder folder, list_images(from));
  cv::VideoWriter writer(to, cv::CAP_OPENCV_MJPEG, cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), 10,
                         {kWidth, kHeight});
  if (!writer.isOpened()) return absl::UnavailableError("OpenCV writes no video here");
  for (const std::filesystem::path& path : folder.images) {
    DURWARD_ASSIGN_OR_RETURN(const Image frame, read_image(path));
    cv::Mat bgr;
    cv::cvtColor(as_mat(frame), bgr, cv::COLOR_RGB2BGR);
    writer.write(bgr);
  }
  return absl::OkStatus();
}

absl::Status make(const std::string& line) {
  std::istringstream words(line);
  std::string what, from, to;
  uint64_t seed = 0;
  words >> what >> from >> to >> seed;
  Random random(seed);
  if (words && what == "picture") return make_picture(from, to, random);
  if (words && what == "sound") return make_sound(from, to, random);
  if (words && what == "video") return make_video(from, to);
  return absl::InvalidArgumentError(absl::StrCat("no such line: ", line));
}

}  // namespace
}  // namespace durward

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const absl::Status status = durward::make(line);
    std::cout << (status.ok() ? std::string("ok") : std::string(status.message())) << std::endl;
  }
}
