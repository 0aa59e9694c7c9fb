// Visits what a KernelCall holds. Unlike std::visit this has no table of functions, each with a
// frame of its own, and no exception, which such a variant never has a reason for: code that can do
// without tables for unwinding the stack stays so.
#pragma once

#include <cstddef>
#include <type_traits>
#include <variant>

#include "engine/kernel_call.h"

namespace durward {

// It always holds one of its calls.
static_assert(std::is_trivially_copyable_v<KernelCall>);

// `Call` is KernelCall or const KernelCall; the visitor returns the same type for each kind.
template <size_t kKind = 0, typename Call, typename Visitor>
auto visit_call(Call& call, const Visitor& visitor) {
  if constexpr (kKind + 1 < std::variant_size_v<KernelCall>) {
    if (call.index() != kKind) return visit_call<kKind + 1>(call, visitor);
  }
  return visitor(*std::get_if<kKind>(&call));
}

}  // namespace durward
