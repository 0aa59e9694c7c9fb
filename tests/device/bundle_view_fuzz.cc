// Any bytes as a bundle: refused or read, and then every member is inside.
#include <cstdlib>

#include "device/bundle_view.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const std::byte> archive(reinterpret_cast<const std::byte*>(data), size);
  durward::device::BundleView view;
  std::string reason;
  if (durward::device::BundleView::read(archive, view, reason)) {
    const std::span<const std::byte> plan = view.plan();
    if (plan.data() < archive.data() || plan.data() + plan.size() > archive.data() + size) abort();
  } else if (reason.empty()) {
    abort();
  }
  return 0;
}
