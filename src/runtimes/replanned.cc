#include "runtimes/replanned.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "engine/kernels/quantize/quantize.h"
#include "runtimes/aligned_copy.h"
#include "runtimes/engine_status.h"

namespace durward {
namespace {

struct GoldenVector {
  std::vector<std::span<const std::byte>> inputs, outputs;  // by port; the bundle's
};

// One kind of ports of a golden vector; port(i) is the plan's.
template <typename Port>
absl::StatusOr<std::vector<std::span<const std::byte>>> ports_of(const Bundle& bundle,
                                                                 int64_t number,
                                                                 std::string_view kind,
                                                                 size_t count, const Port& port) {
  std::vector<std::span<const std::byte>> found;
  for (size_t i = 0; i < count; ++i) {
    const std::string member = absl::StrCat("golden/", number, ".", std::string(kind), i);
    DURWARD_ASSIGN_OR_RETURN(const auto bytes, bundle.member(member));
    if (bytes.size() != port(i).bytes) {
      return absl::DataLossError(
          absl::StrCat(member, " does not have the size of the plan's port"));
    }
    found.push_back(bytes);
  }
  return found;
}

absl::StatusOr<std::vector<GoldenVector>> golden_vectors(const Bundle& bundle,
                                                         const Session& session) {
  std::vector<GoldenVector> vectors;
  const auto has_vector = [&](size_t number) {
    return !absl::IsNotFound(bundle.member(absl::StrCat("golden/", number, ".output0")).status());
  };
  while (has_vector(vectors.size())) {
    const auto number = static_cast<int64_t>(vectors.size());
    GoldenVector& vector = vectors.emplace_back();
    DURWARD_ASSIGN_OR_RETURN(
        vector.inputs, ports_of(bundle, number, "input", session.input_count(),
                                [&](size_t i) -> const PlanTensor& { return session.input(i); }));
    DURWARD_ASSIGN_OR_RETURN(
        vector.outputs, ports_of(bundle, number, "output", session.output_count(),
                                 [&](size_t i) -> const PlanTensor& { return session.output(i); }));
  }
  if (vectors.empty()) return absl::DataLossError("there are no golden vectors in it");
  return vectors;
}

// What the bundle says of a port in float, for the port in int8.
std::vector<std::byte> quantised(std::span<const std::byte> floats, const PlanTensor& port) {
  std::vector<float> values(floats.size() / sizeof(float));
  std::memcpy(values.data(), floats.data(), floats.size());
  std::vector<std::byte> result(values.size());
  quantize_int8(port.scale, {.zero_point = port.zero_point}, static_cast<int64_t>(values.size()),
                values.data(), reinterpret_cast<int8_t*>(result.data()));
  return result;
}

std::vector<std::byte> dequantised(std::span<const std::byte> int8, const PlanTensor& port) {
  std::vector<float> values(int8.size());
  dequantize({static_cast<int64_t>(int8.size()), 1, 1, &port.scale, &port.zero_point},
             reinterpret_cast<const int8_t*>(int8.data()), values.data());
  const auto bytes = std::as_bytes(std::span(values));
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> copied(std::span<const std::byte> bytes) {
  return {bytes.begin(), bytes.end()};
}

// The inputs of the bundle's vector, and what the plan gives for them, which has to be
// what the bundle says.
absl::StatusOr<ReplannedVector> run_golden(const GoldenVector& vector, Session& session) {
  ReplannedVector golden;
  for (size_t i = 0; i < vector.inputs.size(); ++i) {
    const PlanTensor& port = session.input(i);
    golden.inputs.push_back(vector.inputs[i].size() == port.bytes
                                ? copied(vector.inputs[i])
                                : quantised(vector.inputs[i], port));
  }
  for (size_t i = 0; i < vector.outputs.size(); ++i) {
    golden.outputs.emplace_back(session.output(i).bytes);
  }
  const std::vector<std::span<const std::byte>> in(golden.inputs.begin(), golden.inputs.end());
  const std::vector<std::span<std::byte>> out(golden.outputs.begin(), golden.outputs.end());
  if (session.run(in, out) != EngineCode::kOk) {
    return absl::InternalError("the plan has other ports than the bundle's");
  }
  for (size_t i = 0; i < vector.outputs.size(); ++i) {
    const PlanTensor& port = session.output(i);
    const std::vector<std::byte> found = vector.outputs[i].size() == port.bytes
                                             ? golden.outputs[i]
                                             : dequantised(golden.outputs[i], port);
    if (!std::equal(found.begin(), found.end(), vector.outputs[i].begin(),
                    vector.outputs[i].end())) {
      return absl::DataLossError(absl::StrCat(
          "output ", i, " differs from a golden vector: durward bundle golden says more"));
    }
  }
  return golden;
}

}  // namespace

absl::StatusOr<ReplannedModel> replan_bundle(const Bundle& bundle, const ReplanOptions& options) {
  ReplannedModel result;
  std::unique_ptr<Session> own;
  DURWARD_RETURN_IF_ERROR(engine_status(Session::create(bundle.plan(), {}, own)));
  DURWARD_ASSIGN_OR_RETURN(const auto vectors, golden_vectors(bundle, *own));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<std::byte> plan, replan(own->plan(), options));
  result.plan = aligned_copy(plan);
  DURWARD_RETURN_IF_ERROR(
      engine_status(Session::create({result.plan.get(), plan.size()}, {}, result.session)));
  for (const GoldenVector& vector : vectors) {
    DURWARD_ASSIGN_OR_RETURN(ReplannedVector golden, run_golden(vector, *result.session));
    result.vectors.push_back(std::move(golden));
  }
  return result;
}

}  // namespace durward
