// The texts that are part of the tool: kernels/ as they are copied into an export, templates/ as
// the files around them are made. They are embedded when this library is built.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace durward {

struct EmbeddedFile {
  std::string_view name;  // "conv2d.c"
  std::string_view text;
};

// Sorted by name.
[[nodiscard]] const std::vector<EmbeddedFile>& kernel_files();
[[nodiscard]] const std::vector<EmbeddedFile>& template_files();

// templates/NAME.in with each @KEY@ replaced; empty where there is no such file.
[[nodiscard]] std::string fill_template(
    std::string_view name, const std::vector<std::pair<std::string, std::string>>& values);

}  // namespace durward
