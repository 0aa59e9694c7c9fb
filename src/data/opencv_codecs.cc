#include "data/opencv_codecs.h"

#include "base/module.h"

namespace durward {
absl::StatusOr<const OpenCvCodecs*> opencv_codecs() {
  static const absl::StatusOr<const OpenCvCodecs*> codecs =
      module_offer<OpenCvCodecs>(DURWARD_CODECS_MODULE, "durward_opencv_codecs");
  return codecs;
}

}  // namespace durward
