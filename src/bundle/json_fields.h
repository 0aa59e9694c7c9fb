// Reads JSON from outside field by field. The first thing that is wrong is kept, in words that
// begin with the field's path; from then on readers give nothing, so that a caller checks once.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace durward {

// The value of a text. InvalidArgument where it is no JSON, where an object has a key twice
// (readers differ in which they take), or where it is nested deeper than 32 levels.
[[nodiscard]] absl::StatusOr<nlohmann::json> parse_strict_json(std::string_view text);

class JsonField {
 public:
  // `status` gets the first error; it and `value` outlive the reader. `page` is where the fields
  // are described, for who has written an unknown one.
  JsonField(const nlohmann::json& value, absl::Status& status,
            std::string_view page = "docs/bundle.md")
      : JsonField(value, "", status, page) {}

  // For an object: an error unless it has exactly these fields.
  const JsonField& expect_fields(std::initializer_list<std::string_view> names) const;
  // Whether an object has it: for a field that later versions added.
  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] JsonField operator[](std::string_view name) const;
  [[nodiscard]] std::vector<JsonField> items(size_t most) const;  // of an array
  [[nodiscard]] bool is_null() const { return value_->is_null(); }

  [[nodiscard]] std::string text() const;    // 1 to 1024 bytes, no control characters
  [[nodiscard]] std::string sha256() const;  // 64 lower-case hexadecimal digits
  [[nodiscard]] double number() const;
  [[nodiscard]] int64_t whole(int64_t lowest, int64_t highest) const;
  [[nodiscard]] bool truth() const;             // true or false
  [[nodiscard]] nlohmann::json object() const;  // as it is

  void refuse(std::string_view because) const;

 private:
  JsonField(const nlohmann::json& value, std::string path, absl::Status& status,
            std::string_view page)
      : value_(&value), path_(std::move(path)), status_(&status), page_(page) {}

  const nlohmann::json* value_;
  std::string path_;
  absl::Status* status_;
  std::string_view page_;
};

}  // namespace durward
