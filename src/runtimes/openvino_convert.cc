#include <openvino/openvino.hpp>

#include "runtimes/convert.h"

namespace durward {

absl::Status save_openvino_ir(const std::filesystem::path& onnx, const std::filesystem::path& xml) {
  try {
    ov::Core core;
    constexpr bool kCompressToFp16 = false;  // scales would lose bits
    ov::save_model(core.read_model(onnx), xml, kCompressToFp16);
  } catch (const std::exception& error) {
    std::error_code ignored;
    std::filesystem::remove(xml, ignored);
    std::filesystem::remove(std::filesystem::path(xml).replace_extension(".bin"), ignored);
    return absl::UnavailableError(absl::StrCat("OpenVINO could not convert ", onnx.string(), " to ",
                                               xml.string(), ": ", error.what()));
  }
  return absl::OkStatus();
}

}  // namespace durward
