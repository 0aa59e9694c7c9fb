#include "micro/call_writer.h"

#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>

#include <cstdlib>
#include <cstring>

#include "engine/call_visit.h"

namespace durward {
namespace {

constexpr int64_t kMostInt32 = INT32_MAX;
// Of a pointer in scratch memory; hosts, which run the self-test too, have the longest.
constexpr int64_t kPointerBytes = 8;

using Operand = CallWriter::Operand;

// One call at work: the writer, its operands, and what was written so far.
struct Writing {
  CallWriter& writer;
  const PlanCall& call;
  std::vector<Operand> inputs;
  Operand output;
  std::string text = {};

  [[nodiscard]] bool has(size_t i) const { return i < inputs.size() && inputs[i].tensor >= 0; }
  [[nodiscard]] std::string in(size_t i, const std::string& type = "int8_t",
                               int64_t more = 0) const {
    return writer.pointer(inputs[i], "const " + type, more);
  }
  [[nodiscard]] std::string out(const std::string& type = "int8_t", int64_t more = 0) const {
    return writer.pointer(output, type, more);
  }
  template <typename T>
  std::string constant(CElement element, size_t i, int64_t count, std::string_view hint) {
    const std::vector<T> values = writer.values<T>(inputs[i], count);
    return writer.constant(element, std::as_bytes(std::span(values)), hint);
  }
  void statement(const std::string& function, const std::vector<std::string>& arguments) {
    absl::StrAppend(&text, "  ", function, "(", absl::StrJoin(arguments, ", "), ");\n");
  }
};

std::string braces(const std::vector<std::string>& parts) {
  return absl::StrCat("{", absl::StrJoin(parts, ", "), "}");
}

template <typename... Numbers>
std::string numbers(Numbers... values) {
  return absl::StrJoin({static_cast<int64_t>(values)...}, ", ");
}

// dw_output
std::string output_of(const Int8Output& output) {
  return braces({c_float(static_cast<float>(output.lowest - output.zero_point)),
                 c_float(static_cast<float>(output.highest - output.zero_point)),
                 absl::StrCat(output.zero_point)});
}
constexpr int64_t kOutputBytes = 12;

// dw_loop; its dimensions are a parameter of their own.
std::string loop_of(Writing& w, const LoopNest& loop) {
  std::vector<std::string> dims;
  for (int i = 0; i < loop.rank; ++i) {
    dims.push_back(braces({numbers(loop.dims[i], loop.stride_a[i], loop.stride_b[i])}));
  }
  const std::string array = w.writer.parameter(absl::StrCat("dw_dimension[", loop.rank, "]"),
                                               braces(dims), int64_t{12} * loop.rank);
  return braces({absl::StrCat(loop.rank), array});
}
constexpr int64_t kLoopBytes = 8;

// ---- layers with weights ----

constexpr size_t kWeights = 1, kBias = 2, kMultiplier = 3, kMultiplierNegative = 4;

// The bias with the zero point folded in: sums then are of input * weight alone. `weight_of(o, k)`
// is one of `depth` weights of channel o.
template <typename WeightOf>
absl::StatusOr<std::string> folded_bias(Writing& w, int64_t channels, int64_t depth,
                                        int32_t zero_point, const WeightOf& weight_of) {
  constexpr int64_t kMostInput = 128;
  std::vector<int32_t> bias = w.writer.values<int32_t>(w.inputs[kBias], channels);
  for (int64_t o = 0; o < channels; ++o) {
    int64_t sum = 0, magnitude = 0;
    for (int64_t k = 0; k < depth; ++k) {
      const int64_t weight = weight_of(o, k);
      sum += weight;
      magnitude += std::abs(weight);
    }
    const int64_t folded = bias[static_cast<size_t>(o)] - zero_point * sum;
    if (std::abs(folded) + kMostInput * magnitude > kMostInt32) {
      return absl::UnimplementedError(absl::StrCat(
          "layer '", w.call.name, "': the sums of channel ", o,
          " could leave int32 on a microcontroller, where zero points are part of the bias"));
    }
    bias[static_cast<size_t>(o)] = static_cast<int32_t>(folded);
  }
  return w.writer.constant(CElement::kInt32, std::as_bytes(std::span(bias)), "bias");
}

// dw_requantize
std::string requantize_of(Writing& w, const std::string& bias, int64_t channels,
                          const Int8Output& output, const OptionalAdd& fused) {
  const std::string multiplier =
      w.constant<float>(CElement::kFloat, kMultiplier, channels, "multiplier");
  const std::string negative =
      w.constant<float>(CElement::kFloat, kMultiplierNegative, channels, "multiplier");
  std::string add = "NULL";
  if (fused.present) {
    constexpr int64_t kFusedAddBytes = 16 + kOutputBytes;
    add = w.writer.parameter(
        "dw_fused_add",
        braces({numbers(fused.add.zero_point, fused.add.addend_zero_point),
                c_float(fused.add.multiplier), c_float(fused.add.addend_multiplier),
                output_of(fused.add.output)}),
        kFusedAddBytes);
  }
  return braces({bias, multiplier, negative, add, output_of(output)});
}

// A statement for each image of the batch. `function` takes (layer, rows, input, addend, output,
// scratch).
void run_window(Writing& w, const std::string& function, const std::string& layer,
                const WindowGeometry& g, bool with_addend, int64_t scratch_bytes) {
  constexpr int64_t kRowsBytes = 12;
  const std::string rows =
      w.writer.parameter("dw_rows", braces({numbers(g.in_h, g.out_h, g.pad_top)}), kRowsBytes);
  const std::string scratch = w.writer.scratch(scratch_bytes);
  for (int64_t n = 0; n < g.batch; ++n) {
    const int64_t in = n * g.in_h * g.in_w * g.in_c, out = n * g.out_h * g.out_w * g.out_c;
    w.statement(function, {layer, rows, w.in(0, "int8_t", in),
                           with_addend ? w.in(kAddendOperand, "int8_t", out) : "NULL",
                           w.out("int8_t", out), scratch});
  }
}

absl::Status write(Writing& w, const Conv2DInt8Call& c) {
  const WindowGeometry& g = c.geometry.window;
  const int64_t depth = c.geometry.depth();
  const std::vector<int8_t> weights = w.writer.values<int8_t>(w.inputs[kWeights], g.out_c * depth);
  DURWARD_ASSIGN_OR_RETURN(
      const std::string bias,
      folded_bias(w, g.out_c, depth, c.input_zero_point, [&](int64_t o, int64_t k) {
        return weights[static_cast<size_t>(o * depth + k)];
      }));
  constexpr int64_t kLayerBytes = 4 + 16 + kOutputBytes + int64_t{13} * 4;
  const std::string layer = w.writer.parameter(
      "dw_conv2d_layer",
      braces(
          {w.writer.constant(CElement::kInt8, std::as_bytes(std::span(weights)), "weights"),
           requantize_of(w, bias, g.out_c, c.output, c.fused),
           numbers(g.in_w, g.in_c, g.out_w, g.out_c, g.kernel_h, g.kernel_w, g.stride_h, g.stride_w,
                   g.dilation_h, g.dilation_w, g.pad_left, c.geometry.groups, c.input_zero_point)}),
      kLayerBytes);
  w.writer.uses("conv2d.c");
  run_window(w, "dw_conv2d", layer, g, c.fused.present, 8 * g.out_c + 2 * depth);
  return absl::OkStatus();
}

absl::Status write(Writing& w, const DepthwiseInt8Call& c) {
  const WindowGeometry& g = c.window;
  const int64_t taps = g.kernel_h * g.kernel_w;
  const std::vector<int8_t> weights = w.writer.values<int8_t>(w.inputs[kWeights], g.out_c * taps);
  DURWARD_ASSIGN_OR_RETURN(
      const std::string bias,
      folded_bias(w, g.out_c, taps, c.input_zero_point, [&](int64_t o, int64_t k) {
        return weights[static_cast<size_t>(k * g.out_c + o)];
      }));
  constexpr int64_t kLayerBytes = 4 + 16 + kOutputBytes + int64_t{12} * 4;
  const std::string layer = w.writer.parameter(
      "dw_depthwise_layer",
      braces({w.writer.constant(CElement::kInt8, std::as_bytes(std::span(weights)), "weights"),
              requantize_of(w, bias, g.out_c, c.output, c.fused),
              numbers(g.in_w, g.in_c, g.out_w, g.out_c, g.kernel_h, g.kernel_w, g.stride_h,
                      g.stride_w, g.dilation_h, g.dilation_w, g.pad_left, c.input_zero_point)}),
      kLayerBytes);
  w.writer.uses("depthwise.c");
  run_window(w, "dw_depthwise", layer, g, c.fused.present,
             kPointerBytes * taps + 4 * (g.out_c + 7) + g.in_c);
  return absl::OkStatus();
}

// ---- two tensors ----

absl::Status write(Writing& w, const AddInt8Call& c) {
  const AddInt8& p = c.parameters;
  const std::string call = w.writer.parameter(
      "dw_add_call",
      braces({loop_of(w, p.loop), numbers(p.zero_point_a, p.zero_point_b), c_float(p.multiplier_a),
              c_float(p.multiplier_b), output_of(p.output)}),
      kLoopBytes + 16 + kOutputBytes);
  w.writer.uses("add.c");
  w.statement("dw_add", {call, w.in(0), w.in(1), w.out()});
  return absl::OkStatus();
}

absl::Status write(Writing& w, const MulInt8Call& c) {
  const MulInt8& p = c.parameters;
  const std::string call =
      w.writer.parameter("dw_mul_call",
                         braces({loop_of(w, p.loop), numbers(p.zero_point_a, p.zero_point_b),
                                 c_float(p.multiplier), output_of(p.output)}),
                         kLoopBytes + 12 + kOutputBytes);
  w.writer.uses("mul.c");
  w.statement("dw_mul", {call, w.in(0), w.in(1), w.out()});
  return absl::OkStatus();
}

absl::Status write(Writing& w, const ExtremumInt8Call& c) {
  const std::string loop = w.writer.parameter("dw_loop", loop_of(w, c.loop), kLoopBytes);
  w.writer.uses("extremum.c");
  w.statement(c.maximum ? "dw_maximum" : "dw_minimum", {loop, w.in(0), w.in(1), w.out()});
  return absl::OkStatus();
}

// ---- functions of one element ----

absl::Status write(Writing& w, const LookupInt8Call& c) {
  const std::string table = w.constant<int8_t>(CElement::kInt8, 1, 256, "table");
  w.writer.uses("lookup.c");
  w.statement("dw_lookup", {table, absl::StrCat(c.count), w.in(0), w.out()});
  return absl::OkStatus();
}

absl::Status write(Writing& w, const PReluInt8Call& c) {
  const std::string call = w.writer.parameter(
      "dw_prelu_call",
      braces({w.constant<float>(CElement::kFloat, 1, c.channels, "multiplier"),
              w.constant<float>(CElement::kFloat, 2, c.channels, "multiplier"),
              numbers(c.rows, c.channels, c.input_zero_point), output_of(c.output)}),
      20 + kOutputBytes);
  w.writer.uses("prelu.c");
  w.statement("dw_prelu", {call, w.in(0), w.out()});
  return absl::OkStatus();
}

// ---- pooling and reductions ----

// dw_pool
std::string pool_of(const WindowGeometry& g) {
  return braces({numbers(g.in_h, g.in_w, g.in_c, g.out_h, g.out_w, g.kernel_h, g.kernel_w,
                         g.stride_h, g.stride_w, g.pad_top, g.pad_left)});
}
constexpr int64_t kPoolBytes = 44;

template <typename RunImage>
void for_each_image(const WindowGeometry& g, const RunImage& run) {
  for (int64_t n = 0; n < g.batch; ++n) {
    run(n * g.in_h * g.in_w * g.in_c, n * g.out_h * g.out_w * g.out_c);
  }
}

absl::Status unsupported(const Writing& w) {
  return absl::UnimplementedError(
      absl::StrCat("layer '", w.call.name, "' needs ", name(w.call.call),
                   ", which has no kernel for microcontrollers (docs/microcontrollers.md lists "
                   "those that there are)"));
}

absl::Status write(Writing& w, const MaxPoolCall& c) {
  if (c.is_float) return unsupported(w);
  const std::string pool = w.writer.parameter("dw_pool", pool_of(c.window), kPoolBytes);
  w.writer.uses("max_pool.c");
  for_each_image(c.window, [&](int64_t in, int64_t out) {
    w.statement("dw_max_pool", {pool, w.in(0, "int8_t", in), w.out("int8_t", out)});
  });
  return absl::OkStatus();
}

absl::Status write(Writing& w, const AveragePoolInt8Call& c) {
  const int64_t multipliers = average_pool_multipliers(c.window, c.count_padding);
  const std::string call = w.writer.parameter(
      "dw_average_pool_call",
      braces({pool_of(c.window), w.constant<float>(CElement::kFloat, 1, multipliers, "multiplier"),
              numbers(c.input_zero_point, c.count_padding), output_of(c.output)}),
      kPoolBytes + 12 + kOutputBytes);
  const std::string scratch = w.writer.scratch(4 * c.window.in_c);
  w.writer.uses("average_pool.c");
  for_each_image(c.window, [&](int64_t in, int64_t out) {
    w.statement("dw_average_pool", {call, w.in(0, "int8_t", in), w.out("int8_t", out), scratch});
  });
  return absl::OkStatus();
}

absl::Status write(Writing& w, const SumInt8Call& c) {
  const std::string call = w.writer.parameter(
      "dw_sum_call",
      braces({loop_of(w, c.reduction.loop), numbers(c.reduction.outputs, c.input_zero_point),
              c_float(c.multiplier), output_of(c.output)}),
      kLoopBytes + 12 + kOutputBytes);
  w.writer.uses("sum.c");
  w.statement("dw_sum", {call, w.in(0), w.out(), w.writer.scratch(4 * c.reduction.outputs)});
  return absl::OkStatus();
}

absl::Status write(Writing& w, const ReduceExtremumInt8Call& c) {
  const std::string call = w.writer.parameter(
      "dw_reduce_call", braces({loop_of(w, c.reduction.loop), absl::StrCat(c.reduction.outputs)}),
      kLoopBytes + 4);
  w.writer.uses("reduce_extremum.c");
  w.statement(c.maximum ? "dw_reduce_max" : "dw_reduce_min", {call, w.in(0), w.out()});
  return absl::OkStatus();
}

// ---- movement ----

absl::Status write(Writing& w, const CopyCall& c) {
  const StridedCopy& copy = c.copy;
  const std::string call = w.writer.parameter(
      "dw_copy_call",
      braces({loop_of(w, copy.loop), numbers(copy.first_a, copy.first_b, copy.element_bytes)}),
      kLoopBytes + 12);
  if (w.has(1)) {
    const std::string table = w.constant<int8_t>(CElement::kInt8, 1, 256, "table");
    w.writer.uses("copy_lookup.c");
    w.statement("dw_copy_lookup", {call, table, w.in(0), w.out()});
  } else {
    w.writer.uses("copy.c");
    w.statement("dw_copy", {call, w.in(0, "void"), w.out("void")});
  }
  return absl::OkStatus();
}

absl::Status write(Writing& w, const FillCall& c) {
  w.writer.uses("fill.c");
  w.statement("dw_fill", {w.in(0, "void"), numbers(c.element_bytes, c.count), w.out("void")});
  return absl::OkStatus();
}

// dw_resize of bytes
template <typename Call>
std::string resize_of(Writing& w, const Call& c, int64_t channels) {
  return braces({w.constant<ResizeTap>(CElement::kTap, 1, c.out_h, "taps"),
                 w.constant<ResizeTap>(CElement::kTap, 2, c.out_w, "taps"),
                 numbers(c.in_w, c.out_h, c.out_w, channels)});
}
constexpr int64_t kResizeBytes = 24;

absl::Status write(Writing& w, const ResizeNearestCall& c) {
  const int64_t pixel = c.channels * c.element_bytes;
  const std::string resize = w.writer.parameter("dw_resize", resize_of(w, c, pixel), kResizeBytes);
  w.writer.uses("resize_nearest.c");
  for (int64_t n = 0; n < c.batch; ++n) {
    w.statement("dw_resize_nearest", {resize, w.in(0, "int8_t", n * c.in_h * c.in_w * pixel),
                                      w.out("int8_t", n * c.out_h * c.out_w * pixel)});
  }
  return absl::OkStatus();
}

absl::Status write(Writing& w, const ResizeLinearInt8Call& c) {
  const std::string call =
      w.writer.parameter("dw_resize_linear_call",
                         braces({resize_of(w, c, c.channels), absl::StrCat(c.input_zero_point),
                                 c_float(c.multiplier), output_of(c.output)}),
                         kResizeBytes + 8 + kOutputBytes);
  w.writer.uses("resize_linear.c");
  for (int64_t n = 0; n < c.batch; ++n) {
    w.statement("dw_resize_linear", {call, w.in(0, "int8_t", n * c.in_h * c.in_w * c.channels),
                                     w.out("int8_t", n * c.out_h * c.out_w * c.channels)});
  }
  return absl::OkStatus();
}

// ---- along an axis ----

std::string axis_of(const AxisGeometry& g) { return braces({numbers(g.outer, g.length, g.inner)}); }
constexpr int64_t kAxisBytes = 12;

absl::Status write(Writing& w, const SoftmaxInt8Call& c) {
  const std::string call = w.writer.parameter(
      "dw_softmax_call",
      braces({axis_of(c.geometry), w.constant<int32_t>(CElement::kInt32, 1, 256, "table"),
              c_float(c.inverse_output_scale), output_of(c.output)}),
      kAxisBytes + 8 + kOutputBytes);
  w.writer.uses("softmax.c");
  w.statement("dw_softmax", {call, w.in(0), w.out()});
  return absl::OkStatus();
}

absl::Status write(Writing& w, const L2NormalizeInt8Call& c) {
  const std::string call =
      w.writer.parameter("dw_l2_normalize_call",
                         braces({axis_of(c.geometry), absl::StrCat(c.input_zero_point),
                                 c_float(c.inverse_output_scale), output_of(c.output)}),
                         kAxisBytes + 8 + kOutputBytes);
  w.writer.uses("l2_normalize.c");
  w.statement("dw_l2_normalize", {call, w.in(0), w.out()});
  return absl::OkStatus();
}

// ---- between float and int8 ----

absl::Status write(Writing& w, const QuantizeInt8Call& c) {
  const std::string call = w.writer.parameter(
      "dw_quantize_call", braces({c_float(c.scale), absl::StrCat(c.count), output_of(c.output)}),
      8 + kOutputBytes);
  w.writer.uses("quantize.c");
  w.statement("dw_quantize", {call, w.in(0, "float"), w.out()});
  return absl::OkStatus();
}

absl::Status write(Writing& w, const DequantizeCall& c) {
  if (c.type != QuantizedType::kInt8) return unsupported(w);
  const std::string call =
      w.writer.parameter("dw_dequantize_call",
                         braces({w.constant<float>(CElement::kFloat, 1, c.channels, "scale"),
                                 w.constant<int32_t>(CElement::kInt32, 2, c.channels, "zero_point"),
                                 numbers(c.outer, c.channels, c.inner)}),
                         20);
  w.writer.uses("dequantize.c");
  w.statement("dw_dequantize", {call, w.in(0), w.out("float")});
  return absl::OkStatus();
}

template <typename Call>
absl::Status write(Writing& w, const Call&) {
  return unsupported(w);
}

}  // namespace

template <typename T>
std::vector<T> CallWriter::values(const Operand& operand, int64_t count) const {
  // verify_plan() has seen that the operand holds as many.
  std::vector<T> result(static_cast<size_t>(count));
  const std::span<const std::byte> bytes = constant_bytes(operand);
  std::memcpy(result.data(), bytes.data(), result.size() * sizeof(T));
  return result;
}

std::span<const std::byte> CallWriter::constant_bytes(const Operand& operand) const {
  const PlanTensor& tensor = plan_.tensors[static_cast<size_t>(operand.tensor)];
  return plan_.constants.subspan(tensor.offset + operand.offset, tensor.bytes - operand.offset);
}

std::string CallWriter::pointer(const Operand& operand, const std::string& type,
                                int64_t more) const {
  const PlanTensor& tensor = plan_.tensors[static_cast<size_t>(operand.tensor)];
  const uint64_t offset = operand.offset + static_cast<uint64_t>(more);
  const std::string cast = absl::StrCat("(", type, "*)");
  switch (tensor.place) {
    case PlanTensor::Place::kArena:
      return absl::StrCat(cast, "(arena + ", tensor.offset + offset, ")");
    case PlanTensor::Place::kConstant: {
      const CElement element = tensor.bytes % 8 == 0   ? CElement::kUInt64
                               : tensor.bytes % 4 == 0 ? CElement::kInt32
                                                       : CElement::kInt8;
      const std::string array = constants_.add(element, constant_bytes({operand.tensor}), "values");
      return absl::StrCat(cast, "((const int8_t*)", array, " + ", offset, ")");
    }
    case PlanTensor::Place::kInput:
      return absl::StrCat(cast, "((const int8_t*)input", tensor.offset, " + ", offset, ")");
    case PlanTensor::Place::kOutput:
      return absl::StrCat(cast, "((int8_t*)output", tensor.offset, " + ", offset, ")");
  }
  return {};
}

std::string CallWriter::parameter(const std::string& type, const std::string& value,
                                  int64_t bytes) {
  const auto [place, added] = known_.emplace(Parameter{type, value}, parameters_.size());
  if (added) {
    parameters_.push_back(place->first);
    parameter_bytes_ += bytes;
  }
  const bool array = type.ends_with("]");
  return absl::StrCat(array ? "" : "&", "parameters_", place->second);
}

std::string CallWriter::scratch(int64_t bytes) {
  scratch_bytes_ = std::max(scratch_bytes_, bytes);
  return "scratch";
}

std::string CallWriter::slide(const PlanStep& step) {
  const PlanTensor& tensor = plan_.tensors[step.index];
  const auto row = static_cast<uint64_t>(tensor.shape[2] * tensor.shape[3] * size_of(tensor.type));
  uses("slide.c");
  return absl::StrCat("  dw_slide(", pointer({static_cast<int32_t>(step.index)}, "int8_t"), ", ",
                      step.input_row * row, ", ", step.input_rows * row, ");\n");
}

absl::StatusOr<std::string> CallWriter::write(const PlanStep& step) {
  if (step.kind == PlanStep::Kind::kSlide) return slide(step);
  const PlanCall& call = plan_.calls[step.index];
  const BoundCall bound = bind(plan_, step);
  Writing writing{*this, call, {}, {call.output, bound.output_offset}};
  for (size_t i = 0; i < call.inputs.size(); ++i) {
    writing.inputs.push_back({call.inputs[i], bound.offset_of_input(i)});
  }
  const absl::Status status =
      visit_call(bound.call, [&writing](const auto& one) { return durward::write(writing, one); });
  if (!status.ok()) return status;
  return writing.text;
}

std::string CallWriter::parameters(std::string_view qualifier) const {
  std::string text;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    std::string type = parameters_[i].type, extent;
    if (const size_t bracket = type.find('['); bracket != std::string::npos) {
      extent = type.substr(bracket);
      type.resize(bracket);
    }
    absl::StrAppend(&text, std::string(qualifier), "static const ", type, " parameters_", i, extent,
                    " =\n    ", parameters_[i].value, ";\n");
  }
  return text;
}

int64_t CallWriter::parameter_bytes() const { return parameter_bytes_; }

}  // namespace durward
