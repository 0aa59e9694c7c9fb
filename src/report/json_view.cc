#include "report/json_view.h"

#include <cmath>

namespace durward {
namespace {

const nlohmann::json& nothing() {
  static const nlohmann::json null;
  return null;
}

}  // namespace

JsonView JsonView::operator[](std::string_view key) const {
  if (!value_->is_object()) return JsonView(nothing());
  const auto found = value_->find(key);
  return JsonView(found == value_->end() ? nothing() : *found);
}

std::vector<JsonView> JsonView::items() const {
  std::vector<JsonView> views;
  if (!value_->is_array()) return views;
  for (const nlohmann::json& element : *value_) views.emplace_back(element);
  return views;
}

std::optional<double> JsonView::number() const {
  if (!value_->is_number()) return std::nullopt;
  const double number = value_->get<double>();
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::string JsonView::text() const {
  return value_->is_string() ? value_->get<std::string>() : std::string();
}

std::optional<bool> JsonView::flag(std::string_view key) const {
  const JsonView view = (*this)[key];
  return view.value_->is_boolean() ? std::optional(view.value_->get<bool>()) : std::nullopt;
}

}  // namespace durward
