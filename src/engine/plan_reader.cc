#include <cstring>
#include <type_traits>
#include <utility>

#include "engine/call_fields.h"
#include "engine/plan.h"
#include "engine/plan_generated.h"

namespace durward {
namespace {

// Whether the elements of a list lie where their type can be read. FlatBuffers' verifier looks at
// the alignment of the list's length alone.
template <typename T>
bool is_aligned(const flatbuffers::Vector<T>* values) {
  return values == nullptr || values->size() == 0 ||
         reinterpret_cast<uintptr_t>(values->Data()) % sizeof(T) == 0;
}

// Takes a call's numbers from the lists of a plan, in order.
class FieldReader {
 public:
  FieldReader(const flatbuffers::Vector<int64_t>* integers,
              const flatbuffers::Vector<float>* floats)
      : integers_(integers), floats_(floats), ok_(is_aligned(integers) && is_aligned(floats)) {}

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
  bool ok_;
};

template <size_t I = 0>
bool read_fields(size_t kind, FieldReader& reader, KernelCall& call) {
  if constexpr (I == std::variant_size_v<KernelCall>) {
    return false;
  } else {
    if (kind != I) return read_fields<I + 1>(kind, reader, call);
    auto& fields_of = call.emplace<I>();
    fields(reader, fields_of);
    return reader.complete();
  }
}

// Copies lists out of a plan, altogether no more than the plan has bytes: where many tables of a
// small file share one long list, the copies would fill the memory.
class Copies {
 public:
  explicit Copies(size_t plan_bytes) : left_(plan_bytes) {}

  template <typename T>
  std::vector<T> list(const flatbuffers::Vector<T>* values) {
    ok_ = ok_ && is_aligned(values);
    if (values == nullptr || !take(uint64_t{values->size()} * sizeof(T))) return {};
    return {values->begin(), values->end()};
  }
  std::string text(const flatbuffers::String* string) {
    if (string == nullptr || !take(string->size())) return {};
    return string->str();
  }
  // Makes room for as many tables; one has at least this many bytes of its own, unless it is
  // shared.
  template <typename Stored, typename T>
  bool reserve(const flatbuffers::Vector<Stored>& tables, std::vector<T>& list) {
    if (!take(uint64_t{tables.size()} * 16)) return false;
    list.reserve(tables.size());
    return true;
  }

  [[nodiscard]] bool ok() const { return ok_; }

 private:
  bool take(uint64_t bytes) {
    ok_ = ok_ && bytes <= left_;
    if (ok_) left_ -= bytes;
    return ok_;
  }

  uint64_t left_;
  bool ok_ = true;
};

EngineError malformed(std::string what) {
  return {EngineCode::kMalformedPlan, "the plan is damaged: " + std::move(what)};
}

bool read_tensor(const plan::Tensor& stored, Copies& copies, PlanTensor& tensor) {
  if (stored.type() > plan::Type::MAX || stored.place() > plan::Place::MAX) return false;
  tensor.name = copies.text(stored.name());
  tensor.type = static_cast<PlanType>(stored.type());
  tensor.place = static_cast<PlanTensor::Place>(stored.place());
  tensor.shape = copies.list(stored.shape());
  tensor.offset = stored.offset();
  tensor.bytes = stored.bytes();
  tensor.scale = stored.scale();
  tensor.zero_point = stored.zero_point();
  return copies.ok();
}

bool read_call(const plan::Call& stored, Copies& copies, PlanCall& call) {
  call.name = copies.text(stored.name());
  call.inputs = copies.list(stored.inputs());
  call.output = stored.output();
  FieldReader reader(stored.integers(), stored.floats());
  return read_fields(stored.kind(), reader, call.call) && copies.ok();
}

EngineError read_lists(const plan::Plan& stored, Copies& copies, Plan& result) {
  if (stored.tensors() == nullptr || stored.calls() == nullptr || stored.steps() == nullptr) {
    return malformed("it has no tensors, calls or steps");
  }
  if (!copies.reserve(*stored.tensors(), result.tensors) ||
      !copies.reserve(*stored.calls(), result.calls) ||
      !copies.reserve(*stored.steps(), result.steps)) {
    return malformed("it has more tensors, calls or steps than bytes for them");
  }
  for (const plan::Tensor* tensor : *stored.tensors()) {
    if (!read_tensor(*tensor, copies, result.tensors.emplace_back())) {
      return malformed("tensor " + std::to_string(result.tensors.size() - 1));
    }
  }
  for (const plan::Call* call : *stored.calls()) {
    if (!read_call(*call, copies, result.calls.emplace_back())) {
      return malformed("call " + std::to_string(result.calls.size() - 1) +
                       " is of an unknown kind or has other numbers than its kind");
    }
  }
  for (const plan::Step* step : *stored.steps()) {
    if (step->kind() > 1) return malformed("a step of an unknown kind");
    result.steps.push_back({static_cast<PlanStep::Kind>(step->kind()), step->index(),
                            step->input_row(), step->input_rows(), step->pad_top(),
                            step->output_row(), step->output_rows(), step->addend_row()});
  }
  result.inputs = copies.list(stored.inputs());
  result.outputs = copies.list(stored.outputs());
  return copies.ok() ? EngineError{} : malformed("its ports");
}

}  // namespace

EngineError read_plan(std::span<const std::byte> bytes, Plan& result) {
  result = Plan{};
  if (reinterpret_cast<uintptr_t>(bytes.data()) % kPlanAlignment != 0) {
    return {EngineCode::kUnaligned, "a plan has to lie at a multiple of 64 bytes"};
  }
  // The root's offset and the identifier; FlatBuffers' offsets are of 31 bits.
  constexpr size_t kSmallest = 8;
  if (bytes.size() < kSmallest || bytes.size() >= FLATBUFFERS_MAX_BUFFER_SIZE) {
    return malformed("its size is that of no plan");
  }
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  // Depth: the root and its lists. Tables: a tensor or a call each.
  constexpr flatbuffers::uoffset_t kMaxDepth = 8, kMaxTables = 4'000'000;
  flatbuffers::Verifier verifier(data, bytes.size(), kMaxDepth, kMaxTables);
  if (!plan::PlanBufferHasIdentifier(data) || !plan::VerifyPlanBuffer(verifier)) {
    return malformed("it is no valid FlatBuffer of this schema");
  }
  const plan::Plan& stored = *plan::GetPlan(data);
  if (stored.version() != kPlanVersion) {
    return {EngineCode::kUnknownVersion,
            "the plan has version " + std::to_string(stored.version()) +
                ", this engine runs version " + std::to_string(kPlanVersion)};
  }
  Copies copies(bytes.size());
  if (EngineError error = read_lists(stored, copies, result); !error.ok()) return error;
  result.arena_bytes = stored.arena_bytes();
  if (const auto* constants = stored.constants(); constants != nullptr) {
    result.constants = std::as_bytes(std::span(constants->data(), constants->size()));
    if (!result.constants.empty() &&
        reinterpret_cast<uintptr_t>(constants->data()) % kPlanAlignment != 0) {
      return malformed("its constants are not aligned");
    }
  }
  return {};
}

}  // namespace durward
