#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>

#include <algorithm>

#include "micro/embedded_files.h"

namespace durward {

std::string fill_template(std::string_view name,
                          const std::vector<std::pair<std::string, std::string>>& values) {
  const std::vector<EmbeddedFile>& files = template_files();
  const std::string wanted = std::string(name) + ".in";
  const auto found = std::find_if(files.begin(), files.end(),
                                  [&](const EmbeddedFile& file) { return file.name == wanted; });
  if (found == files.end()) return {};
  std::vector<std::pair<std::string, std::string>> keys;
  for (const auto& [key, value] : values) keys.emplace_back(absl::StrCat("@", key, "@"), value);
  return absl::StrReplaceAll(std::string(found->text), keys);
}

}  // namespace durward
