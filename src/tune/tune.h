// Fine-tuning of a quantised model: the integers of its weights and the scales of everything are
// trained so that its embeddings come close to those of the float model, its teacher. No labels are
// needed; where people are known, a margin between them can be a part of the loss.
//
// This header is plain C++; libtorch appears in the sources of this folder alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/status.h"
#include "graph/graph.h"

namespace durward {

// What is learnt from. Sample i is any input of the model with the teacher's embedding of it.
// Samples of one picture (it and its mirror image) have the same group and are never divided
// between training and held-out samples.
struct TuneData {
  // Writes a sample's input, NHWC floats. Called from one thread.
  std::function<absl::Status(int64_t sample, std::span<float> input)> read;
  std::vector<int64_t> group_of_sample;
  std::vector<float> teacher;  // samples x dimensions
  int64_t dimensions = 0;
  std::vector<int32_t> person_of_sample = {};  // needed for a margin between people
};

struct TuneOptions {
  int64_t steps = 250;
  int64_t batch = 32;
  double held_out_share = 0.12;  // of the groups; at least 8 of them
  int64_t evaluate_every = 25;   // steps; on the held-out samples
  // Adam's step sizes at their highest, each in the unit in which such a parameter is felt.
  double weight_rate = 0.01;   // steps of the weight's scale
  double bias_rate = 0.01;     // steps of the output's scale
  double scale_rate = 5e-4;    // relative
  double slope_rate = 2e-4;    // of PReLU, absolute
  double relation_weight = 1;  // of the loss on Gram matrices against that on cosines
  double margin_weight = 0;    // of the angular-margin loss, which needs to know people; 0: without
  double centre_rate = 0.01;   // of people's centres, which have length 1
  uint64_t seed = 1;
  int threads = 1;
  // Where a checkpoint is kept; empty: none.
  std::filesystem::path checkpoint = {};
  int64_t checkpoint_every = 20;
  bool resume = false;        // go on from the checkpoint, if there is one
  std::string identity = {};  // of model, data and options: a checkpoint of others is refused
  Progress progress = {};
};

struct HeldOut {
  double loss = 0;
  double cosine_mean = 0, cosine_min = 0;  // between the student's and the teacher's embeddings
};

struct TunePoint {
  int64_t step = 0;  // that were done
  double loss = 0;   // mean over the training batches since the point before; of step 0 unused
  HeldOut held_out;
};

// Embeddings as training computed them, to be compared with what the exported model computes.
struct Witness {
  std::vector<int64_t> samples;
  std::vector<float> embeddings;  // samples x dimensions
};

struct TuneOutcome {
  // The float graph with weights that are whole multiples of their scales, and all scales as
  // Tensor::trained: quantize() gives the integers that were trained.
  Graph tuned;
  std::vector<TunePoint> history;  // the first before any step
  int64_t best_step = 0;           // whose parameters `tuned` has; 0: nothing was better
  int64_t training_samples = 0, held_out_samples = 0;
  int64_t resumed_from = 0;  // step
  Witness witness;           // of the tuned graph on some held-out samples
};

struct TuneJob {
  const Graph& prepared;   // float, fused and equalised
  const Graph& quantised;  // quantize() of it: where training starts
  const TuneData& data;
  TuneOptions options = {};
};

// Trains. Deterministic given data, options and the number of threads, also when it was stopped and
// resumed. Errors: Unimplemented with every node that cannot be trained, before anything starts;
// InvalidArgument (too few pictures, a margin with one person, a teacher that does not tell them
// apart, a model without one embedding as output, a checkpoint of another job); Aborted where the
// loss is no number, with a checkpoint from before it was; Cancelled by progress, with the last
// checkpoint kept; those of writing it, with the one before kept.
using Tuner = std::function<absl::StatusOr<TuneOutcome>(const TuneJob& job)>;

// The tuner of this folder; needs libtorch.
[[nodiscard]] absl::StatusOr<TuneOutcome> distill(const TuneJob& job);

}  // namespace durward
