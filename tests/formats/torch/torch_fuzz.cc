// Any bytes give tensors that fit together or an error: no crash, no undefined behaviour, no memory
// beyond a small multiple of the input.
#include <cstdlib>

#include "formats/torch/checkpoint.h"
#include "formats/torch/import.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto checkpoint =
      durward::read_torch_checkpoint(std::as_bytes(std::span<const uint8_t>(data, size)));
  if (!checkpoint.ok()) return 0;
  for (const durward::TorchTensor& tensor : checkpoint->tensors) {
    const auto count = durward::element_count(tensor.shape);
    if (!count.ok()) std::abort();
    if (static_cast<size_t>(*count * durward::size_of(tensor.type)) != tensor.data.size()) {
      std::abort();
    }
    (void)durward::to_floats(tensor);
  }
  (void)durward::import_torch(*checkpoint);
  return 0;
}
