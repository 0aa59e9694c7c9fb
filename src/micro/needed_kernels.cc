#include "micro/needed_kernels.h"

#include <algorithm>
#include <map>

namespace durward {
namespace {

// Sources that others call into.
const std::map<std::string_view, std::vector<std::string_view>>& called_sources() {
  static const auto* const kCalled = new std::map<std::string_view, std::vector<std::string_view>>{
      {"conv2d.c", {"dot.c", "requantize.c"}},
      {"depthwise.c", {"depthwise_sums.c", "requantize.c"}}};
  return *kCalled;
}

const EmbeddedFile* find(std::string_view name) {
  const std::vector<EmbeddedFile>& files = kernel_files();
  const auto found = std::find_if(files.begin(), files.end(),
                                  [&](const EmbeddedFile& file) { return file.name == name; });
  return found == files.end() ? nullptr : &*found;
}

// The names that the text includes in quotes.
std::vector<std::string_view> included(std::string_view text) {
  constexpr std::string_view kInclude = "#include \"";
  std::vector<std::string_view> names;
  for (size_t at = text.find(kInclude); at != text.npos; at = text.find(kInclude, at)) {
    at += kInclude.size();
    names.push_back(text.substr(at, text.find('"', at) - at));
  }
  return names;
}

// The file, and what belongs to it.
void add(std::string_view name, std::set<std::string>& names) {
  constexpr std::string_view kSource = ".c";
  const EmbeddedFile* file = find(name);
  if (file == nullptr || !names.insert(std::string(name)).second) return;
  for (const std::string_view header : included(file->text)) add(header, names);
  if (!name.ends_with(kSource)) return;
  const std::string stem(name.substr(0, name.size() - kSource.size()));
  for (const char* variant : {"_dsp.c", "_mve.c", "_soft.c"}) add(stem + variant, names);
  const auto called = called_sources().find(name);
  if (called == called_sources().end()) return;
  for (const std::string_view source : called->second) add(source, names);
}

}  // namespace

std::vector<EmbeddedFile> files_for(const std::set<std::string>& sources) {
  std::set<std::string> names;
  for (const std::string& source : sources) add(source, names);
  std::vector<EmbeddedFile> result;
  for (const std::string& name : names) result.push_back(*find(name));
  return result;
}

}  // namespace durward
