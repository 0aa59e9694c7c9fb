#include <string_view>

#include "passes/passes.h"

namespace durward {
namespace {

struct Pass {
  std::string_view name;
  bool (*run)(Graph&);
};

// Names of ops first, since folding relies on them; each round lets the next see further.
constexpr Pass kPasses[] = {
    {"fold_constants", fold_constants},
    {"remove_no_ops", remove_no_ops},
    {"eliminate_common_nodes", eliminate_common_nodes},
    {"turn_transposes_into_reshapes", turn_transposes_into_reshapes},
    {"merge_reshapes", merge_reshapes},
    {"merge_transposes", merge_transposes},
    {"recognize_depthwise", recognize_depthwise},
    {"recognize_clips", recognize_clips},
    {"recognize_hard_swish", recognize_hard_swish},
    {"recognize_prelu", recognize_prelu},
    {"recognize_l2_normalize", recognize_l2_normalize},
    {"recognize_softmax", recognize_softmax},
    {"absorb_broadcasts", absorb_broadcasts},
    {"fold_pads", fold_pads},
    {"hoist_affines_over_reshapes", hoist_affines_over_reshapes},
    {"fold_affines_into_previous_layers", fold_affines_into_previous_layers},
    {"fold_affines_into_next_layers", fold_affines_into_next_layers},
    {"merge_affines", merge_affines},
    {"recognize_fully_connected", recognize_fully_connected},
    {"sink_transposes", sink_transposes},
    {"fold_transposes_into_fully_connected", fold_transposes_into_fully_connected},
    {"eliminate_dead_nodes", eliminate_dead_nodes},
    {"drop_unused_states", drop_unused_states},
};
constexpr Pass kLowering = {"lower_batch_norms", lower_batch_norms};

absl::StatusOr<bool> run_verified(const Pass& pass, Graph& graph) {
  const bool changed = pass.run(graph);
  if (const absl::Status status = verify(graph); !status.ok()) {
    return with_context(status, absl::StrCat("after ", std::string(pass.name)));
  }
  return changed;
}

}  // namespace

absl::Status simplify(Graph& graph) {
  DURWARD_RETURN_IF_ERROR(verify(graph));
  // Each round takes nodes away, moves them or renames them for good; a handful is enough for real
  // models, and a transpose may sink one node a round.
  const size_t most_rounds = 2 * graph.node_count() + 16;
  bool lowered = false;
  for (size_t round = 0; round < most_rounds; ++round) {
    bool changed = false;
    for (const Pass& pass : kPasses) {
      DURWARD_ASSIGN_OR_RETURN(const bool pass_changed, run_verified(pass, graph));
      changed = changed || pass_changed;
    }
    if (changed) continue;
    if (!lowered) {
      lowered = true;
      DURWARD_ASSIGN_OR_RETURN(changed, run_verified(kLowering, graph));
    }
    if (!changed) {
      graph.compact();
      return absl::OkStatus();
    }
  }
  return absl::InternalError(absl::StrCat("the rewrites of graph '", graph.name,
                                          "' did not settle in ", most_rounds,
                                          " rounds; please report the model"));
}

}  // namespace durward
