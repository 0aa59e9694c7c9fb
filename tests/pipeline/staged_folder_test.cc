#include "pipeline/staged_folder.h"

#include <gmock/gmock.h>

#include "base/file.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class StagedFolderTest : public TemporaryFolderTest {
 protected:
  fs::path out_ = folder_ / "a" / "out";

  static std::vector<std::string> names(const fs::path& folder) {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder))
      found.push_back(entry.path().filename().string());
    return found;
  }
  static std::string content(const fs::path& path) { return read_text_file(path).value_or("none"); }
};

TEST_F(StagedFolderTest, FilesAppearWhenTheyArePublished) {
  {
    absl::StatusOr<StagedFolder> staged = StagedFolder::create(out_);
    ASSERT_TRUE(staged.ok()) << staged.status();
    for (const std::string name : {"a.txt", "b.txt", "scratch"})
      ASSERT_TRUE(write_file_atomic(staged->file(name), name).ok());
    EXPECT_FALSE(fs::exists(out_ / "a.txt"));
    const std::vector<std::string> published = {"a.txt", "b.txt"};
    ASSERT_TRUE(staged->publish(published).ok());
  }
  EXPECT_THAT(names(out_), UnorderedElementsAre("a.txt", "b.txt"));
  EXPECT_EQ(content(out_ / "a.txt"), "a.txt");
}

TEST_F(StagedFolderTest, WithoutPublishingNothingIsLeftNotEvenTheFoldersItMade) {
  {
    absl::StatusOr<StagedFolder> staged = StagedFolder::create(out_ / "");
    ASSERT_TRUE(staged.ok()) << staged.status();
    ASSERT_TRUE(write_file_atomic(staged->file("a.txt"), "new").ok());
    EXPECT_TRUE(fs::exists(out_));
  }
  EXPECT_THAT(names(folder_), IsEmpty());
}

TEST_F(StagedFolderTest, AFolderThatWasThereStays) {
  fs::create_directories(out_);
  { EXPECT_TRUE(StagedFolder::create(out_).ok()); }
  EXPECT_THAT(names(out_), IsEmpty());
}

TEST_F(StagedFolderTest, WhatCannotAllBePublishedIsNotPublishedAtAll) {
  write("a/out/a.txt", "old");
  fs::create_directories(out_ / "c.txt");
  {
    absl::StatusOr<StagedFolder> staged = StagedFolder::create(out_);
    ASSERT_TRUE(staged.ok()) << staged.status();
    for (const std::string name : {"a.txt", "b.txt", "c.txt"})
      ASSERT_TRUE(write_file_atomic(staged->file(name), "new").ok());
    const std::vector<std::string> with_folder = {"a.txt", "b.txt", "c.txt"};
    const absl::Status status = staged->publish(with_folder);
    EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
    EXPECT_THAT(std::string(status.message()), HasSubstr((out_ / "c.txt").string()));
    const std::vector<std::string> with_missing = {"a.txt", "b.txt", "missing.txt"};
    EXPECT_FALSE(staged->publish(with_missing).ok());
  }
  EXPECT_THAT(names(out_), UnorderedElementsAre("a.txt", "c.txt"));
  EXPECT_EQ(content(out_ / "a.txt"), "old");
}

// The last one belongs into a folder that the output has not.
TEST_F(StagedFolderTest, OlderFilesComeBackWhenALaterOneFails) {
  write("a/out/a.txt", "old");
  write("a/out/b.txt", "old");
  absl::StatusOr<StagedFolder> staged = StagedFolder::create(out_);
  ASSERT_TRUE(staged.ok()) << staged.status();
  const std::vector<std::string> names = {"new.txt", "sub/new.txt", "a.txt", "b.txt"};
  for (const std::string& name : names) {
    ASSERT_TRUE(staged->make_folder_of(name).ok());
    ASSERT_TRUE(write_file_atomic(staged->file(name), "new").ok());
  }
  // Where the older b.txt is to wait.
  ASSERT_TRUE(fs::create_directory(staged->file("b.txt.old")));
  EXPECT_FALSE(staged->publish(names).ok());
  for (const char* name : {"a.txt", "b.txt"}) EXPECT_EQ(content(out_ / name), "old");
  EXPECT_FALSE(fs::exists(out_ / "new.txt"));
  EXPECT_FALSE(fs::exists(out_ / "sub/new.txt"));
}

TEST_F(StagedFolderTest, FoldersOfNamesAreMadeAndGoWithWhatFailed) {
  const std::vector<std::string> whole = {"sub/new.txt"}, broken = {"sub/new.txt", "absent.txt"};
  const auto publish = [&](const std::vector<std::string>& published) {
    absl::StatusOr<StagedFolder> staged = StagedFolder::create(out_);
    EXPECT_TRUE(staged.ok()) << staged.status();
    EXPECT_TRUE(staged->make_folder_of(whole[0]).ok());
    EXPECT_TRUE(write_file_atomic(staged->file(whole[0]), "new").ok());
    return staged->publish(published);
  };
  EXPECT_FALSE(publish(broken).ok());
  EXPECT_THAT(names(folder_), IsEmpty());
  EXPECT_TRUE(publish(whole).ok());
  EXPECT_EQ(content(out_ / whole[0]), "new");
}

TEST_F(StagedFolderTest, APlaceThatTakesNoFilesIsNamed) {
  const fs::path file = write("file", "mine");
  for (const fs::path& place : {file, file / "out", fs::path("/proc/durward")}) {
    const absl::Status status = StagedFolder::create(place).status();
    EXPECT_THAT(std::string(status.message()), HasSubstr(place.string()));
    EXPECT_FALSE(status.ok());
  }
  EXPECT_EQ(content(file), "mine");
}

}  // namespace
}  // namespace durward
