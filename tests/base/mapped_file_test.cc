#include "base/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/temporary_folder.h"

namespace durward {
namespace {

using MappedFileTest = TemporaryFolderTest;

std::string text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

TEST_F(MappedFileTest, HoldsTheBytesOfTheFile) {
  auto file = MappedFile::open(write("a", "some bytes"), 10);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(text_of(*file), "some bytes");
  const MappedFile moved = *std::move(file);
  EXPECT_EQ(text_of(moved), "some bytes");
}

TEST_F(MappedFileTest, AnEmptyFileIsNoBytes) {
  const auto file = MappedFile::open(write("a", ""), 10);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(file->bytes().empty());
}

TEST_F(MappedFileTest, KeepsTheFileThatItOpenedWhenAnotherTakesItsName) {
  const auto path = write("a", "old");
  const auto file = MappedFile::open(path, 10);
  std::filesystem::rename(write("b", "new"), path);
  EXPECT_EQ(text_of(*file), "old");
}

TEST_F(MappedFileTest, WhatIsNoFileOrTooLargeIsRefused) {
  EXPECT_TRUE(absl::IsNotFound(MappedFile::open(folder_ / "absent", 10).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(MappedFile::open(folder_, 10).status()));
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_TRUE(absl::IsInvalidArgument(MappedFile::open(folder_ / "pipe", 10).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(MappedFile::open(write("a", "12345678901"), 10).status()));
}

}  // namespace
}  // namespace durward
