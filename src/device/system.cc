#include "device/system.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace durward::device {
namespace {

// What stands behind "NAME:" in the first 64 KB of a file of /proc.
std::string field_of(const char* path, std::string_view name) {
  std::string text(size_t{1} << 16, '\0');
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  size_t size = 0;
  while (file >= 0 && size < text.size()) {
    const ssize_t read = ::read(file, &text[size], text.size() - size);
    if (read <= 0) break;
    size += static_cast<size_t>(read);
  }
  if (file >= 0) ::close(file);
  text.resize(size);
  for (size_t line = 0; line < text.size();) {
    const size_t end = std::min(text.find('\n', line), text.size());
    const std::string_view whole = std::string_view(text).substr(line, end - line);
    const size_t colon = whole.find(':');
    if (whole.starts_with(name) && colon != std::string_view::npos) {
      const size_t begin = whole.find_first_not_of(" \t", colon + 1);
      return begin == std::string_view::npos ? "" : std::string(whole.substr(begin));
    }
    line = end + 1;
  }
  return "";
}

// "1234 kB"
uint64_t kilobytes(const char* field) {
  const std::string text = field_of("/proc/self/status", field);
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number * 1024;
}

}  // namespace

std::string processor_name() {
  const std::string name = field_of("/proc/cpuinfo", "model name");
  return name.empty() ? "unknown" : name;
}

uint64_t peak_resident_bytes() { return kilobytes("VmHWM"); }
uint64_t resident_bytes() { return kilobytes("VmRSS"); }

}  // namespace durward::device
