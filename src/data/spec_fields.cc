#include "data/spec_fields.h"

#include <algorithm>
#include <limits>

namespace durward {

using nlohmann::json;

absl::Status bad_field(std::string_view key, std::string_view expected) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", std::string(key), "\" must be ", std::string(expected)));
}

namespace {

json parse_json(std::string_view text) {
  return json::parse(text, nullptr, /*allow_exceptions=*/false, /*ignore_comments=*/true);
}

}  // namespace

std::string spec_kind(std::string_view text) {
  const json object = parse_json(text);
  if (!object.is_object()) return "image";
  const auto kind = object.find("kind");
  return kind != object.end() && kind->is_string() ? kind->get<std::string>() : "image";
}

absl::StatusOr<SpecFields> SpecFields::parse(std::string_view text, std::string_view docs) {
  json object = parse_json(text);
  if (!object.is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected one JSON object, as ", std::string(docs), " describes"));
  }
  SpecFields fields(std::move(object), docs);
  const std::optional<json> version = fields.take("version");
  if (!version || *version != kSpecVersion) {
    return bad_field("version", absl::StrCat(kSpecVersion, ", the version of this format"));
  }
  return fields;
}

std::optional<json> SpecFields::take(const char* key) {
  const auto it = object_.find(key);
  if (it == object_.end()) return std::nullopt;
  json value = std::move(*it);
  object_.erase(it);
  return value;
}

absl::Status SpecFields::take_int(const char* key, std::string_view what, int& value) {
  constexpr int64_t kMin = std::numeric_limits<int>::min(), kMax = std::numeric_limits<int>::max();
  const std::optional<json> found = take(key);
  if (!found || !found->is_number_integer()) return bad_field(key, what);
  if (found->is_number_unsigned() && found->get<uint64_t>() > uint64_t{kMax}) {
    value = kMax;
  } else {
    value = static_cast<int>(std::clamp(found->get<int64_t>(), kMin, kMax));
  }
  return absl::OkStatus();
}

absl::Status SpecFields::take_double(const char* key, double& value) {
  const std::optional<json> found = take(key);
  if (!found || !found->is_number()) return bad_field(key, "a number");
  value = found->get<double>();
  return absl::OkStatus();
}

absl::Status SpecFields::expect_none_left() const {
  if (object_.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("\"", object_.begin().key(), "\" is unknown; ", docs_, " lists the fields"));
}

}  // namespace durward
