#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include "micro/embedded_files.h"
#include "micro/model_files.h"

namespace durward {
namespace {

struct Port {
  std::string name;  // "input0"
  int64_t bytes;
};

std::vector<Port> ports_of(const Plan& plan, const std::vector<int32_t>& tensors,
                           const std::string& kind) {
  std::vector<Port> ports;
  for (size_t i = 0; i < tensors.size(); ++i) {
    ports.push_back(
        {absl::StrCat(kind, i), port_bytes(plan.tensors[static_cast<size_t>(tensors[i])])});
  }
  return ports;
}

// golden.c, whose arrays are of type uint64_t, so that any element is aligned.
class GoldenFile {
 public:
  // `vectors`: what each vector has for the port.
  void add(const Port& port, const std::vector<std::vector<std::byte>>& vectors) {
    std::vector<std::string> names;
    for (std::vector<std::byte> bytes : vectors) {
      bytes.resize((bytes.size() + 7) / 8 * 8);
      names.push_back(arrays_.add(CElement::kUInt64, bytes, port.name));
    }
    absl::StrAppend(&lists_, "const void* const golden_", port.name, "[GOLDEN_VECTORS] = {",
                    absl::StrJoin(names, ", "), "};\n");
    absl::StrAppend(&declarations_, "extern const void* const golden_", port.name,
                    "[GOLDEN_VECTORS];\n");
  }

  [[nodiscard]] CFile header(size_t vectors) const {
    return {"test/golden.h",
            absl::StrCat("/* Golden vectors: inputs, and the bytes that the validated model gives "
                         "for them. */\n#ifndef GOLDEN_H\n#define GOLDEN_H\n\n"
                         "#define GOLDEN_VECTORS ",
                         vectors, "\n", declarations_, "\n#endif\n")};
  }
  [[nodiscard]] CFile source() const {
    return {"test/golden.c", absl::StrCat("#include \"golden.h\"\n\n#include <stdint.h>\n\n",
                                          arrays_.definitions(""), lists_)};
  }

 private:
  Constants arrays_;
  std::string lists_, declarations_;
};

}  // namespace

std::vector<CFile> self_test_files(const CModel& model, const std::vector<MicroGolden>& golden) {
  const std::vector<Port> inputs = ports_of(*model.plan, model.plan->inputs, "input");
  const std::vector<Port> outputs = ports_of(*model.plan, model.plan->outputs, "output");
  std::string buffers, comparisons;
  std::vector<std::string> arguments, sizes;
  GoldenFile file;
  for (size_t i = 0; i < inputs.size(); ++i) {
    arguments.push_back(absl::StrCat("golden_", inputs[i].name, "[i]"));
    std::vector<std::vector<std::byte>> vectors;
    for (const MicroGolden& vector : golden) vectors.push_back(vector.inputs[i]);
    file.add(inputs[i], vectors);
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto& [name, bytes] = outputs[i];
    absl::StrAppend(&buffers, "static uint64_t ", name, "[", (bytes + 7) / 8, "];\n");
    arguments.push_back(absl::StrCat("(void*)", name));
    absl::StrAppend(&comparisons, "    if (differs(", name, ", golden_", name, "[i], ", bytes,
                    ", i, ", i, ")) return 3;\n");
    sizes.push_back(absl::StrCat(bytes));
    std::vector<std::vector<std::byte>> vectors;
    for (const MicroGolden& vector : golden) vectors.push_back(vector.outputs[i]);
    file.add(outputs[i], vectors);
  }
  const std::string main_file =
      fill_template("main.c", {{"NAME", model.name},
                               {"BUFFERS", buffers},
                               {"ARGUMENTS", absl::StrJoin(arguments, ", ")},
                               {"COMPARISONS", comparisons},
                               {"OUTPUT_BYTES", absl::StrJoin(sizes, " + ")}});
  return {{"test/main.c", main_file}, file.header(golden.size()), file.source()};
}

}  // namespace durward
