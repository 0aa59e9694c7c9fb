// A file written piece by piece that appears under its name whole or not at all.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"
#include "base/status.h"

namespace durward {

class AtomicFile {
 public:
  enum class IfExists { kReplace, kFail };

  // Opens a temporary file in the folder of `path`, readable by its owner alone. Errors name the
  // path and the cause; InvalidArgument where it is a device, a pipe or a folder.
  [[nodiscard]] static absl::StatusOr<AtomicFile> create(const std::filesystem::path& path);
  AtomicFile(AtomicFile&&) = default;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();  // removes the temporary file where it was not committed

  [[nodiscard]] absl::Status write(std::span<const std::byte> bytes);
  [[nodiscard]] absl::Status write(std::string_view text) {
    return write(std::as_bytes(std::span(text.data(), text.size())));
  }

  // Brings everything to the disk and gives the file its name: after a crash, a kill or a full disk
  // the name stands for the old file or the new one. Call it once, last.
  // AlreadyExists with kFail where the name is taken.
  [[nodiscard]] absl::Status commit(mode_t mode = 0644, IfExists if_exists = IfExists::kReplace);

 private:
  AtomicFile(std::filesystem::path path, std::string temporary, FileDescriptor file)
      : path_(std::move(path)), temporary_(std::move(temporary)), file_(std::move(file)) {}

  std::filesystem::path path_;
  std::string temporary_;
  FileDescriptor file_;
};

}  // namespace durward
