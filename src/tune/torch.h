// libtorch's tensors. The first header stands first: clang does not take the others as C++20
// without.
#pragma once

// clang-format off
#include <ATen/core/ivalue.h>
#include <torch/types.h>
// clang-format on
