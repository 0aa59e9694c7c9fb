#include "pipeline/silero_model.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "formats/onnx/reader.h"
#include "passes/passes.h"

namespace durward {
namespace {

namespace fs = std::filesystem;

// 64 samples of the frame before, and 512.
constexpr int64_t kSamples = 576;

}  // namespace

absl::StatusOr<CompiledGraph> compile_silero_vad(const fs::path& path) {
  absl::StatusOr<Graph> graph = read_onnx(
      path, {.dimensions = {{"sequence", kSamples}, {"input[1]", kSamples}, {"state[1]", 1}},
             .fixed_inputs = {{"sr", 16'000}}});
  if (!graph.ok()) return std::move(graph).status();
  DURWARD_RETURN_IF_ERROR(simplify(*graph));
  return CompiledGraph::create(*graph, 0);
}

absl::StatusOr<fs::path> default_silero_vad() {
  std::vector<fs::path> candidates;
  if (const char* named = std::getenv("DURWARD_VAD")) candidates.emplace_back(named);
  candidates.push_back(fs::path(DURWARD_DEPS_DIR) /
                       "wheel-files/silero_vad/silero_vad/data/silero_vad.onnx");
  for (const fs::path& candidate : candidates) {
    std::error_code error;
    if (fs::is_regular_file(candidate, error)) return candidate.lexically_normal();
  }
  return absl::NotFoundError(
      "no model of Silero's voice activity detector: run scripts/setup, or name silero_vad.onnx in "
      "DURWARD_VAD");
}

absl::StatusOr<DetectorMaker> DetectorMaker::create(VoiceActivity kind) {
  DetectorMaker maker(kind);
  if (kind == VoiceActivity::kSilero) {
    DURWARD_ASSIGN_OR_RETURN(const fs::path path, default_silero_vad());
    DURWARD_ASSIGN_OR_RETURN(maker.silero_, compile_silero_vad(path));
  }
  return maker;
}

absl::StatusOr<std::unique_ptr<VoiceActivityDetector>> DetectorMaker::make() const {
  if (!silero_) return create_voice_activity_detector(kind_);
  DURWARD_ASSIGN_OR_RETURN(std::unique_ptr<RuntimeModel> model, silero_->load({}));
  return create_silero_vad(std::move(model));
}

}  // namespace durward
