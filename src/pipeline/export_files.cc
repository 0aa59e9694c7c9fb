#include "pipeline/export_files.h"

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "biometrics/embeddings.h"
#include "formats/onnx/writer.h"
#include "runtimes/convert.h"
#include "runtimes/embedder.h"
#include "runtimes/reference.h"

namespace durward {
namespace {

absl::Status write_tflite_file(const Graph& graph, const TfliteWriteOptions& options,
                               const std::filesystem::path& path) {
  DURWARD_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, write_tflite(graph, options));
  return write_file_atomic(path, bytes);
}

// The runtimes do not say why a file could not be written.
absl::Status with_disk_space(const absl::Status& status, const std::filesystem::path& path) {
  constexpr uintmax_t kLittle = 64 << 10;  // bytes; less than any model
  std::error_code error;
  const auto space = std::filesystem::space(path.parent_path(), error);
  if (status.ok() || error || space.available > kLittle) return status;
  return absl::ResourceExhaustedError(
      absl::StrCat("no space left for ", path.string(), ": ", status.message()));
}

// OpenVINO fuses PReLU where the quantisation follows it directly: the reference graph's own form.
absl::Status write_openvino_files(const Graph& graph, const std::string& name,
                                  const StagedFolder& staging) {
  const std::filesystem::path onnx = staging.file(name + ".openvino.onnx");
  DURWARD_RETURN_IF_ERROR(write_onnx_file(graph, onnx));
  const std::filesystem::path xml = staging.file(name + ".int8.xml");
  return with_disk_space(save_openvino_ir(onnx, xml), xml);
}

}  // namespace

absl::Status write_onnx_file(const Graph& graph, const std::filesystem::path& path) {
  DURWARD_ASSIGN_OR_RETURN(const std::string bytes, write_onnx(graph, {}));
  return write_file_atomic(path, bytes);
}

absl::StatusOr<std::vector<ExportFile>> write_export_files(const QuantizedModels& models,
                                                           const std::set<ExportKind>& exports,
                                                           const std::string& name,
                                                           const TfliteWriteOptions& tflite,
                                                           const StagedFolder& staging) {
  std::vector<ExportFile> files;
  const bool onnx_wanted = exports.contains(ExportKind::kOnnx);
  const bool ort_wanted =
      exports.contains(ExportKind::kOrt) && is_available(RuntimeKind::kOnnxRuntime);
  if (exports.contains(ExportKind::kTflite)) {
    const std::string file = name + ".int8.tflite";
    DURWARD_RETURN_IF_ERROR(write_tflite_file(models.litert, tflite, staging.file(file)));
    files.push_back({file, "TFLite INT8", RuntimeKind::kLiteRt, &models.litert, {file}});
  }
  const std::string onnx = name + ".qdq.onnx";
  if (onnx_wanted || ort_wanted) {
    DURWARD_RETURN_IF_ERROR(write_onnx_file(models.onnxruntime, staging.file(onnx)));
  }
  if (onnx_wanted) {
    files.push_back({onnx, "ONNX QDQ", RuntimeKind::kOnnxRuntime, &models.onnxruntime, {onnx}});
  }
  if (ort_wanted) {
    const std::string ort = name + ".int8.ort";
    DURWARD_RETURN_IF_ERROR(
        with_disk_space(save_ort_format(staging.file(onnx), staging.file(ort)), staging.file(ort)));
    files.push_back({.name = ort,
                     .format = "ONNX Runtime Mobile",
                     .runtime = RuntimeKind::kOnnxRuntime,
                     .graph = &models.onnxruntime,
                     .parts = {ort},
                     .judged = !onnx_wanted});
  }
  if (exports.contains(ExportKind::kOpenVino) && is_available(RuntimeKind::kOpenVino)) {
    const std::string xml = name + ".int8.xml";
    DURWARD_RETURN_IF_ERROR(write_openvino_files(models.reference, name, staging));
    files.push_back(
        {xml, "OpenVINO IR", RuntimeKind::kOpenVino, &models.reference, {xml, name + ".int8.bin"}});
  }
  return files;
}

absl::StatusOr<Agreement> check_agreement(const ExportFile& file, const std::filesystem::path& path,
                                          const Samples& samples, int64_t count) {
  DURWARD_ASSIGN_OR_RETURN(std::unique_ptr<RuntimeModel> model, load_model(file.runtime, path, {}));
  DURWARD_ASSIGN_OR_RETURN(Embedder exported, Embedder::create(std::move(model), samples.shape));
  DURWARD_ASSIGN_OR_RETURN(std::unique_ptr<RuntimeModel> executor,
                           make_reference_model(*file.graph));
  DURWARD_ASSIGN_OR_RETURN(Embedder reference,
                           Embedder::create(std::move(executor), samples.shape));
  Agreement agreement{.samples = std::min(count, samples.count), .cosine_min = 1};
  int64_t equal = 0;
  std::vector<float> rows_a, rows_b;
  for (int64_t i = 0; i < agreement.samples; ++i) {
    DURWARD_ASSIGN_OR_RETURN(const std::vector<float> sample, read_sample(samples, i));
    DURWARD_ASSIGN_OR_RETURN(const std::vector<float> a, exported.embed(sample));
    DURWARD_ASSIGN_OR_RETURN(const std::vector<float> b, reference.embed(sample));
    if (a.size() != b.size())
      return absl::InternalError(absl::StrCat(file.name, ": its output has another size"));
    for (size_t e = 0; e < a.size(); ++e) {
      equal += a[e] == b[e] ? 1 : 0;
      agreement.largest_difference =
          std::max<double>(agreement.largest_difference, std::fabs(a[e] - b[e]));
    }
    rows_a.insert(rows_a.end(), a.begin(), a.end());
    rows_b.insert(rows_b.end(), b.begin(), b.end());
  }
  agreement.equal_share = static_cast<double>(equal) / static_cast<double>(rows_a.size());
  DURWARD_ASSIGN_OR_RETURN(const Embeddings a,
                           Embeddings::normalise(std::move(rows_a), exported.dims()));
  DURWARD_ASSIGN_OR_RETURN(const Embeddings b,
                           Embeddings::normalise(std::move(rows_b), exported.dims()));
  for (int64_t i = 0; i < a.rows(); ++i) {
    const double similarity = cosine(a.row(i), b.row(i));
    agreement.cosine_mean += similarity / static_cast<double>(a.rows());
    agreement.cosine_min = std::min(agreement.cosine_min, similarity);
  }
  return agreement;
}

}  // namespace durward
