#include "pipeline/profile_compare.h"

#include <absl/strings/str_cat.h>

#include <map>

#include "report/json_view.h"

namespace durward {
namespace {

using nlohmann::json;

// Of one or more ops together; the ends are where it is known how runs scatter, else the typical.
struct Times {
  double typical = 0, low = 0, high = 0;
  int64_t ops = 0;

  void add(const JsonView& op) {
    const JsonView us = op["us"];
    const double middle = us.number("median").value_or(us.number("mean").value_or(0));
    typical += middle;
    low += us.number("p10").value_or(middle);
    high += us.number("p90").value_or(middle);
    ++ops;
  }
};

// What an op is, whatever its arithmetic: "QLinearConv" and "Conv" are one kind, and of OpenVINO's
// "Convolution brgconv_avx512_f32" or our "Conv2DInt8" the first part counts.
std::string kind_of(const std::string& op) {
  std::string kind = op.substr(0, op.find_first_of(" ("));
  for (const std::string_view prefix : {"QLinear", "Quantized"}) {
    if (kind.starts_with(prefix)) kind.erase(0, prefix.size());
  }
  for (const std::string_view suffix : {"Int8", "Float"}) {
    if (kind.ends_with(suffix)) kind.erase(kind.size() - suffix.size());
  }
  return kind;
}

using Key = std::string (*)(const JsonView& op);
std::string name_key(const JsonView& op) { return op.text("name"); }
std::string kind_key(const JsonView& op) { return kind_of(op.text("op")); }

// The times by key, and the keys in the order of the ops.
struct Groups {
  std::map<std::string, Times> times;
  std::vector<std::string> order;
};
Groups group(const json& profile, Key key) {
  Groups groups;
  for (const JsonView& op : JsonView(profile).items("ops")) {
    const std::string name = key(op);
    if (!groups.times.contains(name)) groups.order.push_back(name);
    groups.times[name].add(op);
  }
  return groups;
}

// A layer that was several ops before, or several after, is not compared by a part of it.
std::vector<OpChange> changes(const Groups& before, const Groups& after, double all, bool kinds) {
  constexpr double kShare = 0.01;
  std::vector<OpChange> result;
  for (const std::string& key : after.order) {
    const auto found = before.times.find(key);
    if (key.empty() || found == before.times.end()) continue;
    const Times& was = found->second;
    const Times& is = after.times.at(key);
    OpChange change{key, was.typical, is.typical, false};
    if (kinds) absl::StrAppend(&change.name, " (", is.ops, " ops, before ", was.ops, ")");
    change.slower = is.low > was.high && is.typical - was.typical > kShare * all;
    result.push_back(std::move(change));
  }
  return result;
}

}  // namespace

double typical_us(const json& object) {
  const JsonView us = JsonView(object)["us"];
  return us.number("median").value_or(us.number("mean").value_or(0));
}

std::vector<OpChange> compare_profiles(const json& before, const json& after) {
  const double all = typical_us(after);
  const Groups after_names = group(after, name_key);
  std::vector<OpChange> by_name =
      changes(group(before, name_key), after_names, all, /*kinds=*/false);
  // Runtimes that give ops names of their own, or rename what they fuse, are compared by kinds.
  if (by_name.size() * 2 >= after_names.order.size()) return by_name;
  return changes(group(before, kind_key), group(after, kind_key), all, /*kinds=*/true);
}

json comparison_json(const json& before, const json& after, size_t from, size_t to) {
  json ops = json::array();
  for (const OpChange& change : compare_profiles(before, after)) {
    json op = {{"name", change.name},
               {"before_us", change.before_us},
               {"after_us", change.after_us},
               {"slower", change.slower}};
    if (change.before_us > 0) op["ratio"] = change.after_us / change.before_us;
    ops.push_back(std::move(op));
  }
  json comparison = {{"from", from},
                     {"to", to},
                     {"before_us", typical_us(before)},
                     {"after_us", typical_us(after)},
                     {"ops", std::move(ops)}};
  if (typical_us(before) > 0) comparison["ratio"] = typical_us(after) / typical_us(before);
  return comparison;
}

}  // namespace durward
