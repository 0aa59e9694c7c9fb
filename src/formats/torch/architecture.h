// The architectures whose checkpoints are imported by name. A checkpoint holds weights and no
// network, so the network is written here, one file each; docs/how-to-add.md says how to add one.
#pragma once

#include <string_view>

#include "base/status.h"
#include "formats/torch/state_dict.h"
#include "graph/graph.h"

namespace durward {

struct Architecture {
  std::string_view name;  // for people: "MobileFaceNet"
  // A tensor that its state dicts have and others do not: it tells the architecture and, by what
  // stands before it, the prefix of all names.
  std::string_view signature;
  absl::StatusOr<Graph> (*build)(StateDict& weights);
};

// MobileFaceNet (Chen et al., "MobileFaceNets: Efficient CNNs for Accurate Real-Time Face
// Verification on Mobile Devices", CCBR 2018), with the layer names of
// Xiaoccer/MobileFaceNet_Pytorch. Input 1x3x112x96 RGB, (x - 127.5) / 128, where its global
// depthwise convolution is 7x6; output "embedding", 1x128, not normalised.
extern const Architecture kMobileFaceNet;

// MiniFASNet and MiniFASNet with squeeze and excitation, presentation-attack detectors, with the
// layer names of minivision-ai/Silent-Face-Anti-Spoofing. Input 1x3x80x80 BGR, 0..255, where its
// global depthwise convolution is 5x5; output "logits", 1x3, of which the second is of live faces.
extern const Architecture kMiniFasNet;

// The speaker encoder of Wan et al., "Generalized End-to-End Loss for Speaker Verification", ICASSP
// 2018, with the layer names of Resemblyzer and of Real-Time-Voice-Cloning: LSTM layers, the last
// hidden state through a linear layer and a ReLU. Input 1x160xM power mel frames, M = 40 for the
// published weights; output "embedding", 1x256, of length 1.
extern const Architecture kGe2e;

}  // namespace durward
