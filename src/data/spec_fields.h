// The fields of a specification's JSON object, each taken once, so that what is left over is
// unknown: a mistyped name must not change a model's input in silence.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace durward {

inline constexpr int kSpecVersion = 1;

template <typename Value>
struct SpecName {
  Value value;
  std::string_view text;
};

template <typename Value, size_t count>
std::string name_of(const SpecName<Value> (&names)[count], Value value) {
  for (const auto& name : names) {
    if (name.value == value) return std::string(name.text);
  }
  return "unknown";
}

// The field "kind" of a specification's text; "image" where there is none, or no such text.
[[nodiscard]] std::string spec_kind(std::string_view text);

// "KEY" must be EXPECTED.
[[nodiscard]] absl::Status bad_field(std::string_view key, std::string_view expected);

class SpecFields {
 public:
  // InvalidArgument where the text is no JSON object, or not of this version; `docs` is the page
  // that describes the format.
  [[nodiscard]] static absl::StatusOr<SpecFields> parse(std::string_view text,
                                                        std::string_view docs);

  // nullopt where the key is missing.
  std::optional<nlohmann::json> take(const char* key);

  // A whole number; one too large for int is INT_MAX or INT_MIN, which no range holds. `what` is
  // for the error: "a whole number of pixels".
  [[nodiscard]] absl::Status take_int(const char* key, std::string_view what, int& value);
  [[nodiscard]] absl::Status take_double(const char* key, double& value);

  template <typename Value, size_t count>
  [[nodiscard]] absl::Status take_name(const char* key, const SpecName<Value> (&names)[count],
                                       Value& result) {
    const std::optional<nlohmann::json> value = take(key);
    std::string expected = "one of";
    for (const auto& name : names) {
      if (value && value->is_string() && value->get_ref<const std::string&>() == name.text) {
        result = name.value;
        return absl::OkStatus();
      }
      absl::StrAppend(&expected, " \"", std::string(name.text), "\"");
    }
    return bad_field(key, expected);
  }

  [[nodiscard]] absl::Status expect_none_left() const;

 private:
  SpecFields(nlohmann::json object, std::string_view docs)
      : object_(std::move(object)), docs_(docs) {}

  nlohmann::json object_;
  std::string docs_;
};

}  // namespace durward
