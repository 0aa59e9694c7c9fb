#include "runtimes/litert_profile.h"

#include <absl/strings/str_split.h>

#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "runtimes/mean.h"

namespace durward {
namespace {

constexpr char kDelegate[] = "TfLiteXNNPackDelegate";

bool is_type(std::string_view part) {
  return part == "F32" || part == "F16" || part.starts_with('Q');
}

std::string precision_name(std::string_view type) {
  if (type == "F32") return "float32";
  if (type == "F16") return "float16";
  return "int8";
}

// The types in "Convolution (NHWC, QC8) IGEMM" or "Convert (NC, F32, QS8)"; none in "Add (ND)".
std::vector<std::string> types_of(std::string_view tag) {
  std::vector<std::string> types;
  const size_t begin = tag.find('(');
  const size_t end = tag.find(')');
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return types;
  const std::vector<std::string> parts =
      absl::StrSplit(std::string(tag.substr(begin + 1, end - begin - 1)), ", ");
  for (const std::string& part : parts)
    if (is_type(part)) types.push_back(precision_name(part));
  return types;
}

// XNNPACK's element-wise and data-moving ops do not tell their type. Only a Convert changes it
// between two ops, so they have that of the op before.
void fill_precisions(std::vector<OpRecord>& records, std::string current) {
  for (OpRecord& record : records) {
    const std::vector<std::string> types = types_of(record.op);
    const bool converts = record.op.starts_with("Convert");
    if (types.empty()) {
      record.precision = current;
    } else {
      record.precision = converts ? "float32" : types.front();
      current = converts ? types.back() : types.front();
    }
  }
}

}  // namespace

std::vector<OpRecord> litert_op_records(std::span<const litert::ProfilerEvent> events, size_t runs,
                                        std::string input_precision) {
  // By what an event tells of its op. Ops of several delegated parts may tell the same.
  std::map<std::tuple<int32_t, uint64_t, uint64_t, std::string>, std::vector<size_t>> by_op;
  for (size_t i = 0; i < events.size(); ++i) {
    const litert::ProfilerEvent& event = events[i];
    if (event.tag == nullptr) continue;
    if (event.type != litert::kDelegateOperator && event.type != litert::kPlainOperator) continue;
    const std::string tag = event.tag;
    if (tag.find(kDelegate) != std::string::npos) continue;  // its ops are events of their own
    by_op[{event.type, event.metadata1, event.metadata2, tag}].push_back(i);
  }
  std::map<size_t, OpRecord> in_order;  // by the first event of each op
  for (const auto& [op, places] : by_op) {
    const bool even = runs > 0 && places.size() % runs == 0;
    const size_t each_run = even ? places.size() / runs : 1;
    for (size_t i = 0; i < places.size(); ++i) {
      OpRecord& record = in_order[places[i % each_run]];
      record.op = std::get<std::string>(op);
      record.device = std::get<int32_t>(op) == litert::kDelegateOperator ? "xnnpack" : "cpu";
      record.runs.push_back(static_cast<double>(events[places[i]].elapsed_us));
    }
  }
  std::vector<OpRecord> records;
  for (auto& [place, record] : in_order) {
    record.name = absl::StrCat(record.op, " #", records.size());
    record.microseconds = mean(record.runs);
    records.push_back(std::move(record));
  }
  fill_precisions(records, std::move(input_precision));
  return records;
}

}  // namespace durward
