// Any bytes give a bundle or an error. What is accepted as an archive is, byte for byte, what the
// writer makes of its members: nothing hides in it.
#include <cstdlib>

#include "bundle/bundle.h"
#include "bundle/zip_writer.h"

namespace {

using Bytes = std::span<const std::byte>;

// Calls for the next bytes of an archive that has to come out as it is.
class Comparison {
 public:
  explicit Comparison(Bytes expected) : rest_(expected) {}
  absl::Status take(Bytes bytes) {
    if (bytes.size() > rest_.size() || !std::equal(bytes.begin(), bytes.end(), rest_.begin())) {
      std::abort();
    }
    rest_ = rest_.subspan(bytes.size());
    return absl::OkStatus();
  }
  void finish() const {
    if (!rest_.empty()) std::abort();
  }

 private:
  Bytes rest_;
};

void write_again(Bytes archive, const std::vector<durward::ZipMember>& members) {
  Comparison comparison(archive);
  durward::ZipWriter zip([&](Bytes bytes) { return comparison.take(bytes); });
  for (const durward::ZipMember& member : members) {
    const auto size = static_cast<int64_t>(member.bytes.size());
    if (!zip.begin(member.name, size, member.crc32).ok() || !zip.write(member.bytes).ok()) {
      std::abort();
    }
  }
  if (!zip.finish().ok()) std::abort();
  comparison.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes archive = std::as_bytes(std::span(data, size));
  const auto members = durward::read_zip(archive);
  if (members.ok()) write_again(archive, *members);
  const durward::BundleOptions options = {.require = durward::BundleOptions::Require::kNothing};
  const auto bundle = durward::Bundle::read(archive, "fuzz", options);
  if (!bundle.ok()) return 0;
  if (!members.ok()) std::abort();
  (void)bundle->check_members();
  for (const durward::ManifestMember& member : bundle->manifest().members) {
    const auto bytes = bundle->member(member.path);
    if (bytes.ok() && static_cast<int64_t>(bytes->size()) != member.bytes) std::abort();
  }
  return 0;
}
