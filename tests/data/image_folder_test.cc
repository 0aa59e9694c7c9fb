#include "data/image_folder.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "support/temporary_folder.h"

namespace durward {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// list_images looks at signatures only.
constexpr std::string_view kJpeg = "\xff\xd8\xff\xe0";
constexpr std::string_view kPng = "\x89PNG\r\n\x1a\n";

using ListImages = TemporaryFolderTest;

TEST_F(ListImages, FindsPicturesAtAnyDepthSortedByPath) {
  write("b/2.jpg", kJpeg);
  write("b c/1.jpg", kJpeg);
  write("a/deep/er/3.png", kPng);
  write("4.JPG", kJpeg);
  const auto found = list_images(folder_);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(found->images, ElementsAre(folder_ / "4.JPG", folder_ / "a/deep/er/3.png",
                                         folder_ / "b c/1.jpg", folder_ / "b/2.jpg"));
  EXPECT_TRUE(found->skipped.empty());
}

TEST_F(ListImages, TellsPicturesByContentAndNamesWhatItSkips) {
  write("no_ending", kPng);
  write("words.jpg", "not a picture");
  write("empty.png", "");
  fs::create_symlink("nowhere", folder_ / "dangling.jpg");
  // Opening a pipe without a writer would wait for ever.
  ASSERT_EQ(mkfifo((folder_ / "pipe.jpg").c_str(), 0600), 0);
  const auto found = list_images(folder_);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(found->images, ElementsAre(folder_ / "no_ending"));
  EXPECT_THAT(found->skipped, ElementsAre(folder_ / "dangling.jpg", folder_ / "empty.png",
                                          folder_ / "pipe.jpg", folder_ / "words.jpg"));
}

TEST_F(ListImages, LinksThatLeadBackAreFollowedOnce) {
  write("people/a/1.jpg", kJpeg);
  fs::create_directory_symlink("..", folder_ / "people/a/up");
  fs::create_directory_symlink(folder_, folder_ / "people/root");
  const auto found = list_images(folder_);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(found->images, ElementsAre(folder_ / "people/a/1.jpg"));
}

TEST_F(ListImages, AFolderWithoutPicturesSaysWhatWasExpected) {
  write("notes/readme.txt", "words");
  const auto found = list_images(folder_);
  EXPECT_TRUE(absl::IsInvalidArgument(found.status()));
  EXPECT_THAT(std::string(found.status().message()), HasSubstr("expected JPEG, PNG, BMP or WebP"));
  EXPECT_THAT(std::string(found.status().message()), HasSubstr("readme.txt"));
}

TEST_F(ListImages, AnAbsentFolderAndAFileAreErrors) {
  EXPECT_TRUE(absl::IsNotFound(list_images(folder_ / "absent").status()));
  const auto file = write("a.jpg", kJpeg);
  EXPECT_TRUE(absl::IsInvalidArgument(list_images(file).status()));
}

}  // namespace
}  // namespace durward
