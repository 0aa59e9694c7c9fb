// A folder of its own for each test, removed afterwards.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace durward {

class TemporaryFolderTest : public ::testing::Test {
 protected:
  TemporaryFolderTest() {
    std::string name = (std::filesystem::path(::testing::TempDir()) / "durward_XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~TemporaryFolderTest() override {
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
  }

  // Writes a file, with the folders that it needs, and returns its path.
  std::filesystem::path write(const std::filesystem::path& relative, std::string_view bytes) const {
    const std::filesystem::path path = folder_ / relative;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  std::filesystem::path folder_;
};

}  // namespace durward
