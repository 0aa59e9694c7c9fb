// Reading a JSON document that may lack anything: what is absent, null or of another type reads as
// nothing, never as an exception.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace durward {

class JsonView {
 public:
  explicit JsonView(const nlohmann::json& value) : value_(&value) {}

  [[nodiscard]] JsonView operator[](std::string_view key) const;
  // The elements of an array; none for anything else.
  [[nodiscard]] std::vector<JsonView> items() const;
  [[nodiscard]] std::vector<JsonView> items(std::string_view key) const {
    return (*this)[key].items();
  }

  [[nodiscard]] std::optional<double> number() const;  // finite
  [[nodiscard]] std::optional<double> number(std::string_view key) const {
    return (*this)[key].number();
  }
  [[nodiscard]] std::string text() const;  // empty where it is no string
  [[nodiscard]] std::string text(std::string_view key) const { return (*this)[key].text(); }
  [[nodiscard]] std::optional<bool> flag(std::string_view key) const;
  [[nodiscard]] bool is_array() const { return value_->is_array(); }
  [[nodiscard]] bool is_object() const { return value_->is_object(); }

 private:
  const nlohmann::json* value_;
};

}  // namespace durward
