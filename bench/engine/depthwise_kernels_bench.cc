// Time of each depthwise kernel that this machine can run, on the layers of MobileFaceNet.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "base/random.h"
#include "engine/kernels/depthwise/kernels.h"

namespace durward {
namespace {

struct Shape {
  int64_t size, channels, kernel, stride, pad;
  int count;  // how many such layers the network has
};

constexpr Shape kShapes[] = {{56, 64, 3, 1, 1, 1},  {56, 128, 3, 2, 1, 1}, {28, 128, 3, 1, 1, 4},
                             {28, 256, 3, 2, 1, 1}, {14, 256, 3, 1, 1, 6}, {14, 512, 3, 2, 1, 1},
                             {7, 256, 3, 1, 1, 2},  {7, 512, 7, 1, 0, 1}};

std::string label(const Shape& s) {
  const auto n = [](int64_t value) { return std::to_string(value); };
  return n(s.kernel) + "x" + n(s.kernel) + "s" + n(s.stride) + "/" + n(s.size) + "x" + n(s.size) +
         "x" + n(s.channels) + "/layers:" + std::to_string(s.count);
}

WindowGeometry window(const Shape& s) {
  WindowGeometry w;
  w.in_h = w.in_w = s.size;
  w.in_c = w.out_c = s.channels;
  w.kernel_h = w.kernel_w = s.kernel;
  w.stride_h = w.stride_w = s.stride;
  w.pad_top = w.pad_left = s.pad;
  w.out_h = w.out_w = (s.size + 2 * s.pad - s.kernel) / s.stride + 1;
  return w;
}

class Memory {
 public:
  explicit Memory(size_t bytes) : data_(new(kAlignment) std::byte[bytes]) {}
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { operator delete[](data_, kAlignment); }
  [[nodiscard]] std::byte* data() { return data_; }

 private:
  static constexpr std::align_val_t kAlignment{64};
  std::byte* data_;
};

std::vector<int8_t> random_values(Random& random, int64_t count) {
  std::vector<int8_t> values(static_cast<size_t>(count));
  for (int8_t& value : values) {
    value = static_cast<int8_t>(static_cast<int>(random.below(255)) - 127);
  }
  return values;
}

// With a PReLU, positive and negative accumulators have multipliers of their own.
void run(benchmark::State& state, const DepthwiseKernel& kernel, const Shape& shape, bool prelu) {
  const WindowGeometry w = window(shape);
  const auto channels = static_cast<size_t>(w.out_c);
  Random random(1);
  const auto weights = random_values(random, w.kernel_h * w.kernel_w * w.out_c);
  const auto values = random_values(random, w.in_h * w.in_w * w.in_c);
  Memory input(values.size()), output(static_cast<size_t>(w.out_h * w.out_w * w.out_c));
  std::memcpy(input.data(), values.data(), values.size());
  const std::vector<int32_t> bias(channels, 1000);
  const std::vector<float> multiplier(channels, 0.003f);
  const std::vector<float> negative(channels, prelu ? 0.001f : 0.003f);
  const DepthwiseInt8 layer{.window = w,
                            .weights = weights.data(),
                            .bias = bias.data(),
                            .multiplier = multiplier.data(),
                            .multiplier_negative = negative.data(),
                            .input_zero_point = -3,
                            .output = {}};
  Memory packed(kernel.packed_bytes(layer)), scratch(kernel.scratch_bytes(layer));
  kernel.pack(layer, packed.data());
  const LayerOperands operands{.input = reinterpret_cast<const int8_t*>(input.data()),
                               .addend = nullptr,
                               .output = reinterpret_cast<int8_t*>(output.data()),
                               .scratch = scratch.data()};
  for (auto _ : state) {
    kernel.run(layer, packed.data(), nullptr, operands);
    benchmark::ClobberMemory();
  }
  const auto products = static_cast<double>(w.out_h * w.out_w * w.out_c * w.kernel_h * w.kernel_w);
  state.counters["MAC/s"] =
      benchmark::Counter(products, benchmark::Counter::kIsIterationInvariantRate);
}

void register_all() {
  for (const DepthwiseKernel& kernel : depthwise_kernels()) {
    if (!available(kernel.isa)) continue;
    for (const bool prelu : {false, true}) {
      for (const Shape& shape : kShapes) {
        const std::string title =
            std::string(name(kernel.isa)) + "/" + label(shape) + (prelu ? "/prelu" : "/relu");
        benchmark::RegisterBenchmark(title.c_str(), run, kernel, shape, prelu);
      }
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
