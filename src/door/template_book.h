// The templates that a door's factors compare with: those of the store, and, while somebody is
// being enrolled, those that were made of him so far, which are on no disk yet.
#pragma once

#include <mutex>
#include <optional>

#include "auth/template_factor.h"

namespace durward {

// The name under which factors find whoever is being enrolled; no user's, since names have no
// control characters.
inline constexpr std::string_view kCandidate =
    "\x01"
    "candidate";

// InvalidArgument unless it has 1 to TemplateStore::kMaxNameBytes bytes of UTF-8 without control
// characters.
[[nodiscard]] absl::Status check_user_name(std::string_view user);

// From any thread.
class TemplateBook {
 public:
  explicit TemplateBook(TemplateStore store) : store_(std::move(store)) {}

  // As TemplatesOf.
  [[nodiscard]] absl::StatusOr<std::vector<Template>> templates_of(std::string_view user);
  void set_candidate(std::vector<Template> templates);

  // Whatever is done with the store, alone.
  template <typename Work>
  [[nodiscard]] auto with_store(const Work& work) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return work(store_);
  }

 private:
  std::mutex mutex_;
  TemplateStore store_;
  std::vector<Template> candidate_;
};

}  // namespace durward
