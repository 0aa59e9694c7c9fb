#include "pipeline/record_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

namespace durward {

absl::StatusOr<RecordStore> RecordStore::create(size_t bytes_per_record) {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::temp_directory_path(error);
  std::string name = (folder / "durward-samples-XXXXXX").string();
  const int fd = error ? -1 : ::mkostemp(name.data(), O_CLOEXEC);
  if (fd < 0) {
    return absl::UnavailableError(absl::StrCat("cannot make a temporary file in ", folder.string(),
                                               "; set TMPDIR to a writable folder"));
  }
  ::unlink(name.c_str());
  return RecordStore(fd, bytes_per_record);
}

RecordStore::RecordStore(RecordStore&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      bytes_per_record_(other.bytes_per_record_),
      size_(other.size_) {}

RecordStore& RecordStore::operator=(RecordStore&& other) noexcept {
  std::swap(fd_, other.fd_);
  bytes_per_record_ = other.bytes_per_record_;
  size_ = other.size_;
  return *this;
}

RecordStore::~RecordStore() {
  if (fd_ >= 0) ::close(fd_);
}

absl::Status RecordStore::append(std::span<const std::byte> record) {
  if (record.size() != bytes_per_record_) {
    return absl::InvalidArgumentError(
        absl::StrCat("a record of ", record.size(), " bytes, expected ", bytes_per_record_));
  }
  auto offset = static_cast<off_t>(size_ * static_cast<int64_t>(bytes_per_record_));
  for (size_t done = 0; done < record.size();) {
    const ssize_t written = ::pwrite(fd_, record.data() + done, record.size() - done, offset);
    if (written < 0) {
      if (errno == EINTR) continue;
      return absl::ResourceExhaustedError(
          absl::StrCat("cannot keep the samples in the temporary folder: ", std::strerror(errno),
                       "; set TMPDIR to a folder with more space"));
    }
    done += static_cast<size_t>(written);
    offset += written;
  }
  ++size_;
  return absl::OkStatus();
}

absl::Status RecordStore::read(int64_t index, std::span<std::byte> record) const {
  if (record.size() != bytes_per_record_) {
    return absl::InvalidArgumentError(
        absl::StrCat("room for ", record.size(), " bytes, a record has ", bytes_per_record_));
  }
  const int64_t offset = index * static_cast<int64_t>(bytes_per_record_);
  for (size_t done = 0; done < record.size();) {
    const ssize_t got = ::pread(fd_, record.data() + done, record.size() - done,
                                static_cast<off_t>(offset + static_cast<int64_t>(done)));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      return absl::DataLossError(
          absl::StrCat("cannot read sample ", index, " back from the temporary folder"));
    }
    done += static_cast<size_t>(got);
  }
  return absl::OkStatus();
}

}  // namespace durward
