// How the engine reports an error: a code and a sentence. It goes where there are no exceptions.
#pragma once

#include <cstdint>
#include <string>

namespace durward {

enum class EngineCode : uint8_t {
  kOk,
  kMalformedPlan,   // not the bytes of a plan
  kUnknownVersion,  // of a plan that this engine is too old or too new for
  kUnaligned,       // the plan's memory
  kInvalidPlan,     // a plan that would leave its memory
  kNoSuchIsa,       // one that was asked for, and that this machine lacks
  kOutOfMemory,
  kWrongBuffers,  // number or sizes of the inputs and outputs of a run
  kDeadline,      // a run that was stopped between two steps
  kNoThreads,     // more than an engine has, or than the system gives
  kDamaged,       // memory that does not hold any more what it held
  kNoScrub,       // a session that was made without
};

struct [[nodiscard]] EngineError {
  EngineCode code = EngineCode::kOk;
  std::string message;

  [[nodiscard]] bool ok() const { return code == EngineCode::kOk; }
};

}  // namespace durward
