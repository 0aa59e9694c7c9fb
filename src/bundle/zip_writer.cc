#include "bundle/zip_writer.h"

#include "bundle/crc32.h"

namespace durward {

absl::Status ZipWriter::begin(std::string_view name, int64_t bytes, uint32_t crc32) {
  DURWARD_RETURN_IF_ERROR(check_member_name(name));
  if (!names_.insert(folded_name(name)).second) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(name), ": a member of this name (case aside) is there already"));
  }
  if (names_.size() > kMaxMembers) {
    return absl::ResourceExhaustedError(
        absl::StrCat("more than ", kMaxMembers, " members do not fit into a bundle"));
  }
  if (missing_ != 0) return absl::FailedPreconditionError("the member before lacks bytes");
  ZipEntry entry{std::string(name), crc32, 0, static_cast<uint32_t>(position_)};
  const int64_t overhead = static_cast<int64_t>(local_header(entry).size() +
                                                directory_entry(entry).size() + directory_.size()) +
                           static_cast<int64_t>(kEndRecordBytes);
  if (bytes < 0 || bytes > kMaxBundleBytes - position_ - overhead) {
    return absl::ResourceExhaustedError(absl::StrCat(entry.name, ": with its ", bytes,
                                                     " bytes the bundle would be larger than ",
                                                     kMaxBundleBytes, " bytes"));
  }
  entry.bytes = static_cast<uint32_t>(bytes);
  directory_ += directory_entry(entry);
  missing_ = bytes;
  return put(local_header(entry));
}

absl::Status ZipWriter::write(std::span<const std::byte> bytes) {
  if (static_cast<int64_t>(bytes.size()) > missing_) {
    return absl::FailedPreconditionError("a member has more bytes than it was begun with");
  }
  missing_ -= static_cast<int64_t>(bytes.size());
  position_ += static_cast<int64_t>(bytes.size());
  return sink_(bytes);
}

absl::Status ZipWriter::add(std::string_view name, std::span<const std::byte> bytes) {
  DURWARD_RETURN_IF_ERROR(begin(name, static_cast<int64_t>(bytes.size()), crc32(bytes)));
  return write(bytes);
}

absl::Status ZipWriter::finish() {
  if (missing_ != 0) return absl::FailedPreconditionError("the last member lacks bytes");
  const auto directory_offset = static_cast<uint32_t>(position_);
  DURWARD_RETURN_IF_ERROR(put(directory_));
  return put(end_record(names_.size(), static_cast<uint32_t>(directory_.size()), directory_offset));
}

absl::Status ZipWriter::put(std::string_view text) {
  position_ += static_cast<int64_t>(text.size());
  return sink_(std::as_bytes(std::span(text.data(), text.size())));
}

}  // namespace durward
