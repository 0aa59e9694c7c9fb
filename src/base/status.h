// Errors are absl::Status: one named cause each, a message that says what was found, what was
// expected, where, and what to do. These macros pass an error up; nothing in the libraries throws.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/str_cat.h>

#define DURWARD_CONCAT_INNER_(a, b) a##b
#define DURWARD_CONCAT_(a, b) DURWARD_CONCAT_INNER_(a, b)

#define DURWARD_RETURN_IF_ERROR(expression)                                 \
  do {                                                                      \
    if (absl::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)

#define DURWARD_ASSIGN_OR_RETURN(declaration, expression) \
  DURWARD_ASSIGN_OR_RETURN_(DURWARD_CONCAT_(status_or_, __LINE__), declaration, expression)

#define DURWARD_ASSIGN_OR_RETURN_(status_or, declaration, expression) \
  auto status_or = (expression);                                      \
  if (!status_or.ok()) return std::move(status_or).status();          \
  declaration = *std::move(status_or)

namespace durward {

// The same error with "context: " put before its message.
[[nodiscard]] inline absl::Status with_context(const absl::Status& status,
                                               std::string_view context) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(std::string(context), ": ", status.message()));
}

}  // namespace durward
