// Model files that only a runtime itself can write, from an ONNX file.
#pragma once

#include <filesystem>

#include "base/status.h"

namespace durward {

// ONNX Runtime's own format, which its mobile builds load. Optimised for any processor: what
// depends on the one at hand is left to the device. Errors: as load_model, and Unavailable where
// the file cannot be written; what was written of it is removed.
[[nodiscard]] absl::Status save_ort_format(const std::filesystem::path& onnx,
                                           const std::filesystem::path& ort);

// OpenVINO's IR: `xml`, and beside it the weights in a file of the same name ending in .bin. Errors
// as above.
[[nodiscard]] absl::Status save_openvino_ir(const std::filesystem::path& onnx,
                                            const std::filesystem::path& xml);

}  // namespace durward
