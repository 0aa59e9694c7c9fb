// A profile as a trace that chrome://tracing and ui.perfetto.dev open.
#pragma once

#include <nlohmann/json.hpp>

namespace durward {

// Of a profile document (docs/profile.md) in the Trace Event Format, JSON object form: a process
// for each profile, with a slice for each step of our engine's median run and the bytes of the
// arena in use, or for each op of another runtime, one behind the other with its typical time.
[[nodiscard]] nlohmann::json chrome_trace(const nlohmann::json& document);

}  // namespace durward
