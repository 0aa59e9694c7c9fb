#include "pipeline/placement.h"

namespace durward {

bool converts(const OpRecord& record) {
  for (const std::string_view word :
       {"Quantize", "Dequantize", "QUANTIZE", "DEQUANTIZE", "Convert", "convert", "Parameter",
        "Result", "Reorder", "reorder", "FakeQuantize"}) {
    if (record.op.find(word) != std::string::npos) return true;
  }
  return false;
}

bool runs_in_float(const OpRecord& record) {
  return record.precision == "float32" || record.precision == "float16";
}

}  // namespace durward
