#include "device/json_scanner.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace durward::device {

void JsonScanner::skip_space() {
  const size_t begin = rest_.find_first_not_of(" \t\r\n");
  rest_.remove_prefix(begin == std::string_view::npos ? rest_.size() : begin);
}

bool JsonScanner::at_end() {
  skip_space();
  return rest_.empty();
}

bool JsonScanner::take(char c) {
  skip_space();
  if (!rest_.starts_with(c)) return false;
  rest_.remove_prefix(1);
  return true;
}

bool JsonScanner::begin(char bracket) {
  if (!ok_ || !take(bracket)) return fail();
  return !take(bracket == '{' ? '}' : ']');
}

bool JsonScanner::next(char bracket) {
  if (!ok_ || take(bracket)) return false;
  return take(',') || fail();
}

bool JsonScanner::key(std::string& name) { return text(name) && (take(':') || fail()); }

bool JsonScanner::text(std::string& value) {
  value.clear();
  if (!ok_ || !take('"')) return fail();
  while (!rest_.empty()) {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    if (c == '"') return true;
    if (c != '\\') {
      value += c;
      continue;
    }
    if (rest_.empty()) break;
    const char escaped = rest_.front();
    rest_.remove_prefix(1);
    // What stands for more than itself is not compared with anything: '?' is as good.
    value += escaped == '"' || escaped == '\\' || escaped == '/' ? escaped : '?';
  }
  return fail();
}

bool JsonScanner::whole(uint64_t& value) {
  skip_space();
  const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
  if (!ok_ || error != std::errc()) return fail();
  rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
  return true;
}

bool JsonScanner::skip(int levels) {
  if (!ok_ || levels == 0) return fail();
  skip_space();
  std::string unused;
  if (rest_.starts_with('"')) return text(unused);
  if (rest_.starts_with('{')) {
    for (bool more = begin('{'); more; more = next('}')) {
      if (!key(unused) || !skip(levels - 1)) return false;
    }
    return ok_;
  }
  if (rest_.starts_with('[')) {
    for (bool more = begin('['); more; more = next(']')) {
      if (!skip(levels - 1)) return false;
    }
    return ok_;
  }
  const size_t end = std::min(rest_.find_first_of(",]} \t\r\n"), rest_.size());
  if (end == 0) return fail();
  rest_.remove_prefix(end);
  return true;
}

}  // namespace durward::device
