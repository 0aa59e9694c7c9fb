// Walks over a text line by line, whatever wrote it: LF or CRLF, with or without a byte order mark.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/status.h"

namespace durward {

class TextLines {
 public:
  static constexpr size_t kMaxLineBytes = size_t{64} * 1024;

  // `text` must outlive the lines.
  explicit TextLines(std::string_view text);

  // The next line that is neither blank nor a comment (first character '#'), without its end and
  // without trailing blanks; false after the last. InvalidArgument, naming the line, where it is
  // too long or is not UTF-8 text.
  [[nodiscard]] absl::StatusOr<bool> next(std::string_view& line);

  // Of the line that next() gave last, from 1.
  [[nodiscard]] int64_t number() const { return number_; }

  // An InvalidArgument error about that line.
  [[nodiscard]] absl::Status error(std::string_view what) const;

 private:
  std::string_view rest_;
  int64_t number_ = 0;
};

// Whether the bytes are well-formed UTF-8 (Unicode 15, table 3-7) without NUL.
[[nodiscard]] bool is_utf8_text(std::string_view bytes);

}  // namespace durward
