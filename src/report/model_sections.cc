#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include "report/charts.h"
#include "report/format.h"
#include "report/sections.h"

namespace durward {
namespace {

std::string decibels(double db) { return absl::StrFormat("%.1f dB", db); }

// A list of facts; those without a value are left out.
class Facts {
 public:
  void add(std::string_view name, const Html& value) {
    if (!value.empty()) items_ += element("dt", name) + element("dd", value);
  }
  void add(std::string_view name, std::string_view value) { add(name, Html::text(value)); }
  void add(std::string_view name, const std::optional<double>& value,
           std::string (*format)(double)) {
    if (value) add(name, format(*value));
  }
  [[nodiscard]] Html render(std::string_view heading) const {
    return items_.empty() ? items_ : element("h3", heading) + element("dl", items_);
  }

 private:
  Html items_;
};

Html code(const std::string& text) { return text.empty() ? Html() : element("code", text); }

std::string join(const std::vector<JsonView>& items) {
  std::vector<std::string> parts;
  for (const JsonView& item : items) parts.push_back(item.text());
  return enumerate(parts);
}

Html model_facts(const JsonView& model) {
  Facts facts;
  facts.add("File", code(model.text("file")));
  facts.add("SHA-256", code(model.text("sha256")));
  facts.add("Format", model.text("format"));
  facts.add("Size", model.number("bytes"), bytes_text);
  facts.add("Parameters", model.number("parameters"), count_text);
  facts.add("Multiply-adds of one image", model.number("macs"), count_text);
  const auto before = model.number("nodes_before"), after = model.number("nodes_after");
  if (before && after) {
    facts.add("Nodes", absl::StrCat(count_text(*before), " before rewriting, ", count_text(*after),
                                    " after"));
  }
  facts.add("Input convention", model.text("preset"));
  return facts.render("The model");
}

Html calibration_facts(const JsonView& calibration) {
  Facts facts;
  facts.add("Folder", code(calibration.text("folder")));
  facts.add("Pictures used", calibration.number("images"), count_text);
  facts.add("Pictures skipped", calibration.number("skipped"), count_text);
  facts.add("Digest of the pictures", code(calibration.text("digest")));
  facts.add("Face detector", calibration.text("detector"));
  facts.add("Method", calibration.text("method"));
  facts.add("Activations from", calibration.text("executor"));
  Html content = facts.render("Calibration");
  Html skipped;
  for (const JsonView& example : calibration.items("skipped_examples")) {
    skipped +=
        element("li", code(example.text("file")) + Html::text(": " + example.text("reason")));
  }
  if (!skipped.empty()) content += paragraph("Skipped, for example:") + element("ul", skipped);
  return content;
}

Html export_table(const std::vector<JsonView>& exports) {
  Table table{"Files written",
              {{"File", false}, {"Format", false}, {"Size", true}, {"SHA-256", false}},
              {}};
  for (const JsonView& file : exports) {
    table.rows.push_back({code(file.text("file")), Html::text(file.text("format")),
                          Html::text(or_dash(file.number("bytes"), bytes_text)),
                          code(file.text("sha256"))});
  }
  return table.rows.empty() ? Html() : render(table);
}

Html tool_facts(const JsonView& result) {
  const JsonView tool = result["tool"], machine = result["machine"];
  Facts facts;
  facts.add("Tool", tool.text("version").empty() ? "" : "durward " + tool.text("version"));
  facts.add("Command", code(tool.text("command")));
  facts.add("Date", tool.text("date"));
  facts.add("Processor", machine.text("cpu"));
  facts.add("Instruction sets", join(machine.items("isa")));
  facts.add("Processors used", machine.number("threads"), count_text);
  facts.add("Memory of the machine", machine.number("memory_bytes"), bytes_text);
  facts.add("Operating system", machine.text("os"));
  std::vector<std::string> runtimes;
  for (const JsonView& runtime : result.items("runtimes")) {
    runtimes.push_back(runtime.text("name") + " " + runtime.text("version"));
  }
  facts.add("Runtimes", enumerate(runtimes));
  const JsonView evaluation = result["evaluation"];
  const auto replicates = evaluation.number("replicates"), seed = evaluation.number("seed");
  if (replicates && seed) {
    facts.add("Bootstrap", absl::StrCat(count_text(*replicates), " replicates, seed ",
                                        absl::StrFormat("%.0f", *seed)));
  }
  return facts.render("Tool and machine");
}

}  // namespace

Html layers_section(const JsonView& result) {
  std::vector<LayerBar> layers;
  for (const JsonView& layer : result.items("layers")) {
    const auto snr = layer.number("snr_db");
    if (!snr) continue;
    layers.push_back({layer.text("name"), *snr, layer.text("precision") != "float32"});
  }
  if (layers.empty()) {
    return section("layers", "Noise by layer",
                   paragraph("The noise of the layers was not measured in this run."));
  }
  Table table{"The weakest layers",
              {{"Number", false}, {"Layer", false}, {"Place", true}, {"Signal to noise", true}},
              {}};
  size_t number = 0;
  for (const size_t index : weakest_layers(layers, 5)) {
    table.rows.push_back({Html::text(std::to_string(++number)), code(layers[index].name),
                          Html::text(absl::StrCat(index + 1, " of ", layers.size())),
                          Html::text(decibels(layers[index].snr_db))});
  }
  return section("layers", "Noise by layer", layer_chart(layers) + render(table));
}

Html provenance_section(const JsonView& result) {
  const Html content = model_facts(result["model"]) + export_table(result.items("exports")) +
                       calibration_facts(result["calibration"]) + tool_facts(result);
  return section(
      "provenance", "What this report is about",
      content.empty() ? paragraph("The model and the machine were not recorded.") : content);
}

Html glossary_section() {
  Facts facts;
  facts.add("FAR, FRR",
            "False accept rate: the share of impostor comparisons that are accepted. False reject "
            "rate: the share of genuine ones that are turned away. A comparison is accepted when "
            "its cosine similarity is greater than the threshold.");
  facts.add("TAR at FAR",
            "True accept rate, 1 - FRR, at the smallest threshold that keeps the FAR at or below "
            "the one named.");
  facts.add("EER", "Equal error rate: where FAR and FRR are the same.");
  facts.add(
      "minCllr",
      "The cost of the scores as evidence, over all thresholds, after the best calibration: 0 "
      "is perfect, 1 says nothing (Bruemmer and du Preez 2006).");
  facts.add("Interval",
            "95 % percentile bootstrap over people: people, not comparisons, are drawn, because "
            "comparisons that share a person are not independent.");
  facts.add("Signal to noise",
            "The power of a layer's output in float over the power of the quantised layer's "
            "difference from it, in decibels.");
  return section("terms", "Terms", facts.render("How to read the figures"));
}

}  // namespace durward
