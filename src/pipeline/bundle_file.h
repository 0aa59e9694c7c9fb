// A quantised graph as a bundle: its plan, and golden vectors that prove on any machine that it
// computes what was validated.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "bundle/manifest.h"
#include "data/preprocessing.h"
#include "graph/graph.h"

namespace durward {

// Inputs and what the reference executor computes for them, as raw bytes by port.
struct GoldenVector {
  std::vector<std::vector<std::byte>> inputs, outputs;
};

struct BundleModel {
  std::vector<std::byte> plan;
  std::vector<GoldenVector> golden;
};

// The golden vectors are of golden_inputs(). `arena_bytes` as in PlanOptions. Errors: those of
// build_plan and of the executor.
[[nodiscard]] absl::StatusOr<BundleModel> make_bundle_model(const Graph& graph,
                                                            const Preprocessing& preprocessing,
                                                            int64_t arena_bytes);

// A file to go into the bundle.
struct Attachment {
  std::string member;  // "exports/face.int8.tflite"
  std::string media_type;
  std::filesystem::path file;
};

// Errors: those of BundleWriter.
[[nodiscard]] absl::Status write_bundle_file(const std::filesystem::path& path,
                                             const Manifest& manifest, const BundleModel& model,
                                             const std::vector<Attachment>& attachments);

// How the model of a bundle wants its input. Errors: those of Bundle::open and parse_preprocessing.
[[nodiscard]] absl::StatusOr<Preprocessing> bundle_preprocessing(const std::filesystem::path& path);

// The name with each character that a member of a bundle cannot have as '_'.
[[nodiscard]] std::string member_name(std::string_view name);

}  // namespace durward
