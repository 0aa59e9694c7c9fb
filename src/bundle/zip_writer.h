// Writes the ZIP that zip_layout.h describes, in one go from front to back.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "bundle/zip_layout.h"

namespace durward {

class ZipWriter {
 public:
  // Takes the archive's next bytes.
  using Sink = std::function<absl::Status(std::span<const std::byte>)>;

  explicit ZipWriter(Sink sink) : sink_(std::move(sink)) {}

  // Begins a member of so many bytes, which write() must supply before the next begins.
  // InvalidArgument for an unsafe name or one that is there; ResourceExhausted where the archive
  // would be larger than kMaxBundleBytes or have more than kMaxMembers.
  [[nodiscard]] absl::Status begin(std::string_view name, int64_t bytes, uint32_t crc32);
  [[nodiscard]] absl::Status write(std::span<const std::byte> bytes);
  // A whole member.
  [[nodiscard]] absl::Status add(std::string_view name, std::span<const std::byte> bytes);
  // The directory. Call it once, last. FailedPrecondition where a member lacks bytes.
  [[nodiscard]] absl::Status finish();

 private:
  [[nodiscard]] absl::Status put(std::string_view text);

  Sink sink_;
  int64_t position_ = 0;
  int64_t missing_ = 0;  // bytes of the member begun last
  std::set<std::string> names_;
  std::string directory_;
};

}  // namespace durward
