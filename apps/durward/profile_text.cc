#include "profile_text.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>

#include "report/json_view.h"
#include "terminal.h"

namespace durward {
namespace {

using nlohmann::json;

std::string number_text(const std::optional<double>& value, double unit, int decimals) {
  return value ? fixed(*value / unit, decimals) : "";
}

std::string kilobytes(const std::optional<double>& bytes) { return number_text(bytes, 1024, 0); }

std::string range_text(const JsonView& us, int decimals) {
  const auto low = us.number("p10"), high = us.number("p90");
  return low && high ? fixed(*low, decimals) + ".." + fixed(*high, decimals) : "";
}

std::string summary_table(const JsonView& document) {
  TextTable table({"runtime", "file", "isa", "ms", "p10..p90 us", "load ms", "ops", "arena KB",
                   "allocations load", "runs", "peak KB"});
  for (const JsonView& profile : document.items("profiles")) {
    const JsonView us = profile["us"], memory = profile["memory"];
    table.add({profile.text("runtime"), profile.text("file"), profile.text("isa"),
               number_text(us.number("median"), 1e3, 3), range_text(us, 0),
               number_text(profile.number("load_us"), 1e3, 2),
               std::to_string(profile.items("ops").size()), kilobytes(memory.number("arena_bytes")),
               number_text(memory["load_allocations"].number("count"), 1, 0),
               number_text(memory["run_allocations"].number("count"), 1, 0),
               kilobytes(memory.number("peak_resident_bytes"))});
  }
  return table.text();
}

double op_us(const JsonView& op) {
  return op["us"].number("median").value_or(op["us"].number("mean").value_or(0));
}

std::string ops_table(const JsonView& profile, size_t most) {
  std::vector<JsonView> ops = profile.items("ops");
  double all = 0;
  for (const JsonView& op : ops) all += op_us(op);
  std::stable_sort(ops.begin(), ops.end(),
                   [](const JsonView& a, const JsonView& b) { return op_us(a) > op_us(b); });
  ops.erase(ops.begin() + static_cast<ptrdiff_t>(std::min(most, ops.size())), ops.end());
  TextTable table({"op", "kind", "on", "precision", "us", "p10..p90", "%", "kMAC", "MAC/cycle",
                   "% of limit", "KB moved", "steps", "fused"});
  for (const JsonView& op : ops) {
    std::vector<std::string> fused;
    for (const JsonView& part : op.items("fused")) fused.push_back(part.text());
    const std::string kernel = op.text("kernel");
    table.add({op.text("name"), op.text("op"), kernel.empty() ? op.text("device") : kernel,
               op.text("precision"), fixed(op_us(op), 1), range_text(op["us"], 1),
               fixed(all > 0 ? 100 * op_us(op) / all : 0, 1),
               op.number("macs").value_or(0) > 0 ? number_text(op.number("macs"), 1e3, 0) : "",
               number_text(op.number("macs_per_cycle"), 1, 1),
               number_text(op.number("share_of_limit"), 0.01, 1), kilobytes(op.number("bytes")),
               number_text(op.number("steps"), 1, 0), absl::StrJoin(fused, "+")});
  }
  return table.text();
}

std::string notes(const JsonView& profile) {
  std::string text;
  if (const auto clock = profile.number("clock_hz"); clock && *clock > 0) {
    absl::StrAppend(&text, "cycles: ", profile.text("cycles"), ", ", fixed(*clock / 1e9, 2),
                    " GHz");
    const std::string reason = profile.text("counters_reason");
    absl::StrAppend(&text, reason.empty() ? "" : "; no counters: " + reason, "\n");
  }
  const JsonView limit = profile["limit"];
  const std::vector<JsonView> ops = profile.items("ops");
  const bool limited = std::any_of(ops.begin(), ops.end(), [](const JsonView& op) {
    return op.number("share_of_limit").has_value();
  });
  if (const auto macs = limit.number("macs_per_cycle"); macs && limited) {
    absl::StrAppend(&text, "limit of ", profile.text("isa"), ": ", fixed(*macs, 0),
                    " int8 MAC a cycle (", limit.text("source"), ")\n");
  }
  const auto vectors = profile["golden"].number("vectors");
  if (vectors && *vectors > 0) {
    absl::StrAppend(&text, "golden vectors: ", fixed(*vectors, 0), " passed\n");
  }
  for (const JsonView& warning : profile.items("warnings")) {
    absl::StrAppend(&text, "warning: ", warning.text(), "\n");
  }
  return text;
}

}  // namespace

std::string comparison_text(const json& comparison, size_t most) {
  const JsonView view(comparison);
  std::vector<JsonView> ops = view.items("ops");
  const auto gain = [](const JsonView& op) {
    return op.number("after_us").value_or(0) - op.number("before_us").value_or(0);
  };
  std::stable_sort(ops.begin(), ops.end(), [&](const JsonView& a, const JsonView& b) {
    return std::abs(gain(a)) > std::abs(gain(b));
  });
  ops.erase(ops.begin() + static_cast<ptrdiff_t>(std::min(most, ops.size())), ops.end());
  TextTable table({"op", "before us", "after us", "ratio", ""});
  const auto add = [&](const std::string& name, const JsonView& row, const char* note) {
    table.add({name, number_text(row.number("before_us"), 1, 1),
               number_text(row.number("after_us"), 1, 1), number_text(row.number("ratio"), 1, 2),
               note});
  };
  add("whole run", view, "");
  for (const JsonView& op : ops) {
    add(op.text("name"), op, op.flag("slower").value_or(false) ? "slower" : "");
  }
  return table.text();
}

std::string profile_text(const json& document, size_t most) {
  const JsonView view(document);
  const std::vector<JsonView> profiles = view.items("profiles");
  std::string text = absl::StrCat(view["machine"].text("cpu"), "\n", summary_table(view));
  for (const JsonView& profile : profiles) {
    absl::StrAppend(&text, "\n", profile.text("file"), " in ", profile.text("runtime"), "\n",
                    ops_table(profile, most), notes(profile));
  }
  const auto comparisons = document.find("comparisons");
  for (size_t i = 0; comparisons != document.end() && i < comparisons->size(); ++i) {
    const JsonView comparison((*comparisons)[i]);
    const auto name = [&](const char* key) {
      const double place = comparison.number(key).value_or(-1);
      const bool known = place >= 0 && place < static_cast<double>(profiles.size());
      return known ? profiles[static_cast<size_t>(place)].text("file") : std::string("?");
    };
    absl::StrAppend(&text, "\nfrom ", name("from"), " to ", name("to"), "\n",
                    comparison_text((*comparisons)[i], most));
  }
  return text;
}

}  // namespace durward
