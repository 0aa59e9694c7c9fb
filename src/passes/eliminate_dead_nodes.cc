// op(x), which no graph output depends on  =>  nothing
#include "passes/passes.h"

namespace durward {

bool eliminate_dead_nodes(Graph& graph) { return graph.remove_dead_nodes(); }

}  // namespace durward
