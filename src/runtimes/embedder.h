// A model of one input and one embedding, in any runtime: a sample in, the raw embedding out.
#pragma once

#include <memory>
#include <vector>

#include "runtimes/runtime.h"

namespace durward {

// Owns the model. One thread at a time may call embed().
class Embedder {
 public:
  // `sample` is the shape of one sample in the IR's layout, a batch of 1 in front. The model must
  // have one input of that shape, or of its NCHW permutation where it is a picture, float32, int8
  // or uint8; and a first output whose leading dimension is the input's batch. A model of a fixed
  // batch above 1 is given the same sample in each slot. InvalidArgument says which of these does
  // not hold.
  [[nodiscard]] static absl::StatusOr<Embedder> create(std::unique_ptr<RuntimeModel> model,
                                                       const Shape& sample);

  // The first output for a sample of elements(shape) values, as float32: [dims()], not normalised.
  // Errors: as RuntimeModel::run, and InvalidArgument for another number of values.
  [[nodiscard]] absl::StatusOr<std::vector<float>> embed(std::span<const float> sample);

  // The model's input for such a sample, in the port's layout and type: what run() takes.
  [[nodiscard]] absl::StatusOr<std::vector<std::byte>> encode(std::span<const float> sample);

  [[nodiscard]] int dims() const { return dims_; }
  [[nodiscard]] RuntimeModel& model() { return *model_; }

 private:
  Embedder(std::unique_ptr<RuntimeModel> model, Shape sample)
      : model_(std::move(model)), sample_(std::move(sample)) {}

  absl::Status fill_input(std::span<const float> sample);

  std::unique_ptr<RuntimeModel> model_;
  Shape sample_;
  bool nchw_ = false;
  int64_t batch_ = 1;
  int dims_ = 0;
  std::vector<float> planes_;                    // a sample as NCHW
  std::vector<std::byte> input_;                 // batch_ samples in the port's type
  std::vector<std::vector<std::byte>> outputs_;  // one buffer per port
};

// [1, height, width, channels] as [1, channels, height, width]; both of elements(shape) values.
void nhwc_to_nchw(std::span<const float> values, const Shape& shape, std::span<float> planes);

// Writes normalised values as a port wants them: float32 as they are, integers quantised
// with the port's parameters (round to nearest even, saturated). `bytes` has
// values.size() * size_of(port.type) bytes. InvalidArgument for other types, or an integer port
// without parameters.
[[nodiscard]] absl::Status encode_values(std::span<const float> values, const PortInfo& port,
                                         std::span<std::byte> bytes);

// The reverse: an output port's bytes as float32.
[[nodiscard]] absl::StatusOr<std::vector<float>> decode_values(std::span<const std::byte> bytes,
                                                               const PortInfo& port);

}  // namespace durward
