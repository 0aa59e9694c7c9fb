// A folder of pictures as a source of frames.
#include <array>
#include <fstream>

#include "capture/picture_source.h"
#include "data/image_folder.h"
#include "data/image_header.h"

namespace durward {
namespace {

class PictureFolder final : public PictureSource {
 public:
  PictureFolder(std::vector<std::filesystem::path> pictures, const CameraOptions& options)
      : pictures_(std::move(pictures)), options_(options) {}

  absl::Status grab() override {
    if (next_ == pictures_.size()) {
      return absl::OutOfRangeError(absl::StrCat("all ", pictures_.size(), " pictures were shown"));
    }
    ++next_;
    return absl::OkStatus();
  }

  absl::StatusOr<Image> retrieve() override {
    const ImageLimits limits{.max_pixels = int64_t{options_.max_width} * options_.max_height};
    absl::StatusOr<Image> image = read_image(pictures_[next_ - 1], limits);
    if (!image.ok()) {
      if (absl::IsResourceExhausted(image.status())) return image.status();
      return absl::UnavailableError(image.status().message());
    }
    if (const absl::Status fits = check_frame_size(image->width, image->height, options_);
        !fits.ok()) {
      return with_context(fits, pictures_[next_ - 1].string());
    }
    return image;
  }

 private:
  std::vector<std::filesystem::path> pictures_;
  size_t next_ = 0;
  CameraOptions options_;
};

}  // namespace

bool is_picture(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, kImageSignatureBytes> start{};
  file.read(start.data(), start.size());
  return image_format(std::as_bytes(std::span(start.data(), static_cast<size_t>(file.gcount()))))
      .has_value();
}

absl::StatusOr<std::unique_ptr<PictureSource>> open_pictures(const std::string& path,
                                                             const CameraOptions& options) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    return std::make_unique<PictureFolder>(std::vector<std::filesystem::path>{path}, options);
  }
  DURWARD_ASSIGN_OR_RETURN(ImageFolder folder, list_images(path));
  return std::make_unique<PictureFolder>(std::move(folder.images), options);
}

}  // namespace durward
