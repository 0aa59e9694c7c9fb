#include "data/opencv_codecs.h"

#include "base/module.h"

namespace durward {
namespace {

absl::StatusOr<const OpenCvCodecs*> load_opencv_codecs() {
  DURWARD_ASSIGN_OR_RETURN(void* const function,
                           module_function(DURWARD_CODECS_MODULE, "durward_opencv_codecs"));
  return reinterpret_cast<const OpenCvCodecs* (*)()>(function)();
}

}  // namespace

absl::StatusOr<const OpenCvCodecs*> opencv_codecs() {
  static const absl::StatusOr<const OpenCvCodecs*> codecs = load_opencv_codecs();
  return codecs;
}

}  // namespace durward
