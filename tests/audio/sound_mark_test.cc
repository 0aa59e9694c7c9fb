#include "audio/sound_mark.h"

#include <gtest/gtest.h>

#include <set>

#include "support/sound_files.h"

namespace durward {
namespace {

std::vector<std::string> marks(std::span<const float> sound, size_t block) {
  SoundMarks marks;
  std::vector<std::string> all;
  for (size_t at = 0; at + block <= sound.size(); at += block) {
    all.push_back(marks.next(sound.subspan(at, block)));
  }
  return all;
}

size_t common(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  const std::set<std::string> known(a.begin(), a.end());
  size_t count = 0;
  for (const std::string& mark : b) count += known.contains(mark) ? 1 : 0;
  return count;
}

TEST(SoundMarks, ARecordingIsKnownAgainWhereverItBegins) {
  const std::vector<float> sound = white_noise(48'000, .1f, 1);
  const auto first = marks(sound, 960);
  EXPECT_EQ(std::set<std::string>(first.begin(), first.end()).size(), first.size());
  for (const size_t later : {size_t{0}, size_t{1}, size_t{137}, size_t{500}, size_t{7'777}}) {
    std::vector<float> again = white_noise(later, .1f, 2);
    again.insert(again.end(), sound.begin(), sound.end());
    EXPECT_GE(common(first, marks(again, 960)), first.size() / 3) << later;
  }
}

TEST(SoundMarks, AnotherRecordingIsAnother) {
  EXPECT_EQ(
      common(marks(white_noise(48'000, .1f, 1), 960), marks(white_noise(48'000, .1f, 2), 960)), 0u);
}

TEST(SoundMarks, DigitalSilenceHasNone) {
  for (const std::string& mark : marks(std::vector<float>(9'600), 960)) EXPECT_EQ(mark, "");
  EXPECT_EQ(SoundMarks().next(white_noise(100, .1f, 1)), "") << "too little to be known by";
}

}  // namespace
}  // namespace durward
