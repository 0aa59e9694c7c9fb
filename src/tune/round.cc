#include "tune/round.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "engine/kernels/l2_normalize/l2_normalize.h"
#include "engine/kernels/requantize.h"

namespace durward {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Rows are worked on in as many pieces on any machine, so that sums over them have one order.
constexpr int64_t kPieces = 16;

void for_each_piece(int64_t rows,
                    const std::function<void(int64_t piece, int64_t first, int64_t last)>& work) {
  at::parallel_for(0, kPieces, 1, [&](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; ++piece) {
      work(piece, rows * piece / kPieces, rows * (piece + 1) / kPieces);
    }
  });
}

// NHWC in memory, whatever the strides were.
at::Tensor channels_last(const at::Tensor& x) {
  return x.dim() == 4 ? x.contiguous(at::MemoryFormat::ChannelsLast) : x.contiguous();
}

// round_to_int8 less the zero point: the codes are whole already when they are clamped.
float round_code(float steps, CodeRange range) {
  constexpr float kRounder = 12582912.0f;
  float clamped = steps > range.lowest ? steps : range.lowest;
  clamped = clamped < range.highest ? clamped : range.highest;
  return (clamped + kRounder) - kRounder;
}

bool is_inside(float steps, CodeRange range) {
  return steps >= range.lowest && steps <= range.highest;
}

class Round : public torch::autograd::Function<Round> {
 public:
  static at::Tensor forward(AutogradContext*, const at::Tensor& x) { return at::round(x); }
  static variable_list backward(AutogradContext*, const variable_list& gradients) {
    return {gradients[0]};
  }
};

class Requantize : public torch::autograd::Function<Requantize> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& accumulator,
                            const at::Tensor& multiplier, const at::Tensor& negative, double lowest,
                            double highest) {
    const at::Tensor x = channels_last(accumulator);
    at::Tensor codes = at::empty_like(x);
    const int64_t channels = multiplier.numel(), rows = x.numel() / channels;
    const CodeRange range{static_cast<float>(lowest), static_cast<float>(highest)};
    const float* const in = x.data_ptr<float>();
    const float* const m = multiplier.data_ptr<float>();
    const float* const n = negative.data_ptr<float>();
    float* const out = codes.data_ptr<float>();
    for_each_piece(rows, [=](int64_t, int64_t first, int64_t last) {
      for (int64_t row = first; row < last; ++row) {
        for (int64_t c = 0; c < channels; ++c) {
          const float sum = in[row * channels + c];
          out[row * channels + c] = round_code(sum * (sum < 0 ? n[c] : m[c]), range);
        }
      }
    });
    context->save_for_backward({x, multiplier, negative});
    context->saved_data["lowest"] = lowest;
    context->saved_data["highest"] = highest;
    return codes;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &multiplier = saved[1], &negative = saved[2];
    const CodeRange range{static_cast<float>(context->saved_data["lowest"].toDouble()),
                          static_cast<float>(context->saved_data["highest"].toDouble())};
    const at::Tensor gradient = channels_last(gradients[0]);
    at::Tensor to_x = at::empty_like(x);
    const int64_t channels = multiplier.numel(), rows = x.numel() / channels;
    const auto width = static_cast<size_t>(channels);
    std::vector<double> sums(static_cast<size_t>(2 * kPieces) * width, 0.0);
    const float* const in = x.data_ptr<float>();
    const float* const g = gradient.data_ptr<float>();
    const float* const m = multiplier.data_ptr<float>();
    const float* const n = negative.data_ptr<float>();
    float* const out = to_x.data_ptr<float>();
    for_each_piece(rows, [=, &sums](int64_t piece, int64_t first, int64_t last) {
      double* const positive_sums = sums.data() + 2 * static_cast<size_t>(piece) * width;
      double* const negative_sums = positive_sums + width;
      for (int64_t row = first; row < last; ++row) {
        for (int64_t c = 0; c < channels; ++c) {
          const float sum = in[row * channels + c];
          const bool below = sum < 0;
          const float factor = below ? n[c] : m[c];
          const float passed = is_inside(sum * factor, range) ? g[row * channels + c] : 0.0f;
          const double product = double{passed} * double{sum};
          out[row * channels + c] = passed * factor;
          positive_sums[c] += below ? 0 : product;
          negative_sums[c] += below ? product : 0;
        }
      }
    });
    at::Tensor to_m = at::empty_like(multiplier), to_n = at::empty_like(negative);
    for (size_t c = 0; c < width; ++c) {
      double positive_sum = 0, negative_sum = 0;
      for (size_t piece = 0; piece < kPieces; ++piece) {
        positive_sum += sums[2 * piece * width + c];
        negative_sum += sums[(2 * piece + 1) * width + c];
      }
      to_m.data_ptr<float>()[c] = static_cast<float>(positive_sum);
      to_n.data_ptr<float>()[c] = static_cast<float>(negative_sum);
    }
    return {to_x, to_m, to_n, {}, {}};
  }
};

