#include "runtimes/ports.h"

namespace durward {
namespace {

template <typename Byte>
absl::Status check_side(const std::vector<PortInfo>& ports, std::span<const std::span<Byte>> spans,
                        std::string_view side) {
  if (spans.size() != ports.size())
    return absl::InvalidArgumentError(absl::StrCat("the model has ", ports.size(), " ",
                                                   std::string(side), "s, but ", spans.size(),
                                                   " buffers were given"));
  for (size_t i = 0; i < ports.size(); ++i) {
    const size_t expected = byte_size(ports[i]);
    if (spans[i].size() == expected && (expected == 0 || spans[i].data() != nullptr)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(side), " '", ports[i].name, "' is ",
                     std::string(to_string(ports[i].type)), " ", to_string(ports[i].shape), " = ",
                     expected, " bytes, but the buffer holds ", spans[i].size()));
  }
  return absl::OkStatus();
}

}  // namespace

size_t byte_size(const PortInfo& port) {
  return static_cast<size_t>(elements(port.shape) * size_of(port.type));
}

absl::Status check_buffers(const RuntimeModel& model,
                           std::span<const std::span<const std::byte>> inputs,
                           std::span<const std::span<std::byte>> outputs) {
  DURWARD_RETURN_IF_ERROR(check_side(model.inputs(), inputs, "input"));
  return check_side(model.outputs(), outputs, "output");
}

absl::Status not_profiled() {
  return absl::FailedPreconditionError(
      "the model was loaded without profiling; load it with RuntimeOptions::profile");
}

}  // namespace durward
