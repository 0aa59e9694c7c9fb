#include <absl/strings/str_join.h>

#include "commands.h"
#include "formats/tflite/tflite_ops.h"

namespace durward {

void add_tflite_ops(CLI::App& command, std::string& name) {
  std::vector<std::string> names;
  for (const std::string_view ops : tflite_ops_names()) names.emplace_back(ops);
  command
      .add_option("--tflite-ops", name,
                  "operators of the .tflite file: " + absl::StrJoin(names, ", ") +
                      " (default current, or as the target says); micro: for TFLite Micro before "
                      "September 2024; micro-2020: for that of TensorFlow 2.2 and before")
      ->check(CLI::IsMember(names));
}

}  // namespace durward
