// Which of the C files of the kernels (kernels/) an export needs.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "micro/embedded_files.h"

namespace durward {

// What a kernel function is made of, by the header that declares it ("conv2d.h") and its own source
// ("conv2d.c"): these, the variants of other instruction sets beside them, and whatever any of
// these includes or calls. Sorted.
[[nodiscard]] std::vector<EmbeddedFile> files_for(const std::set<std::string>& sources);

}  // namespace durward
