#include "runtimes/golden.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <vector>

#include "runtimes/engine_status.h"

namespace durward {
namespace {

absl::StatusOr<std::vector<std::span<const std::byte>>> vectors_of(const Bundle& bundle,
                                                                   int64_t number,
                                                                   std::string_view kind,
                                                                   size_t ports) {
  std::vector<std::span<const std::byte>> found;
  for (size_t port = 0; port < ports; ++port) {
    DURWARD_ASSIGN_OR_RETURN(
        const auto bytes,
        bundle.member(absl::StrCat("golden/", number, ".", std::string(kind), port)));
    found.push_back(bytes);
  }
  return found;
}

absl::Status compare(int64_t number, size_t port, std::span<const std::byte> expected,
                     std::span<const std::byte> found) {
  if (expected.size() != found.size()) {
    return absl::DataLossError(absl::StrCat("golden vector ", number, " has ", expected.size(),
                                            " bytes for output ", port, ", the plan makes ",
                                            found.size()));
  }
  const auto difference = std::mismatch(expected.begin(), expected.end(), found.begin());
  if (difference.first == expected.end()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("golden vector ", number, ": output ", port,
                                          " differs from byte ",
                                          difference.first - expected.begin(),
                                          " on; this machine does not compute what was validated"));
}

// Also where the vector is damaged, which is no end of the list.
bool has_vector(const Bundle& bundle, int64_t number) {
  return !absl::IsNotFound(bundle.member(absl::StrCat("golden/", number, ".output0")).status());
}

}  // namespace

absl::StatusOr<GoldenResult> check_golden(const Bundle& bundle, const std::optional<Isa>& isa) {
  std::unique_ptr<Session> session;
  DURWARD_RETURN_IF_ERROR(engine_status(Session::create(bundle.plan(), {isa}, session)));
  GoldenResult result;
  while (has_vector(bundle, result.vectors)) {
    const int64_t number = result.vectors++;
    DURWARD_ASSIGN_OR_RETURN(const auto inputs,
                             vectors_of(bundle, number, "input", session->input_count()));
    DURWARD_ASSIGN_OR_RETURN(const auto expected,
                             vectors_of(bundle, number, "output", session->output_count()));
    std::vector<std::vector<std::byte>> found;
    for (size_t i = 0; i < expected.size(); ++i) found.emplace_back(session->output(i).bytes);
    const std::vector<std::span<std::byte>> outputs(found.begin(), found.end());
    if (session->run(inputs, outputs) != EngineCode::kOk) {
      return absl::DataLossError(
          absl::StrCat("golden vector ", number, " does not have the sizes of the plan's ports"));
    }
    for (size_t i = 0; i < expected.size(); ++i) {
      DURWARD_RETURN_IF_ERROR(compare(number, i, expected[i], found[i]));
      result.bytes += static_cast<int64_t>(found[i].size());
    }
  }
  return result;
}

}  // namespace durward
