// The part of LiteRT's C API that we call, with prototypes of our own: the wheel ships the library
// without headers. Layouts as of 2.1 to 2.3.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/status.h"

namespace durward::litert {

using Handle = void*;
using Status = int;  // 0 is success

enum ElementType : int32_t {
  kFloat32 = 1,
  kInt32 = 2,
  kUInt8 = 3,
  kInt64 = 4,
  kBool = 6,
  kInt16 = 7,
  kInt8 = 9,
  kFloat16 = 10,
};

struct Layout {
  unsigned rank : 7;
  bool has_strides : 1;
  int32_t dimensions[8];
  uint32_t strides[8];
};
struct RankedType {
  int32_t element_type;
  Layout layout;
};
static_assert(sizeof(RankedType) == 72 && offsetof(RankedType, layout) == 4);

struct PerTensorQuantization {
  float scale;
  int64_t zero_point;
};
static_assert(sizeof(PerTensorQuantization) == 16);

struct EnvironmentOption {
  alignas(8) int32_t tag;
  alignas(8) int32_t type;  // of the value
  int64_t value;
};
static_assert(sizeof(EnvironmentOption) == 24 && offsetof(EnvironmentOption, value) == 16);

inline constexpr int32_t kDelegateOperator = 8;  // an op inside XNNPACK
inline constexpr int32_t kPlainOperator = 2;     // an op of the interpreter, or a whole delegate

struct ProfilerEvent {
  const char* tag;
  int32_t type;
  uint64_t start_us, elapsed_us;
  size_t memory_usage[6];
  uint64_t metadata1, metadata2;
  int32_t source;
};

// Every function that is called, by its name in the library without the prefix "LiteRt".
#define DURWARD_LITERT_FUNCTIONS(X)                                                       \
  X(Status, CreateEnvironment, (int, const EnvironmentOption*, Handle*))                  \
  X(void, DestroyEnvironment, (Handle))                                                   \
  X(Status, CreateModelFromFile, (Handle, const char*, Handle*))                          \
  X(void, DestroyModel, (Handle))                                                         \
  X(Status, CreateOptions, (Handle*))                                                     \
  X(void, DestroyOptions, (Handle))                                                       \
  X(Status, SetOptionsHardwareAccelerators, (Handle, int))                                \
  X(Status, CreateOpaqueOptions, (const char*, void*, void (*)(void*), Handle*))          \
  X(Status, AddOpaqueOptions, (Handle, Handle))                                           \
  X(Status, CreateCompiledModel, (Handle, Handle, Handle, Handle*))                       \
  X(void, DestroyCompiledModel, (Handle))                                                 \
  X(Status, GetNumModelSignatures, (Handle, size_t*))                                     \
  X(Status, GetModelSignature, (Handle, size_t, Handle*))                                 \
  X(Status, GetNumSignatureInputs, (Handle, size_t*))                                     \
  X(Status, GetNumSignatureOutputs, (Handle, size_t*))                                    \
  X(Status, GetSignatureInputName, (Handle, size_t, const char**))                        \
  X(Status, GetSignatureOutputName, (Handle, size_t, const char**))                       \
  X(Status, GetSignatureInputTensorByIndex, (Handle, size_t, Handle*))                    \
  X(Status, GetSignatureOutputTensorByIndex, (Handle, size_t, Handle*))                   \
  X(Status, GetRankedTensorType, (Handle, RankedType*))                                   \
  X(Status, GetQuantizationTypeId, (Handle, int*))                                        \
  X(Status, GetPerTensorQuantization, (Handle, PerTensorQuantization*))                   \
  X(Status, GetCompiledModelInputBufferRequirements, (Handle, size_t, size_t, Handle*))   \
  X(Status, GetCompiledModelOutputBufferRequirements, (Handle, size_t, size_t, Handle*))  \
  X(Status, GetTensorBufferRequirementsBufferSize, (Handle, size_t*))                     \
  X(Status, CreateManagedTensorBuffer, (Handle, int, const RankedType*, size_t, Handle*)) \
  X(void, DestroyTensorBuffer, (Handle))                                                  \
  X(Status, LockTensorBuffer, (Handle, void**, int))                                      \
  X(Status, UnlockTensorBuffer, (Handle))                                                 \
  X(Status, RunCompiledModel, (Handle, size_t, size_t, Handle*, size_t, Handle*))         \
  X(Status, CompiledModelGetProfiler, (Handle, Handle*))                                  \
  X(Status, StartProfiler, (Handle))                                                      \
  X(Status, StopProfiler, (Handle))                                                       \
  X(Status, GetNumProfilerEvents, (Handle, int*))                                         \
  X(Status, GetProfilerEvents, (Handle, int, ProfilerEvent*))

// The library's functions; the library stays loaded as long as the process runs.
struct Api {
#define DURWARD_LITERT_MEMBER(result, name, parameters) result(*name) parameters = nullptr;
  DURWARD_LITERT_FUNCTIONS(DURWARD_LITERT_MEMBER)
#undef DURWARD_LITERT_MEMBER
};

// The API of the library named by the environment variable DURWARD_LITERT, else of the one found
// at configure time; loaded once. Unavailable, saying why and what to install.
[[nodiscard]] absl::StatusOr<const Api*> api();

}  // namespace durward::litert
