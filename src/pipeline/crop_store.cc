#include "pipeline/crop_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace durward {

absl::StatusOr<CropStore> CropStore::create(int width, int height) {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::temp_directory_path(error);
  std::string name = (folder / "durward-crops-XXXXXX").string();
  const int fd = error ? -1 : ::mkostemp(name.data(), O_CLOEXEC);
  if (fd < 0) {
    return absl::UnavailableError(absl::StrCat("cannot make a temporary file in ", folder.string(),
                                               "; set TMPDIR to a writable folder"));
  }
  ::unlink(name.c_str());
  return CropStore(fd, width, height);
}

CropStore::CropStore(CropStore&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      width_(other.width_),
      height_(other.height_),
      size_(other.size_) {}

CropStore& CropStore::operator=(CropStore&& other) noexcept {
  std::swap(fd_, other.fd_);
  width_ = other.width_;
  height_ = other.height_;
  size_ = other.size_;
  return *this;
}

CropStore::~CropStore() {
  if (fd_ >= 0) ::close(fd_);
}

absl::Status CropStore::append(const Image& crop) {
  if (crop.width != width_ || crop.height != height_) {
    return absl::InvalidArgumentError(absl::StrCat("a crop of ", crop.width, "x", crop.height,
                                                   " pixels, expected ", width_, "x", height_));
  }
  int64_t offset = size_ * bytes_per_crop();
  for (size_t done = 0; done < crop.rgb.size();) {
    const ssize_t written = ::pwrite(fd_, crop.rgb.data() + done, crop.rgb.size() - done, offset);
    if (written < 0) {
      if (errno == EINTR) continue;
      return absl::ResourceExhaustedError(absl::StrCat(
          "cannot keep the aligned crops in the temporary folder: ", std::strerror(errno),
          "; set TMPDIR to a folder with more space"));
    }
    done += static_cast<size_t>(written);
    offset += written;
  }
  ++size_;
  return absl::OkStatus();
}

absl::StatusOr<Image> CropStore::read(int64_t index) const {
  Image crop(width_, height_);
  const int64_t offset = index * bytes_per_crop();
  for (size_t done = 0; done < crop.rgb.size();) {
    const ssize_t got = ::pread(fd_, crop.rgb.data() + done, crop.rgb.size() - done,
                                offset + static_cast<int64_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0)
      return absl::DataLossError(
          absl::StrCat("cannot read crop ", index, " back from the temporary folder"));
    done += static_cast<size_t>(got);
  }
  return crop;
}

}  // namespace durward
