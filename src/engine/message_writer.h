// Sentences for a durward_message: cut to its size, always ended by a zero, and no memory taken.
#pragma once

#include <cstddef>
#include <cstdint>

#include "durward/engine.h"

namespace durward {

class MessageWriter {
 public:
  // `message` may be nullptr, or have no room: nothing is written then.
  explicit MessageWriter(const durward_message* message) noexcept {
    if (message == nullptr || message->text == nullptr || message->bytes == 0) return;
    next_ = message->text;
    last_ = next_ + message->bytes - 1;
    *next_ = '\0';
  }

  MessageWriter& operator<<(const char* text) noexcept {
    written_ = true;
    for (; next_ < last_ && *text != '\0'; ++text) *next_++ = *text;
    if (next_ != nullptr) *next_ = '\0';
    return *this;
  }
  MessageWriter& operator<<(uint64_t number) noexcept {
    char digits[21];
    char* first = digits + sizeof(digits) - 1;
    *first = '\0';
    do {
      *--first = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number > 0);
    return *this << static_cast<const char*>(first);
  }

  // The code, explained by its text where it is an error that nothing was said about.
  durward_code finish(durward_code code) noexcept {
    if (code != DURWARD_OK && !written_) *this << durward_code_text(code);
    return code;
  }

 private:
  char* next_ = nullptr;
  char* last_ = nullptr;
  bool written_ = false;
};

}  // namespace durward
