// Time of each kernel without weights that this machine can run, on tensors of face detectors and
// anti-spoofing models, and of quantising a face's crop.
#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/random.h"
#include "engine/kernels/vectors/vector_kernels.h"

namespace durward {
namespace {

// An image and a window of 2x2 over it.
constexpr int64_t kSize = 80, kChannels = 64, kCount = kSize * kSize * kChannels;

// Operands for every kernel.
struct Tensors {
  Tensors() : real(kCount), result(kCount), a(kCount), b(kCount), table(256), output(4 * kCount) {
    Random random(1);
    for (float& value : real) value = static_cast<float>(random.uniform()) - 0.5f;
    for (std::vector<int8_t>* values : {&a, &b, &table}) {
      for (int8_t& value : *values) value = static_cast<int8_t>(random.below(256));
    }
    for (int32_t i = 0; i < 2 * kSize; ++i) {
      taps.push_back({i / 2, i / 2 + (i + 1 < 2 * kSize ? i % 2 : 0), 0.5f});
    }
  }

  std::vector<float> real, result;
  std::vector<int8_t> a, b, table, output;
  std::vector<ResizeTap> taps;
  std::array<double, kChannels> sums{};
};

WindowGeometry pooling() {
  WindowGeometry w;
  w.in_h = w.in_w = kSize;
  w.in_c = w.out_c = kChannels;
  w.out_h = w.out_w = kSize / 2;
  w.kernel_h = w.kernel_w = w.stride_h = w.stride_w = 2;
  return w;
}

struct Case {
  const char* name;
  std::function<void(const VectorKernels&, Tensors&)> run;
};

const Case kCases[] = {
    {"quantize/112x112x3",
     [](const VectorKernels& k, Tensors& t) {
       k.quantize_int8(1.0f / 128, {}, int64_t{112} * 112 * 3, t.real.data(), t.output.data());
     }},
    {"max_pool_float/80x80x64",
     [](const VectorKernels& k, Tensors& t) {
       k.max_pool_float(pooling(), t.real.data(), t.result.data());
     }},
    {"max_pool/80x80x64",
     [](const VectorKernels& k, Tensors& t) {
       k.max_pool_int8(pooling(), t.a.data(), t.output.data());
     }},
    {"add/80x80x64",
     [](const VectorKernels& k, Tensors& t) {
       k.add_int8({{1, {kCount}, {1}, {1}}, 3, -7, 0.7f, 0.4f, {}}, t.a.data(), t.b.data(),
                  t.output.data());
     }},
    {"multiply/80x80x64_by_channel",
     [](const VectorKernels& k, Tensors& t) {
       const LoopNest loop{2, {kSize * kSize, kChannels}, {kChannels, 1}, {0, 1}};
       k.mul_int8({loop, 3, -7, 0.01f, {}}, t.a.data(), t.b.data(), t.output.data());
     }},
    {"look_up/80x80x64",
     [](const VectorKernels& k, Tensors& t) {
       k.lookup_int8(t.table.data(), kCount, t.a.data(), t.output.data());
     }},
    {"leaky_relu/80x80x64",
     [](const VectorKernels& k, Tensors& t) {
       k.unary_float({FloatUnary::kLeakyRelu, 0.2f, 0}, kCount, t.real.data(), t.result.data());
     }},
    {"mean/80x80x64",
     [](const VectorKernels& k, Tensors& t) {
       const Reduction over_image{
           {2, {kSize * kSize, kChannels}, {kChannels, 1}, {0, 1}}, kChannels, kSize * kSize};
       k.sum_int8(over_image, 3, 1e-4f, {}, t.a.data(), t.output.data(),
                  reinterpret_cast<std::byte*>(t.sums.data()));
     }},
    {"resize/80x80x64_to_160x160",
     [](const VectorKernels& k, Tensors& t) {
       const ResizeGeometry geometry{1,         kSize,     kSize,         2 * kSize,
                                     2 * kSize, kChannels, t.taps.data(), t.taps.data()};
       k.resize_linear_int8(geometry, 3, 1.0f, {}, t.a.data(), t.output.data());
     }},
};

void register_all() {
  for (const VectorKernels& kernels : vector_kernels()) {
    if (!available(kernels.isa)) continue;
    for (const Case& one : kCases) {
      const std::string title = std::string(name(kernels.isa)) + "/" + one.name;
      benchmark::RegisterBenchmark(title.c_str(), [&kernels, &one](benchmark::State& state) {
        Tensors tensors;
        for (auto _ : state) {
          one.run(kernels, tensors);
          benchmark::ClobberMemory();
        }
      });
    }
  }
}

}  // namespace
}  // namespace durward

int main(int argc, char** argv) {
  durward::register_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
