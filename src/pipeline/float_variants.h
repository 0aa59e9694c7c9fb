// The float model in every runtime: what the INT8 files are compared with.
#pragma once

#include <string>
#include <vector>

#include "pipeline/evaluate.h"
#include "pipeline/model_file.h"
#include "pipeline/staged_folder.h"

namespace durward {

// Of the runtimes that were found: the file as it came, where a runtime reads it, then `rewritten`
// (it after simplify()) in each whose format can express it, written into the staging folder under
// `name`.
[[nodiscard]] absl::StatusOr<std::vector<Variant>> write_float_variants(
    const ModelFile& file, const Graph& rewritten, const std::string& name,
    const StagedFolder& staging);

}  // namespace durward
