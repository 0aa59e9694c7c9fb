#include "data/text_lines.h"

namespace durward {

TextLines::TextLines(std::string_view text) : rest_(text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (rest_.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    rest_.remove_prefix(kByteOrderMark.size());
  }
}

absl::Status TextLines::error(std::string_view what) const {
  return absl::InvalidArgumentError(absl::StrCat("line ", number_, ": ", std::string(what)));
}

absl::StatusOr<bool> TextLines::next(std::string_view& line) {
  while (!rest_.empty()) {
    const size_t end = rest_.find('\n');
    line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    ++number_;
    if (line.size() > kMaxLineBytes) {
      return error(absl::StrCat("longer than ", kMaxLineBytes, " bytes; is this a trial list?"));
    }
    const size_t last = line.find_last_not_of(" \t\r");
    line = line.substr(0, last == std::string_view::npos ? 0 : last + 1);
    if (line.empty() || line.front() == '#') continue;
    if (!is_utf8_text(line)) return error("not UTF-8 text");
    return true;
  }
  return false;
}

bool is_utf8_text(std::string_view bytes) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  for (size_t i = 0; i < bytes.size();) {
    const uint8_t lead = byte(i);
    if (lead == 0) return false;
    size_t following = 0;
    uint8_t low = 0x80, high = 0xbf;  // of the second byte: no overlong form, no surrogate
    if (lead < 0x80) {
      following = 0;
    } else if (lead >= 0xc2 && lead <= 0xdf) {
      following = 1;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      following = 2;
      if (lead == 0xe0) low = 0xa0;
      if (lead == 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      following = 3;
      if (lead == 0xf0) low = 0x90;
      if (lead == 0xf4) high = 0x8f;
    } else {
      return false;
    }
    if (bytes.size() - i <= following) return false;
    for (size_t k = 1; k <= following; ++k) {
      if (byte(i + k) < low || byte(i + k) > high) return false;
      low = 0x80;
      high = 0xbf;
    }
    i += following + 1;
  }
  return true;
}

}  // namespace durward
