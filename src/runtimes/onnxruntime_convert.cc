#include <onnxruntime_cxx_api.h>

#include "runtimes/convert.h"

namespace durward {

absl::Status save_ort_format(const std::filesystem::path& onnx, const std::filesystem::path& ort) {
  try {
    const Ort::Env environment(ORT_LOGGING_LEVEL_FATAL, "durward");
    Ort::SessionOptions settings;
    settings.SetGraphOptimizationLevel(ORT_ENABLE_EXTENDED);
    settings.SetOptimizedModelFilePath(ort.c_str());
    settings.AddConfigEntry("session.save_model_format", "ORT");
    const Ort::Session session(environment, onnx.c_str(), settings);
  } catch (const std::exception& error) {
    std::error_code ignored;
    std::filesystem::remove(ort, ignored);
    return absl::UnavailableError(absl::StrCat("ONNX Runtime could not convert ", onnx.string(),
                                               " to ", ort.string(), ": ", error.what()));
  }
  return absl::OkStatus();
}

}  // namespace durward
