#include "capture/video_module.h"

#include "base/module.h"

namespace durward {
namespace {

absl::StatusOr<const VideoModule*> video_module() {
  static const absl::StatusOr<const VideoModule*> loaded =
      module_offer<VideoModule>(DURWARD_VIDEO_MODULE, "durward_video_module");
  return loaded;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PictureSource>> open_device(const std::string& path,
                                                           const CameraOptions& options) {
  DURWARD_ASSIGN_OR_RETURN(const VideoModule* const module, video_module());
  return module->device(path, options);
}

absl::StatusOr<std::unique_ptr<PictureSource>> open_pipeline(const std::string& pipeline,
                                                             const CameraOptions& options) {
  DURWARD_ASSIGN_OR_RETURN(const VideoModule* const module, video_module());
  return module->pipeline(pipeline, options);
}

absl::StatusOr<std::unique_ptr<PictureSource>> open_video(const std::string& path,
                                                          const CameraOptions& options) {
  DURWARD_ASSIGN_OR_RETURN(const VideoModule* const module, video_module());
  return module->video(path, options);
}

}  // namespace durward
