#include "bundle/json_fields.h"

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>

#include <algorithm>
#include <set>

namespace durward {
namespace {

using nlohmann::json;

constexpr size_t kMaxDepth = 32;
constexpr size_t kMaxTextBytes = 1024;

const json& nothing() {
  static const json null;
  return null;
}

bool is_lower_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

// Of ASCII, or U+0080 to U+009F in UTF-8: both steer terminals.
bool has_controls(std::string_view text) {
  char before = 0;
  for (const char c : text) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) return true;
    if (before == '\xc2' && static_cast<unsigned char>(c) < 0xa0) return true;
    before = c;
  }
  return false;
}

}  // namespace

absl::StatusOr<json> parse_strict_json(std::string_view text) {
  std::string error;
  std::vector<std::set<std::string>> keys;  // of the objects that are open; arrays have none
  const auto watch = [&](int, json::parse_event_t event, json& parsed) {
    if (!error.empty()) return false;
    switch (event) {
      case json::parse_event_t::object_start:
      case json::parse_event_t::array_start:
        if (keys.size() == kMaxDepth) error = absl::StrCat("nested deeper than ", kMaxDepth);
        keys.emplace_back();
        break;
      case json::parse_event_t::object_end:
      case json::parse_event_t::array_end:
        keys.pop_back();
        break;
      case json::parse_event_t::key: {
        const auto& key = parsed.get_ref<const std::string&>();
        if (!keys.back().insert(key).second) {
          error = absl::StrCat("the key \"", absl::CHexEscape(key.substr(0, 100)),
                               "\" appears twice in one object");
        }
        break;
      }
      default:
        break;
    }
    return error.empty();
  };
  json value = json::parse(text, watch, /*allow_exceptions=*/false);
  if (!error.empty()) return absl::InvalidArgumentError(error);
  if (value.is_discarded()) return absl::InvalidArgumentError("it is no JSON document");
  return value;
}

const JsonField& JsonField::expect_fields(std::initializer_list<std::string_view> names) const {
  if (!value_->is_object()) {
    refuse("must be an object");
    return *this;
  }
  for (const std::string_view name : names) {
    if (!value_->contains(std::string(name))) (*this)[name].refuse("is missing");
  }
  for (const auto& [key, unused] : value_->items()) {
    if (std::find(names.begin(), names.end(), key) == names.end()) {
      (*this)[absl::CHexEscape(key.substr(0, 100))].refuse(
          absl::StrCat("is unknown; ", std::string(page_), " lists the fields"));
    }
  }
  return *this;
}

bool JsonField::has(std::string_view name) const {
  return value_->is_object() && value_->contains(std::string(name));
}

JsonField JsonField::operator[](std::string_view name) const {
  const json* value = &nothing();
  if (value_->is_object()) {
    if (const auto it = value_->find(std::string(name)); it != value_->end()) value = &*it;
  }
  return {*value, absl::StrCat(path_, path_.empty() ? "" : ".", std::string(name)), *status_,
          page_};
}

std::vector<JsonField> JsonField::items(size_t most) const {
  std::vector<JsonField> fields;
  if (!value_->is_array() || value_->size() > most) {
    refuse(absl::StrCat("must be a list of at most ", most, " elements"));
    return fields;
  }
  for (size_t i = 0; i < value_->size(); ++i) {
    fields.push_back({(*value_)[i], absl::StrCat(path_, "[", i, "]"), *status_, page_});
  }
  return fields;
}

std::string JsonField::text() const {
  if (value_->is_string()) {
    const auto& text = value_->get_ref<const std::string&>();
    if (!text.empty() && text.size() <= kMaxTextBytes && !has_controls(text)) return text;
  }
  refuse(
      absl::StrCat("must be a text of 1 to ", kMaxTextBytes, " bytes without control characters"));
  return "";
}

std::string JsonField::sha256() const {
  if (value_->is_string()) {
    const auto& text = value_->get_ref<const std::string&>();
    if (text.size() == 64 && std::all_of(text.begin(), text.end(), is_lower_hex)) return text;
  }
  refuse("must be a SHA-256 digest: 64 lower-case hexadecimal digits");
  return "";
}

double JsonField::number() const {
  if (value_->is_number()) return value_->get<double>();
  refuse("must be a number");
  return 0;
}

int64_t JsonField::whole(int64_t lowest, int64_t highest) const {
  // A number beyond int64_t has the type of uint64_t, or of a float.
  const bool fits =
      value_->is_number_integer() && (!value_->is_number_unsigned() ||
                                      value_->get<uint64_t>() <= static_cast<uint64_t>(INT64_MAX));
  if (fits) {
    const auto number = value_->get<int64_t>();
    if (number >= lowest && number <= highest) return number;
  }
  refuse(absl::StrCat("must be a whole number from ", lowest, " to ", highest));
  return lowest;
}

bool JsonField::truth() const {
  if (value_->is_boolean()) return value_->get<bool>();
  refuse("must be true or false");
  return false;
}

json JsonField::object() const {
  if (value_->is_object()) return *value_;
  refuse("must be an object");
  return json::object();
}

void JsonField::refuse(std::string_view because) const {
  if (!status_->ok()) return;
  const std::string field = path_.empty() ? "the document" : path_ + ":";
  *status_ = absl::InvalidArgumentError(absl::StrCat(field, " ", std::string(because)));
}

}  // namespace durward
