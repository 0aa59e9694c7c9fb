#include <absl/strings/str_join.h>

#include "base/file.h"
#include "formats/tflite/import.h"
#include "formats/tflite/rebatch.h"
#include "formats/tflite/source_model.h"
#include "formats/tflite/tflite.h"

namespace durward {
namespace {

// Past this many the list says how many more there are.
constexpr size_t kMaxListed = 64;

absl::Status check_operators(const SourceModel& model) {
  std::vector<std::string> lines;
  size_t unsupported = 0;
  for (const SourceOperator& op : model.operators) {
    if (find_importer(op.code) != nullptr) continue;
    if (++unsupported > kMaxListed) continue;
    lines.push_back(
        absl::StrCat("  ", describe(model, op), "; nearest: ", nearest_supported(op.code)));
  }
  if (unsupported == 0) return absl::OkStatus();
  if (unsupported > kMaxListed) {
    lines.push_back(absl::StrCat("  and ", unsupported - kMaxListed, " more"));
  }
  return absl::UnimplementedError(absl::StrCat("the model has ", unsupported,
                                               " operators that are not supported:\n",
                                               absl::StrJoin(lines, "\n")));
}

}  // namespace

absl::StatusOr<Graph> read_tflite(std::span<const std::byte> bytes,
                                  const TfliteReadOptions& options) {
  if (options.batch && *options.batch < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("a batch of ", *options.batch, " was asked for; it is at least 1"));
  }
  DURWARD_ASSIGN_OR_RETURN(const SourceModel model, open_source_model(bytes));
  DURWARD_RETURN_IF_ERROR(check_operators(model));
  DURWARD_ASSIGN_OR_RETURN(Graph graph, GraphImport(model).run());
  if (options.batch && common_batch(graph) != 0) {
    DURWARD_RETURN_IF_ERROR(rebatch(graph, *options.batch));
  }
  DURWARD_RETURN_IF_ERROR(verify(graph));
  return graph;
}

absl::StatusOr<Graph> read_tflite(const std::filesystem::path& path,
                                  const TfliteReadOptions& options) {
  DURWARD_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, read_file(path));
  auto graph = read_tflite(std::span(bytes), options);
  if (!graph.ok()) return with_context(graph.status(), path.string());
  return graph;
}

}  // namespace durward
