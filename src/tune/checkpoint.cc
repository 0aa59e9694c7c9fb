#include "tune/checkpoint.h"

#include <cstring>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/sha256.h"

namespace durward {
namespace {

using nlohmann::json;

constexpr std::string_view kSchema = "durward-checkpoint/1";
constexpr size_t kDigestBytes = 64;  // in hexadecimal

json point_json(const TunePoint& point) {
  return {point.step, point.loss, point.held_out.loss, point.held_out.cosine_mean,
          point.held_out.cosine_min};
}

TunePoint point_of(const json& values) {
  return {values.at(0), values.at(1), {values.at(2), values.at(3), values.at(4)}};
}

// Every tensor of the state, in the order of the file.
std::vector<at::Tensor> tensors_of(const TrainingState& state) {
  std::vector<at::Tensor> all;
  for (const auto* list :
       {&state.parameters, &state.first_moments, &state.second_moments, &state.best}) {
    all.insert(all.end(), list->begin(), list->end());
  }
  return all;
}

size_t bytes_of(const at::Tensor& tensor) {
  return static_cast<size_t>(tensor.numel()) * sizeof(float);
}

absl::Status unusable(const std::filesystem::path& path, std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat(path.string(), ": ", std::string(why),
                   "; delete the file, or leave out --resume, to begin again"));
}

}  // namespace

absl::Status write_checkpoint(const std::filesystem::path& path, const TrainingState& state,
                              const std::string& identity) {
  json header = {{"schema", kSchema},        {"identity", identity},
                 {"step", state.step},       {"best_step", state.best_step},
                 {"history", json::array()}, {"loss_sum", state.loss_sum}};
  for (const TunePoint& point : state.history) header["history"].push_back(point_json(point));
  std::string bytes = header.dump();
  bytes += '\n';
  for (const at::Tensor& tensor : tensors_of(state)) {
    const at::Tensor whole = tensor.detach().contiguous();
    bytes.append(reinterpret_cast<const char*>(whole.data_ptr<float>()), bytes_of(whole));
  }
  bytes += sha256_hex(std::as_bytes(std::span(bytes)));
  return write_file_atomic(path, bytes);
}

absl::Status read_checkpoint(const std::filesystem::path& path, const std::string& identity,
                             TrainingState& state) {
  DURWARD_ASSIGN_OR_RETURN(const std::string bytes, read_text_file(path));
  const size_t header_bytes = bytes.find('\n');
  if (header_bytes == std::string::npos || bytes.size() < header_bytes + 1 + kDigestBytes ||
      sha256_hex(std::as_bytes(std::span(bytes.data(), bytes.size() - kDigestBytes))) !=
          std::string_view(bytes).substr(bytes.size() - kDigestBytes)) {
    return unusable(path, "the checkpoint is damaged");
  }
  const json header = json::parse(std::string_view(bytes).substr(0, header_bytes), nullptr, false);
  if (!header.is_object() || header.value("schema", "") != kSchema) {
    return unusable(path, "this is no checkpoint of this version");
  }
  if (header.at("identity") != identity) {
    return unusable(path, "the checkpoint is of another model, other pictures or other options");
  }
  std::vector<at::Tensor> tensors = tensors_of(state);
  size_t expected = 0;
  for (const at::Tensor& tensor : tensors) expected += bytes_of(tensor);
  if (bytes.size() != header_bytes + 1 + expected + kDigestBytes) {
    return unusable(path, "the checkpoint has parameters of other sizes");
  }
  const char* from = bytes.data() + header_bytes + 1;
  for (at::Tensor& tensor : tensors) {
    std::memcpy(tensor.data_ptr<float>(), from, bytes_of(tensor));
    from += bytes_of(tensor);
  }
  state.step = header.at("step");
  state.best_step = header.at("best_step");
  state.loss_sum = header.at("loss_sum");
  state.history.clear();
  for (const json& point : header.at("history")) state.history.push_back(point_of(point));
  return absl::OkStatus();
}

}  // namespace durward
