// Reads JSON from front to back without keeping it: what a device needs of a manifest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace durward::device {

// After the first mistake in the text every function returns false and ok() stays false.
class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool ok() const { return ok_; }
  // Whether nothing but white space is left.
  [[nodiscard]] bool at_end();

  // Walks an object or a list:  for (bool more = s.begin('{'); more; more = s.next('}')) ...
  // begin() is false for an empty one, next() behind the last element.
  [[nodiscard]] bool begin(char bracket);
  [[nodiscard]] bool next(char bracket);
  // The name of an object's next member; its value follows.
  bool key(std::string& name);
  // Escapes are taken for ASCII alone: no name that a bundle may have needs more.
  bool text(std::string& value);
  bool whole(uint64_t& value);
  // Any value, at most 32 levels deep.
  bool skip(int levels = 32);

 private:
  void skip_space();
  bool fail() { return ok_ = false; }
  bool take(char c);

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace durward::device
