#include "base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>

namespace durward {
namespace {

namespace fs = std::filesystem;

class FileTest : public ::testing::Test {
 protected:
  FileTest() : folder_(fs::path(::testing::TempDir()) / absl::StrCat("durward_file_", ::getpid())) {
    fs::create_directories(folder_);
  }
  ~FileTest() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(FileTest, WhatWasWrittenIsRead) {
  ASSERT_TRUE(write_file_atomic(folder_ / "a", "first").ok());
  ASSERT_TRUE(write_file_atomic(folder_ / "a", "second").ok());
  EXPECT_EQ(*read_text_file(folder_ / "a"), "second");
}

TEST_F(FileTest, AMissingFileIsNamed) {
  const auto bytes = read_file(folder_ / "absent");
  EXPECT_TRUE(absl::IsNotFound(bytes.status()));
  EXPECT_THAT(std::string(bytes.status().message()), ::testing::HasSubstr("absent"));
}

TEST_F(FileTest, AFolderIsNotAFile) {
  EXPECT_TRUE(absl::IsInvalidArgument(read_file(folder_).status()));
}

TEST_F(FileTest, APipeWithoutAWriterIsRefusedNotWaitedFor) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_TRUE(absl::IsInvalidArgument(read_file(folder_ / "pipe").status()));
  const auto take = [](std::span<const std::byte>) { return absl::OkStatus(); };
  EXPECT_TRUE(absl::IsInvalidArgument(for_each_piece(folder_ / "pipe", take)));
}

TEST_F(FileTest, AFileOverTheLimitIsNotRead) {
  std::ofstream(folder_ / "big") << "0123456789";
  EXPECT_TRUE(absl::IsResourceExhausted(read_file(folder_ / "big", 9).status()));
  EXPECT_TRUE(read_file(folder_ / "big", 10).ok());
}

TEST_F(FileTest, AWriteThatFailsHalfwayLeavesTheOldFileAndNothingElse) {
  ASSERT_TRUE(write_file_atomic(folder_ / "a", "old").ok());
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1024, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::Status status = write_file_atomic(folder_ / "a", std::string(4096, 'x'));
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_EQ(*read_text_file(folder_ / "a"), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator{}), 1);
}

TEST_F(FileTest, WritingIntoAMissingFolderNamesIt) {
  EXPECT_TRUE(absl::IsNotFound(write_file_atomic(folder_ / "no" / "a", "x")));
}

}  // namespace
}  // namespace durward
