#include <cstring>
#include <type_traits>
#include <utility>

#include "engine/call_fields.h"
#include "engine/plan.h"
#include "engine/plan_generated.h"

namespace durward {
namespace {

// Takes a call's numbers from the lists of a plan, in order.
class FieldReader {
 public:
  FieldReader(const flatbuffers::Vector<int64_t>* integers,
              const flatbuffers::Vector<float>* floats)
      : integers_(integers), floats_(floats) {}

  void operator()(int64_t& field) { field = integer(); }
  void operator()(int32_t& field) {
    const int64_t value = integer();
    field = static_cast<int32_t>(value);
    ok_ = ok_ && field == value;
  }
  void operator()(bool& field) {
    const int64_t value = integer();
    field = value != 0;
    ok_ = ok_ && (value == 0 || value == 1);
  }
  void operator()(float& field) {
    ok_ = ok_ && floats_ != nullptr && next_float_ < floats_->size();
    if (ok_) field = floats_->Get(next_float_++);
  }
  template <typename Enum>
  void choice(Enum& field, Enum last) {
    const int64_t value = integer();
    ok_ = ok_ && value >= 0 && value <= static_cast<int64_t>(last);
    if (ok_) field = static_cast<Enum>(value);
  }

  // Whether there were as many numbers as the call has, each in its range.
  [[nodiscard]] bool complete() const {
    return ok_ && next_integer_ == (integers_ == nullptr ? 0 : integers_->size()) &&
           next_float_ == (floats_ == nullptr ? 0 : floats_->size());
  }

 private:
  int64_t integer() {
    ok_ = ok_ && integers_ != nullptr && next_integer_ < integers_->size();
    return ok_ ? integers_->Get(next_integer_++) : 0;
  }

  const flatbuffers::Vector<int64_t>* integers_;
  const flatbuffers::Vector<float>* floats_;
  uint32_t next_integer_ = 0, next_float_ = 0;
  bool ok_ = true;
};

template <size_t I = 0>
bool read_call(size_t kind, FieldReader& reader, KernelCall& call) {
  if constexpr (I == std::variant_size_v<KernelCall>) {
    return false;
  } else {
    if (kind != I) return read_call<I + 1>(kind, reader, call);
    auto& fields_of = call.emplace<I>();
    fields(reader, fields_of);
    return reader.complete();
  }
}

template <typename T>
std::vector<T> copy_of(const flatbuffers::Vector<T>* values) {
  if (values == nullptr) return {};
  return {values->begin(), values->end()};
}

std::string text(const flatbuffers::String* string) {
  return string == nullptr ? std::string() : string->str();
}

EngineError malformed(std::string what) {
  return {EngineCode::kMalformedPlan, "the plan is damaged: " + std::move(what)};
}

bool read_tensor(const plan::Tensor& stored, PlanTensor& tensor) {
  if (stored.type() > plan::Type::MAX || stored.place() > plan::Place::MAX) return false;
  tensor.name = text(stored.name());
  tensor.type = static_cast<PlanType>(stored.type());
  tensor.place = static_cast<PlanTensor::Place>(stored.place());
  tensor.shape = copy_of(stored.shape());
  tensor.offset = stored.offset();
  tensor.bytes = stored.bytes();
  tensor.scale = stored.scale();
  tensor.zero_point = stored.zero_point();
  return true;
}

EngineError read_lists(const plan::Plan& stored, Plan& result) {
  if (stored.tensors() == nullptr || stored.calls() == nullptr || stored.steps() == nullptr) {
    return malformed("it has no tensors, calls or steps");
  }
  for (const plan::Tensor* tensor : *stored.tensors()) {
    if (!read_tensor(*tensor, result.tensors.emplace_back())) {
      return malformed("tensor " + std::to_string(result.tensors.size() - 1));
    }
  }
  for (const plan::Call* call : *stored.calls()) {
    PlanCall& added = result.calls.emplace_back();
    added.name = text(call->name());
    added.inputs = copy_of(call->inputs());
    added.output = call->output();
    FieldReader reader(call->integers(), call->floats());
    if (!read_call(call->kind(), reader, added.call)) {
      return malformed("call " + std::to_string(result.calls.size() - 1) + " '" + added.name +
                       "' is of an unknown kind or has other numbers than its kind");
    }
  }
  for (const plan::Step* step : *stored.steps()) {
    if (step->kind() > 1) return malformed("a step of an unknown kind");
    result.steps.push_back({static_cast<PlanStep::Kind>(step->kind()), step->index(),
                            step->input_row(), step->input_rows(), step->pad_top(),
                            step->output_row(), step->output_rows(), step->addend_row()});
  }
  return {};
}

}  // namespace

EngineError read_plan(std::span<const std::byte> bytes, Plan& result) {
  if (reinterpret_cast<uintptr_t>(bytes.data()) % kPlanAlignment != 0) {
    return {EngineCode::kUnaligned, "a plan has to lie at a multiple of 64 bytes"};
  }
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  // Tables: four for each tensor or call, and strings; depth: the root's lists.
  flatbuffers::Verifier verifier(data, bytes.size(), 8, 4'000'000);
  if (bytes.size() < 8 || !plan::PlanBufferHasIdentifier(data) ||
      !plan::VerifyPlanBuffer(verifier)) {
    return malformed("it is no valid FlatBuffer of this schema");
  }
  const plan::Plan& stored = *plan::GetPlan(data);
  if (stored.version() != kPlanVersion) {
    return {EngineCode::kUnknownVersion,
            "the plan has version " + std::to_string(stored.version()) +
                ", this engine runs version " + std::to_string(kPlanVersion)};
  }
  result = Plan{};
  if (EngineError error = read_lists(stored, result); !error.ok()) return error;
  result.inputs = copy_of(stored.inputs());
  result.outputs = copy_of(stored.outputs());
  result.arena_bytes = stored.arena_bytes();
  if (const auto* constants = stored.constants(); constants != nullptr) {
    result.constants = std::as_bytes(std::span(constants->data(), constants->size()));
    if (reinterpret_cast<uintptr_t>(constants->data()) % kPlanAlignment != 0) {
      return malformed("its constants are not aligned");
    }
  }
  return {};
}

}  // namespace durward
