#include "pipeline/target_device.h"

#include <absl/strings/str_cat.h>

#include "report/json_view.h"

namespace durward {
namespace {

using nlohmann::json;

// Reads the fields of an object; remembers the first that is not as it should be.
class Fields {
 public:
  Fields(const json& object, std::string path) : view_(object), path_(std::move(path)) {}

  std::string text(const char* name) {
    std::string value = view_.text(name);
    if (value.empty()) refuse(name, "should be there and be a text");
    return value;
  }

  // {"value": n, "source": ...} or {"low": a, "high": b, "source": ...}
  SourcedRange range(const char* name) {
    const JsonView field = view_[name];
    const auto value = field.number("value");
    const auto low = value ? value : field.number("low");
    const auto high = value ? value : field.number("high");
    SourcedRange range{low.value_or(0), high.value_or(0), field.text("source")};
    if (!low || !high || range.low <= 0 || range.high < range.low || range.source.empty()) {
      refuse(name,
             "should be an object of a positive \"value\", or of \"low\" and \"high\", and the "
             "\"source\" of the number");
    }
    return range;
  }

  std::set<std::string> texts(const char* name) {
    std::set<std::string> values;
    for (const JsonView& item : view_.items(name)) values.insert(item.text());
    if (values.contains("")) refuse(name, "should be a list of texts");
    return values;
  }

  [[nodiscard]] bool has(const char* name) const {
    return view_[name].is_object() || view_[name].is_array();
  }
  void refuse(const char* name, std::string_view what) {
    status_.Update(
        absl::InvalidArgumentError(absl::StrCat("'", path_, ".", name, "' ", std::string(what))));
  }
  [[nodiscard]] const absl::Status& status() const { return status_; }

 private:
  JsonView view_;
  std::string path_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<TargetDevice> parse_target_device(const json& object) {
  Fields fields(object, "device");
  TargetDevice device;
  device.processor = fields.text("processor");
  device.isa = fields.text("isa");
  device.clock_hz = fields.range("clock_hz");
  device.cores = fields.range("cores");
  device.memory_bytes = fields.range("memory_bytes");
  if (fields.has("flash_bytes")) device.flash_bytes = fields.range("flash_bytes");
  device.encodings = fields.texts("encodings");
  if (device.encodings.empty()) fields.refuse("encodings", "should name what it computes in");
  if (fields.has("calls")) {
    device.calls = fields.texts("calls");
    device.calls_source = fields.text("calls_source");
  }
  DURWARD_RETURN_IF_ERROR(fields.status());

  const json none;
  const auto cost = object.find("cost");
  Fields costs(cost == object.end() ? none : *cost, "device.cost");
  device.cost.int8_macs = costs.range("int8_macs_per_cycle");
  device.cost.float_macs = costs.range("float_macs_per_cycle");
  device.cost.dense_share = costs.range("dense_share");
  device.cost.depthwise_share = costs.range("depthwise_share");
  device.cost.layer_outputs = costs.range("layer_outputs_per_cycle");
  device.cost.other_elements = costs.range("other_elements_per_cycle");
  DURWARD_RETURN_IF_ERROR(costs.status());
  return device;
}

}  // namespace durward
