#include "device/json_writer.h"

#include <cmath>

namespace durward::device {
namespace {

constexpr int kBrokenDepth = 4;  // deeper values stand on one line

}  // namespace

void JsonWriter::separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (!first_) text_ += ',';
  if (depth_ > 0 && depth_ <= kBrokenDepth) {
    text_ += '\n';
    text_.append(static_cast<size_t>(depth_), ' ');
  } else if (!first_) {
    text_ += ' ';
  }
  first_ = false;
}

void JsonWriter::begin(char bracket) {
  separate();
  text_ += bracket;
  ++depth_;
  first_ = true;
}

void JsonWriter::end(char bracket) {
  --depth_;
  text_ += bracket;
  first_ = false;
  if (depth_ == 0) text_ += '\n';
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  quote(name);
  text_ += ": ";
  after_key_ = true;
  return *this;
}

void JsonWriter::quote(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  text_ += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      // Names from models may be any bytes: what is no ASCII is taken byte by byte.
      text_ += "\\u00";
      text_ += kHex[byte >> 4];
      text_ += kHex[byte & 15];
    } else {
      text_ += c;
    }
  }
  text_ += '"';
}

void JsonWriter::plain(std::string_view text) {
  separate();
  text_ += text;
}

void JsonWriter::value(std::string_view text) {
  separate();
  quote(text);
}

void JsonWriter::value(bool truth) { plain(truth ? "true" : "false"); }

void JsonWriter::value(double number) {
  constexpr double kMost = 9e15;  // thousandths of more are no integers of 64 bits
  if (!std::isfinite(number) || std::abs(number) > kMost) return plain("null");
  const auto thousandths = static_cast<int64_t>(std::llround(std::abs(number) * 1000));
  std::string digits = std::to_string(thousandths % 1000);
  digits.insert(0, 3 - digits.size(), '0');
  plain((number < 0 && thousandths > 0 ? "-" : "") + std::to_string(thousandths / 1000) + "." +
        digits);
}

}  // namespace durward::device