class Add : public torch::autograd::Function<Add> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& a_codes,
                            const at::Tensor& b_codes, const at::Tensor& multiplier_a,
                            const at::Tensor& multiplier_b, double lowest, double highest) {
    const at::Tensor a = channels_last(a_codes), b = channels_last(b_codes);
    at::Tensor codes = at::empty_like(a);
    const CodeRange range{static_cast<float>(lowest), static_cast<float>(highest)};
    const float m_a = multiplier_a.item<float>(), m_b = multiplier_b.item<float>();
    const float* const x = a.data_ptr<float>();
    const float* const y = b.data_ptr<float>();
    float* const out = codes.data_ptr<float>();
    for_each_piece(a.numel(), [=](int64_t, int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) out[i] = round_code(x[i] * m_a + y[i] * m_b, range);
    });
    context->save_for_backward({a, b, multiplier_a, multiplier_b});
    context->saved_data["lowest"] = lowest;
    context->saved_data["highest"] = highest;
    return codes;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &a = saved[0], &b = saved[1];
    const CodeRange range{static_cast<float>(context->saved_data["lowest"].toDouble()),
                          static_cast<float>(context->saved_data["highest"].toDouble())};
    const at::Tensor gradient = channels_last(gradients[0]);
    at::Tensor to_a = at::empty_like(a), to_b = at::empty_like(b);
    const float m_a = saved[2].item<float>(), m_b = saved[3].item<float>();
    const float* const x = a.data_ptr<float>();
    const float* const y = b.data_ptr<float>();
    const float* const g = gradient.data_ptr<float>();
    float* const out_a = to_a.data_ptr<float>();
    float* const out_b = to_b.data_ptr<float>();
    double sums_a[kPieces], sums_b[kPieces];
    for_each_piece(a.numel(), [=, &sums_a, &sums_b](int64_t piece, int64_t first, int64_t last) {
      double sum_a = 0, sum_b = 0;
      for (int64_t i = first; i < last; ++i) {
        const float passed = is_inside(x[i] * m_a + y[i] * m_b, range) ? g[i] : 0.0f;
        out_a[i] = passed * m_a;
        out_b[i] = passed * m_b;
        sum_a += double{passed} * double{x[i]};
        sum_b += double{passed} * double{y[i]};
      }
      sums_a[piece] = sum_a;
      sums_b[piece] = sum_b;
    });
    double sum_a = 0, sum_b = 0;
    for (int64_t piece = 0; piece < kPieces; ++piece) {
      sum_a += sums_a[piece];
      sum_b += sums_b[piece];
    }
    return {to_a, to_b, at::full_like(saved[2], sum_a), at::full_like(saved[3], sum_b), {}, {}};
  }
};

class Normalize : public torch::autograd::Function<Normalize> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& embeddings,
                            double epsilon) {
    const at::Tensor x = embeddings.contiguous();
    at::Tensor normal = at::empty_like(x);
    l2_normalize_float({x.size(0), x.size(1), 1}, static_cast<float>(epsilon), x.data_ptr<float>(),
                       normal.data_ptr<float>());
    context->save_for_backward({x, normal});
    context->saved_data["epsilon"] = epsilon;
    return normal;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const double least = std::sqrt(context->saved_data["epsilon"].toDouble());
    const at::Tensor length = saved[0].norm(2, {1}, true).clamp_min(least);
    const at::Tensor along = (gradients[0] * saved[1]).sum(1, true);
    return {(gradients[0] - saved[1] * along) / length, {}};
  }
};

}  // namespace

at::Tensor round_through(const at::Tensor& x) { return Round::apply(x); }

at::Tensor requantize_through(const at::Tensor& accumulator, const at::Tensor& multiplier,
                              const at::Tensor& multiplier_negative, CodeRange range) {
  return Requantize::apply(accumulator, multiplier.contiguous(), multiplier_negative.contiguous(),
                           double{range.lowest}, double{range.highest});
}

at::Tensor add_through(const at::Tensor& a, const at::Tensor& b, const at::Tensor& multiplier_a,
                       const at::Tensor& multiplier_b, CodeRange range) {
  return Add::apply(a, b, multiplier_a, multiplier_b, double{range.lowest}, double{range.highest});
}

at::Tensor l2_normalize_through(const at::Tensor& x, float epsilon) {
  return Normalize::apply(x, double{epsilon});
}

}  // namespace durward
