#include <string>

#include "formats/torch/architecture.h"
#include "formats/torch/network_builder.h"

namespace durward {
namespace {

// What the loss scales similarities with: of use in training alone.
constexpr std::string_view kSimilarityWeight = "similarity_weight";

// 1.6 seconds at 10 ms a frame.
constexpr int64_t kFrames = 160;
constexpr int kMostLayers = 64;

absl::StatusOr<Graph> build_encoder(StateDict& weights) {
  const std::string first_layer = "lstm.weight_ih_l0";
  DURWARD_ASSIGN_OR_RETURN(const Shape first, weights.shape(first_layer));
  if (first.size() != 2 || first[1] < 1) {
    return absl::InvalidArgumentError(absl::StrCat("tensor ", weights.prefix(), first_layer,
                                                   ": shape 4HxM for M mel bands is ",
                                                   "expected, it has ", to_string(first)));
  }
  NetworkBuilder net("GE2E speaker encoder", weights);
  TensorId x = net.sequence_input(kFrames, first[1]);
  for (int layer = 0; layer < kMostLayers; ++layer) {
    const std::string number = std::to_string(layer);
    if (!weights.has("lstm.weight_ih_l" + number)) break;
    x = net.lstm(x, "lstm", number);
  }
  x = net.last_step(x, "last");
  x = net.relu(net.linear(x, "linear"), "relu");
  x = net.l2_normalize(x, "embedding");
  for (const std::string_view name : {kSimilarityWeight, std::string_view("similarity_bias")}) {
    net.ignore(std::string(name), {1});
  }
  return net.finish(x, "embedding");
}

}  // namespace

const Architecture kGe2e = {"GE2E speaker encoder", kSimilarityWeight, build_encoder};

}  // namespace durward
