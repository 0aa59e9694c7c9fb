#include "base/atomic_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

class AtomicFileTest : public TemporaryFolderTest {
 protected:
  size_t files() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }
};

TEST_F(AtomicFileTest, PiecesAppearTogetherWhenItIsCommitted) {
  const auto path = write("a", "old");
  auto file = AtomicFile::create(path);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(file->write("ne").ok());
  ASSERT_TRUE(file->write("w").ok());
  EXPECT_EQ(*read_text_file(path), "old");
  ASSERT_TRUE(file->commit().ok());
  EXPECT_EQ(*read_text_file(path), "new");
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFileTest, WhatIsNotCommittedLeavesNothing) {
  {
    auto file = AtomicFile::create(folder_ / "a");
    ASSERT_TRUE(file.ok() && file->write("x").ok());
    const AtomicFile moved = *std::move(file);
    EXPECT_EQ(files(), 1u);
  }
  EXPECT_EQ(files(), 0u);
}

TEST_F(AtomicFileTest, AFileThatMustNotBeThereIsKept) {
  const auto path = write("a", "old");
  {
    auto file = AtomicFile::create(path);
    ASSERT_TRUE(file.ok() && file->write("new").ok());
    EXPECT_TRUE(absl::IsAlreadyExists(file->commit(0644, AtomicFile::IfExists::kFail)));
  }
  EXPECT_EQ(*read_text_file(path), "old");
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFileTest, NothingTakesThePlaceOfAPipeOrAFolder) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  ASSERT_TRUE(std::filesystem::create_directory(folder_ / "folder"));
  for (const char* name : {"pipe", "folder"}) {
    const auto file = AtomicFile::create(folder_ / name);
    EXPECT_TRUE(absl::IsInvalidArgument(file.status())) << file.status();
  }
  EXPECT_EQ(files(), 2u);
}

TEST_F(AtomicFileTest, TheModeIsTheOneAskedFor) {
  auto file = AtomicFile::create(folder_ / "a");
  ASSERT_TRUE(file.ok() && file->write("x").ok());
  ASSERT_TRUE(file->commit(0600, AtomicFile::IfExists::kFail).ok());
  struct stat info {};
  ASSERT_EQ(::stat((folder_ / "a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  EXPECT_EQ(files(), 1u);
}

}  // namespace
}  // namespace durward
