// A face model as the pipeline uses it: an aligned crop in, the raw embedding out.
#pragma once

#include <memory>
#include <vector>

#include "data/image.h"
#include "data/input_spec.h"
#include "data/tensor.h"
#include "runtimes/runtime.h"

namespace durward {

// Owns the model. One thread at a time may call embed().
class FaceEmbedder {
 public:
  // The model must have one image input (NHWC or NCHW, float32, int8 or uint8) of the
  // specification's size and a first output whose leading dimension is the input's batch; a model
  // of a fixed batch above 1 is given the same picture in each slot. InvalidArgument says which of
  // these does not hold.
  [[nodiscard]] static absl::StatusOr<FaceEmbedder> create(std::unique_ptr<RuntimeModel> model,
                                                           const InputSpec& spec);

  // The first output for a crop of the specification's size, as float32: [dims()], not normalised.
  // Errors: as fill_tensor and RuntimeModel::run.
  [[nodiscard]] absl::StatusOr<std::vector<float>> embed(const Image& crop);

  // The model's input for such a crop, in the port's layout and type: what run() takes.
  [[nodiscard]] absl::StatusOr<std::vector<std::byte>> encode(const Image& crop);

  [[nodiscard]] int dims() const { return dims_; }
  [[nodiscard]] RuntimeModel& model() { return *model_; }

 private:
  FaceEmbedder(std::unique_ptr<RuntimeModel> model, const InputSpec& spec)
      : model_(std::move(model)), spec_(spec) {}

  absl::Status fill_input(const Image& crop);

  std::unique_ptr<RuntimeModel> model_;
  InputSpec spec_;
  TensorLayout layout_ = TensorLayout::kNhwc;
  int64_t batch_ = 1;
  int dims_ = 0;
  std::vector<float> tensor_;                    // one picture
  std::vector<std::byte> input_;                 // batch_ pictures in the port's type
  std::vector<std::vector<std::byte>> outputs_;  // one buffer per port
};

// Writes an image's normalised values as a port wants them: float32 as they are, integers quantised
// with the port's parameters (round to nearest even, saturated). `bytes` has
// values.size() * size_of(port.type) bytes. InvalidArgument for other types, or an integer port
// without parameters.
[[nodiscard]] absl::Status encode_values(std::span<const float> values, const PortInfo& port,
                                         std::span<std::byte> bytes);

// The reverse: an output port's bytes as float32.
[[nodiscard]] absl::StatusOr<std::vector<float>> decode_values(std::span<const std::byte> bytes,
                                                               const PortInfo& port);

}  // namespace durward
