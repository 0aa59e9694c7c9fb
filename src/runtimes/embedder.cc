#include "runtimes/embedder.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace durward {
namespace {

absl::Status unusable(const PortInfo& port, std::string_view expected) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", port.name, "' is ", std::string(to_string(port.type)), " ",
                   to_string(port.shape), ", expected ", std::string(expected)));
}

absl::Status check_quantised(const PortInfo& port) {
  if (port.quant && !port.quant->per_axis() && port.quant->scales.size() == 1)
    return absl::OkStatus();
  return unusable(port, "an integer port with one scale and zero point");
}

template <typename T>
void quantise(std::span<const float> values, const QuantParams& quant, std::span<std::byte> bytes) {
  for (size_t i = 0; i < values.size(); ++i) {
    const float q =
        std::nearbyint(values[i] / quant.scales[0]) + static_cast<float>(quant.zero_points[0]);
    const T stored = static_cast<T>(
        std::clamp<float>(q, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
    std::memcpy(&bytes[i * sizeof(T)], &stored, sizeof(T));
  }
}

template <typename T>
std::vector<float> dequantise(std::span<const std::byte> bytes, const QuantParams& quant) {
  std::vector<float> values(bytes.size() / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    T stored;
    std::memcpy(&stored, &bytes[i * sizeof(T)], sizeof(T));
    values[i] =
        quant.scales[0] * static_cast<float>(static_cast<int32_t>(stored) - quant.zero_points[0]);
  }
  return values;
}

}  // namespace

absl::Status encode_values(std::span<const float> values, const PortInfo& port,
                           std::span<std::byte> bytes) {
  switch (port.type) {
    case DataType::kFloat32:
      std::memcpy(bytes.data(), values.data(), values.size_bytes());
      return absl::OkStatus();
    case DataType::kInt8:
      DURWARD_RETURN_IF_ERROR(check_quantised(port));
      quantise<int8_t>(values, *port.quant, bytes);
      return absl::OkStatus();
    case DataType::kUInt8:
      DURWARD_RETURN_IF_ERROR(check_quantised(port));
      quantise<uint8_t>(values, *port.quant, bytes);
      return absl::OkStatus();
    default:
      return unusable(port, "float32, int8 or uint8");
  }
}

absl::StatusOr<std::vector<float>> decode_values(std::span<const std::byte> bytes,
                                                 const PortInfo& port) {
  switch (port.type) {
    case DataType::kFloat32: {
      std::vector<float> values(bytes.size() / sizeof(float));
      std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
      return values;
    }
    case DataType::kInt8:
      DURWARD_RETURN_IF_ERROR(check_quantised(port));
      return dequantise<int8_t>(bytes, *port.quant);
    case DataType::kUInt8:
      DURWARD_RETURN_IF_ERROR(check_quantised(port));
      return dequantise<uint8_t>(bytes, *port.quant);
    default:
      return unusable(port, "float32, int8 or uint8");
  }
}

void nhwc_to_nchw(std::span<const float> values, const Shape& shape, std::span<float> planes) {
  const auto channels = static_cast<size_t>(shape.back());
  const size_t positions = values.size() / channels;
  for (size_t p = 0; p < positions; ++p) {
    for (size_t c = 0; c < channels; ++c) planes[c * positions + p] = values[p * channels + c];
  }
}

absl::StatusOr<Embedder> Embedder::create(std::unique_ptr<RuntimeModel> model,
                                          const Shape& sample) {
  if (model->inputs().size() != 1 || model->outputs().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("an authentication model has one input and at least one output; this one has ",
                     model->inputs().size(), " and ", model->outputs().size()));
  }
  Embedder embedder(std::move(model), sample);
  const PortInfo& input = embedder.model_->inputs()[0];
  const Shape& shape = input.shape;
  const int64_t batch = shape.empty() ? 0 : shape[0];
  Shape expected = sample;
  expected[0] = batch;
  if (shape != expected) {
    embedder.nchw_ = sample.size() == 4 && shape == Shape{batch, sample[3], sample[1], sample[2]};
    if (!embedder.nchw_) {
      return unusable(input, absl::StrCat("one input of ", to_string(sample),
                                          " as the input specification says (give another "
                                          "--preset or --input-spec)"));
    }
    embedder.planes_.resize(static_cast<size_t>(elements(sample)));
  }
  const PortInfo& output = embedder.model_->outputs()[0];
  const int64_t count = elements(output.shape);
  if (batch < 1 || count < batch || count % batch != 0)
    return unusable(output, "an embedding for each sample");
  embedder.batch_ = batch;
  embedder.dims_ = static_cast<int>(count / batch);
  embedder.input_.resize(static_cast<size_t>(elements(shape) * size_of(input.type)));
  for (const PortInfo& port : embedder.model_->outputs()) {
    embedder.outputs_.emplace_back(static_cast<size_t>(elements(port.shape) * size_of(port.type)));
  }
  return embedder;
}

absl::Status Embedder::fill_input(std::span<const float> sample) {
  if (static_cast<int64_t>(sample.size()) != elements(sample_)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a sample of ", sample.size(), " values, expected ", to_string(sample_)));
  }
  if (nchw_) {
    nhwc_to_nchw(sample, sample_, planes_);
    sample = planes_;
  }
  const std::span<std::byte> input(input_);
  const size_t slot = input.size() / static_cast<size_t>(batch_);
  DURWARD_RETURN_IF_ERROR(encode_values(sample, model_->inputs()[0], input.first(slot)));
  for (size_t at = slot; at < input.size(); at += slot) {
    std::memcpy(&input[at], input.data(), slot);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::byte>> Embedder::encode(std::span<const float> sample) {
  DURWARD_RETURN_IF_ERROR(fill_input(sample));
  return input_;
}

absl::StatusOr<std::vector<float>> Embedder::embed(std::span<const float> sample) {
  DURWARD_RETURN_IF_ERROR(fill_input(sample));
  const std::span<const std::byte> inputs[] = {input_};
  const std::vector<std::span<std::byte>> outputs(outputs_.begin(), outputs_.end());
  DURWARD_RETURN_IF_ERROR(model_->run(inputs, outputs));
  const std::span<const std::byte> first(outputs_[0]);
  return decode_values(first.first(first.size() / static_cast<size_t>(batch_)),
                       model_->outputs()[0]);
}

}  // namespace durward
