#include "runtimes/engine_status.h"

namespace durward {

absl::Status engine_status(const EngineError& error) {
  switch (error.code) {
    case EngineCode::kOk:
      return absl::OkStatus();
    case EngineCode::kOutOfMemory:
    case EngineCode::kNoThreads:
      return absl::ResourceExhaustedError(error.message);
    case EngineCode::kUnknownVersion:
      return absl::UnimplementedError(error.message);
    case EngineCode::kNoSuchIsa:
      return absl::UnavailableError(error.message);
    case EngineCode::kMalformedPlan:
    case EngineCode::kUnaligned:
    case EngineCode::kInvalidPlan:
    case EngineCode::kDamaged:
      return absl::DataLossError(error.message);
    case EngineCode::kWrongBuffers:
    case EngineCode::kDeadline:
    case EngineCode::kNoScrub:
      break;
  }
  return absl::InternalError(error.message);
}

}  // namespace durward
