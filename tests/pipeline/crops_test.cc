// Pictures to crops: the store, the order, what is skipped, and the choice for calibration.
#include "pipeline/crops.h"

#include <gmock/gmock.h>

#include "pipeline/calibration_set.h"
#include "pipeline/pictures.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(CropStore, GivesBackWhatWasAppended) {
  const CropStore store = store_of(5);
  ASSERT_EQ(store.size(), 5);
  for (const int64_t i : {4, 0, 3}) {
    const auto crop = store.read(i);
    ASSERT_TRUE(crop.ok()) << crop.status();
    EXPECT_EQ(*crop, random_picture(static_cast<uint64_t>(i)));
  }
  EXPECT_EQ(store.read(5).status().code(), absl::StatusCode::kDataLoss);
}

TEST(CropStore, RefusesAnotherSize) {
  CropStore store = store_of(1);
  const absl::Status status = store.append(random_picture(1, 15, 16));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("15x16"));
  EXPECT_EQ(store.size(), 1);
}

class CropsTest : public TemporaryFolderTest {
 protected:
  // Pictures of different sizes under names that sort by their number.
  std::vector<fs::path> pictures(int count) const {
    std::vector<fs::path> paths;
    for (int i = 0; i < count; ++i) {
      paths.push_back(folder_ / absl::StrCat("picture_", 100 + i, ".jpg"));
      const Image image = random_picture(static_cast<uint64_t>(i), 20 + i, 24);
      EXPECT_TRUE(write_jpeg(paths.back(), image, 95).ok());
    }
    return paths;
  }
  void cut_short(const fs::path& path) const { fs::resize_file(path, fs::file_size(path) / 2); }

  InputSpec spec_ = small_spec();
  SampleOptions options_{.preprocessing = small_spec(), .aligned = true};
};

TEST_F(CropsTest, AreTheSameInTheSameOrderOnAnyNumberOfThreads) {
  std::vector<fs::path> paths = pictures(70);  // more than two batches
  cut_short(paths[40]);
  const auto one = collect_crops(paths, spec_, options_);
  options_.threads = 3;
  const auto three = collect_crops(paths, spec_, options_);
  ASSERT_TRUE(one.ok() && three.ok()) << one.status() << three.status();
  ASSERT_EQ(one->crops.size(), 69);
  EXPECT_EQ(one->image_of_crop, three->image_of_crop);
  EXPECT_TRUE(std::is_sorted(one->image_of_crop.begin(), one->image_of_crop.end()));
  for (int64_t i = 0; i < one->crops.size(); ++i)
    EXPECT_EQ(one->crops.read(i).value(), three->crops.read(i).value());
}

TEST_F(CropsTest, AnAlignedPictureOfTheSizeIsTakenAsItIs) {
  const fs::path path = folder_ / "a.jpg";
  ASSERT_TRUE(write_jpeg(path, random_picture(3), 95).ok());
  const auto set = collect_crops(std::vector{path}, spec_, options_);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->crops.read(0).value(), read_image(path).value());
}

TEST_F(CropsTest, WhatIsNoPictureIsSkippedWithAReason) {
  const fs::path good = pictures(1)[0], text = write("notes.txt", "a face\n"),
                 cut = folder_ / "cut.jpg", missing = folder_ / "missing.jpg";
  ASSERT_TRUE(write_jpeg(cut, random_picture(1, 64, 64)).ok());
  cut_short(cut);
  const auto set = collect_crops(std::vector{text, cut, good, missing}, spec_, options_);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_THAT(set->image_of_crop, ElementsAre(2));
  ASSERT_EQ(set->skipped.size(), 3u);
  EXPECT_EQ(set->skipped[0].path, text);
  EXPECT_EQ(set->skipped[1].path, cut);
  EXPECT_THAT(set->skipped[1].reason, HasSubstr("truncated"));
  EXPECT_THAT(set->skipped[1].reason, Not(HasSubstr(cut.string())));
  EXPECT_THAT(set->skipped[2].reason, HasSubstr("No such file"));
}

TEST_F(CropsTest, NothingToUseIsAnError) {
  EXPECT_EQ(collect_crops({}, spec_, options_).status().code(), absl::StatusCode::kInvalidArgument);
  const fs::path text = write("notes.txt", "a face\n");
  const absl::Status status = collect_crops(std::vector{text}, spec_, options_).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr(text.string()));
}

TEST_F(CropsTest, FacesNeedADetector) {
  options_.aligned = false;
  spec_.alignment = Alignment::kArcface112;
  const absl::Status status = collect_crops(pictures(1), spec_, options_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--detector"));
}

TEST_F(CropsTest, ProgressCanStop) {
  options_.progress = [](std::string_view, int64_t done, int64_t) { return done == 0; };
  EXPECT_EQ(collect_crops(pictures(40), spec_, options_).status().code(),
            absl::StatusCode::kCancelled);
}

TEST_F(CropsTest, CalibrationTakesPicturesEvenlySpaced) {
  const std::vector<fs::path> paths = pictures(10);
  write("notes.txt", "a face\n");
  const auto few = load_calibration_set(folder_, 4, options_);
  ASSERT_TRUE(few.ok()) << few.status();
  EXPECT_THAT(few->files, ElementsAre(paths[0], paths[2], paths[5], paths[7]));
  EXPECT_EQ(few->samples.samples.count, 4);
  EXPECT_EQ(few->other_files, 1);
  const auto all = load_calibration_set(folder_, 300, options_);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->files, paths);
  EXPECT_NE(all->digest, few->digest);
}

}  // namespace
}  // namespace durward
