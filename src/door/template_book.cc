#include "door/template_book.h"

#include <nlohmann/json.hpp>

namespace durward {

absl::Status check_user_name(std::string_view user) {
  const bool plain = std::none_of(user.begin(), user.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  bool utf8 = true;
  if (plain) {
    // The JSON writer is the judge of UTF-8: what it would replace is none.
    const std::string name(user);
    utf8 = nlohmann::json::parse(
               nlohmann::json(name).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
               nullptr, false) == name;
  }
  if (!user.empty() && user.size() <= TemplateStore::kMaxNameBytes && plain && utf8) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("a user's name has 1 to ",
                                                 TemplateStore::kMaxNameBytes,
                                                 " bytes of UTF-8 without control characters"));
}

absl::StatusOr<std::vector<Template>> TemplateBook::templates_of(std::string_view user) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (user != kCandidate) return store_.templates_of(user);
  if (candidate_.empty()) return absl::NotFoundError("nobody is being enrolled");
  return candidate_;
}

void TemplateBook::set_candidate(std::vector<Template> templates) {
  const std::lock_guard<std::mutex> lock(mutex_);
  candidate_ = std::move(templates);
}

}  // namespace durward
