// A bundle as a device opens it: mapped, with the SHA-256 of every member verified. It needs the
// standard library alone; what it leaves out, the signature and the archive's redundant bytes, is
// checked by bundle/bundle.h. docs/bundle.md describes the file.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace durward::device {

// A file's bytes, read only, at an address that is a multiple of a page.
class MappedBytes {
 public:
  // False where the file cannot be read: `reason` says why.
  [[nodiscard]] static bool open(const std::string& path, MappedBytes& mapped, std::string& reason);
  MappedBytes() = default;
  MappedBytes(MappedBytes&& other) noexcept { *this = std::move(other); }
  MappedBytes& operator=(MappedBytes&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~MappedBytes();
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::span<std::byte> bytes_;
};

class BundleView {
 public:
  // Members of `archive`, which outlives the view, after all that the manifest says of them was
  // found true. False where it is no bundle or a damaged one: `reason` names the member.
  [[nodiscard]] static bool read(std::span<const std::byte> archive, BundleView& view,
                                 std::string& reason);

  [[nodiscard]] std::span<const std::byte> plan() const { return members_[0].bytes; }
  // Nothing where the manifest names no such member.
  [[nodiscard]] std::optional<std::span<const std::byte>> member(std::string_view path) const;
  [[nodiscard]] const std::string& model_name() const { return model_name_; }

 private:
  struct Member {
    std::string_view name;
    std::span<const std::byte> bytes;
  };
  [[nodiscard]] bool read_members(std::span<const std::byte> archive, std::string& reason);
  [[nodiscard]] bool match_manifest(std::string_view text, std::string& reason);

  std::vector<Member> members_;  // without the manifest and its signature, plan.fb first
  std::string model_name_;
};

}  // namespace durward::device
