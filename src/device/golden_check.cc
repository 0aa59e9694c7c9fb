#include "device/golden_check.h"

#include <algorithm>

namespace durward::device {
namespace {

std::string path_of(int64_t vector, const char* kind, size_t port) {
  return "golden/" + std::to_string(vector) + "." + kind + std::to_string(port);
}

// What differs, or nothing.
std::string check_vector(Session& session, const FindMember& find, int64_t vector,
                         int64_t& compared) {
  const std::string which = "golden vector " + std::to_string(vector);
  const auto inputs = golden_inputs(session, find, vector);
  std::vector<std::vector<std::byte>> found;
  for (size_t i = 0; i < session.output_count(); ++i) found.emplace_back(session.output(i).bytes);
  const std::vector<std::span<std::byte>> outputs(found.begin(), found.end());
  if (!inputs || session.run(*inputs, outputs) != EngineCode::kOk) {
    return which + " does not have the inputs that the plan's ports want";
  }
  for (size_t i = 0; i < found.size(); ++i) {
    const auto expected = find(path_of(vector, "output", i));
    if (!expected || expected->size() != found[i].size()) {
      return which + " has " + std::to_string(expected ? expected->size() : 0) +
             " bytes for output " + std::to_string(i) + ", the plan makes " +
             std::to_string(found[i].size());
    }
    const auto difference = std::mismatch(expected->begin(), expected->end(), found[i].begin());
    if (difference.first != expected->end()) {
      return which + ": output " + std::to_string(i) + " differs from byte " +
             std::to_string(difference.first - expected->begin()) +
             " on; this machine does not compute what was validated";
    }
    compared += static_cast<int64_t>(found[i].size());
  }
  return "";
}

}  // namespace

std::optional<std::vector<std::span<const std::byte>>> golden_inputs(const Session& session,
                                                                     const FindMember& find,
                                                                     int64_t vector) {
  std::vector<std::span<const std::byte>> inputs;
  for (size_t i = 0; i < session.input_count(); ++i) {
    const auto bytes = find(path_of(vector, "input", i));
    if (!bytes || bytes->size() != session.input(i).bytes) return std::nullopt;
    inputs.push_back(*bytes);
  }
  return inputs;
}

GoldenOutcome check_golden(Session& session, const FindMember& find) {
  GoldenOutcome outcome;
  while (find(path_of(outcome.vectors, "output", 0))) {
    outcome.problem = check_vector(session, find, outcome.vectors, outcome.bytes);
    if (!outcome.problem.empty()) return outcome;
    ++outcome.vectors;
  }
  return outcome;
}

}  // namespace durward::device
