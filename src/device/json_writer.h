// Writes JSON as text, value by value, where no library for it fits.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace durward::device {

class JsonWriter {
 public:
  // Inside an object each value, list or object comes behind its key.
  void begin_object() { begin('{'); }
  void end_object() { end('}'); }
  void begin_list() { begin('['); }
  void end_list() { end(']'); }
  JsonWriter& key(std::string_view name);

  void value(std::string_view text);
  void value(const char* text) { value(std::string_view(text)); }
  void value(bool truth);
  void value(std::integral auto number) { plain(std::to_string(number)); }
  // With three decimals, rounded.
  void value(double number);

  // key and value in one.
  template <typename Value>
  void field(std::string_view name, const Value& content) {
    key(name).value(content);
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void begin(char bracket);
  void end(char bracket);
  void separate();
  void quote(std::string_view text);
  void plain(std::string_view text);

  std::string text_;
  int depth_ = 0;
  bool first_ = true;  // in the object or list
  bool after_key_ = false;
};

}  // namespace durward::device
