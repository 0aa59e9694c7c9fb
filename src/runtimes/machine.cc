#include "runtimes/machine.h"

#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <fstream>
#include <set>
#include <sstream>

namespace durward {
namespace {

constexpr const char* kExtensions[] = {"avx2",        "fma",         "avx_vnni",    "avx512f",
                                       "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_bf16",
                                       "amx_int8",    "asimd",       "asimdhp",     "asimddp",
                                       "i8mm",        "bf16",        "sve"};

}  // namespace

Machine parse_cpuinfo(std::string_view text) {
  Machine machine;
  machine.cpu = "unknown";
  std::set<std::string> flags;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    const std::pair<std::string, std::string> field = absl::StrSplit(line, absl::MaxSplits(':', 1));
    const std::string name(absl::StripAsciiWhitespace(field.first));
    const std::string value(absl::StripAsciiWhitespace(field.second));
    if (name == "processor") ++machine.cpus;
    if (name == "model name") machine.cpu = value;
    if (name == "flags" || name == "Features") {
      const std::vector<std::string> words = absl::StrSplit(value, ' ');
      flags.insert(words.begin(), words.end());
    }
  }
  for (const char* extension : kExtensions)
    if (flags.contains(extension)) machine.isa.emplace_back(extension);
  return machine;
}

bool saturates_int8_sums(const Machine& machine) {
  bool avx2 = false, vnni = false;
  for (const std::string& extension : machine.isa) {
    avx2 |= extension == "avx2";
    vnni |= extension == "avx_vnni" || extension == "avx512_vnni";
  }
  return avx2 && !vnni;
}

Machine this_machine() {
  std::ostringstream text;
  text << std::ifstream("/proc/cpuinfo").rdbuf();
  return parse_cpuinfo(text.str());
}

}  // namespace durward
