#include "data/image_folder.h"

#include "data/folder.h"
#include "data/image_header.h"

namespace durward {

absl::StatusOr<ImageFolder> list_images(const std::filesystem::path& folder) {
  DURWARD_ASSIGN_OR_RETURN(FolderFiles found,
                           list_files(folder, {.name = "pictures",
                                               .formats = "JPEG, PNG, BMP or WebP",
                                               .signature_bytes = kImageSignatureBytes,
                                               .accepts = [](std::span<const std::byte> start) {
                                                 return image_format(start).has_value();
                                               }}));
  return ImageFolder{.images = std::move(found.files), .skipped = std::move(found.skipped)};
}

}  // namespace durward
