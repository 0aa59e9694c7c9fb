#include "quant/calibration.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <limits>

#include "quant/observer.h"
#include "quant/small_nets.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

void expect_equal(const ChannelHistograms& a, const ChannelHistograms& b) {
  ASSERT_EQ(a.channels(), b.channels());
  for (int64_t c = 0; c < a.channels(); ++c) {
    EXPECT_EQ(a.bin_width(c), b.bin_width(c));
    for (int i = 0; i <= kHistogramBins; ++i) EXPECT_EQ(a.count(c, i), b.count(c, i)) << i;
  }
}

TEST(ChannelHistograms, CountTheSameInAnyOrderAndAnyParts) {
  Random random(1);
  std::vector<float> values;
  for (int i = 0; i < 3000; ++i) {
    const auto size = static_cast<float>(std::exp2(30 * random.uniform() - 20));
    values.push_back(random.below(20) == 0 ? 0.0f : random.below(2) == 0 ? size : -size);
  }
  values.insert(values.end(), {1.0f, -1.0f, 0.5f, 1024.0f, -1024.0f, 0x1p-60f});
  const auto count = [](const std::vector<float>& some) {
    ChannelHistograms histograms(1);
    for (const float value : some) {
      histograms.grow(0, std::abs(value));
      histograms.add(0, value);
    }
    return histograms;
  };
  const ChannelHistograms whole = count(values);
  std::vector<float> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  expect_equal(count(sorted), whole);
  for (const size_t cut : {size_t{1}, size_t{1500}}) {
    ChannelHistograms merged = count({sorted.begin(), sorted.begin() + ptrdiff_t(cut)});
    merged.merge(count({sorted.begin() + ptrdiff_t(cut), sorted.end()}));
    expect_equal(merged, whole);
  }
}

TEST(ChannelHistograms, PutValuesIntoTheBinThatHoldsThem) {
  ChannelHistograms histograms(2);
  histograms.grow(1, 3.0f);
  for (const float value : {-3.0f, -0.001f, 0.0f, 0.001f, 2.999f}) histograms.add(1, value);
  EXPECT_EQ(histograms.bin_width(1), 8.0 / kHistogramBins);  // -4 to 4
  EXPECT_EQ(histograms.count(1, 64), 1u);
  EXPECT_EQ(histograms.count(1, 255), 1u);
  EXPECT_EQ(histograms.zeros(1), 1u);
  EXPECT_EQ(histograms.count(1, 256), 1u);
  EXPECT_EQ(histograms.count(1, 447), 1u);
  EXPECT_EQ(histograms.zeros(0), 0u);
}

TEST(Calibrate, IsTheSameOnAnyNumberOfThreadsAndInEitherLayout) {
  const Graph graph = inverted_residual(Activation::kPRelu, 30);
  const auto inputs = random_inputs(graph, 23, 7);
  const auto interpreter = Interpreter::create(graph);
  ASSERT_TRUE(interpreter.ok());
  const Calibration one = calibrate_on(graph, inputs, 1), four = calibrate_on(graph, inputs, 4);
  // The same activations as channel planes.
  const ActivationSource nhwc = interpreter_source(graph, *interpreter, inputs);
  ActivationSource planes = nhwc;
  planes.run = [&](int64_t sample, int worker, const ActivationSource::Visit& visit) {
    return nhwc.run(sample, worker, [&](TensorId id, ActivationView view) {
      const auto channels = static_cast<size_t>(graph.tensor(id).shape.back());
      const size_t positions = view.values.size() / channels;
      std::vector<float> transposed(view.values.size());
      for (size_t p = 0; p < positions; ++p) {
        for (size_t c = 0; c < channels; ++c) {
          transposed[c * positions + p] = view.values[p * channels + c];
        }
      }
      return visit(id, {transposed, PortLayout::kNchw});
    });
  };
  const auto other = calibrate(graph, planes, {2, nullptr});
  ASSERT_TRUE(other.ok()) << other.status();
  ASSERT_EQ(one.tensors.size(), calibration_tensors(graph).size());
  for (const auto& [id, statistics] : one.tensors) {
    for (const Calibration* calibration : {&four, &*other}) {
      const TensorStatistics& same = calibration->tensors.at(id);
      EXPECT_EQ(statistics.minimum, same.minimum);
      EXPECT_EQ(statistics.maximum, same.maximum);
      for (size_t c = 0; c < same.mean.size(); ++c) {
        // The two layouts add in different orders; threads change nothing.
        const double tolerance = calibration == &four ? 0 : 1e-12;
        EXPECT_NEAR(statistics.mean[c], same.mean[c], tolerance);
      }
      expect_equal(statistics.histograms, same.histograms);
    }
  }
}

TEST(Calibrate, MeasuresExtremesAndMeansPerChannel) {
  NetBuilder net(1);
  net.output(net.op(Unary{UnaryKind::kRelu}, {net.input({1, 2, 2})}));
  const std::vector<std::vector<float>> inputs{{1, -2, 3, -4}, {5, 6, -7, 0}};
  const Calibration calibration = calibrate_on(net.graph, inputs);
  const TensorStatistics& x = calibration.tensors.at(net.graph.inputs[0].tensor);
  EXPECT_EQ(x.minimum, (std::vector<float>{-7, -4}));
  EXPECT_EQ(x.maximum, (std::vector<float>{5, 6}));
  EXPECT_EQ(x.mean, (std::vector<double>{0.5, 0}));
  EXPECT_EQ(x.values.size(), 8u);
  const TensorStatistics& y = calibration.tensors.at(net.graph.outputs[0].tensor);
  EXPECT_EQ(y.mean, (std::vector<double>{2.25, 1.5}));
  EXPECT_EQ(y.histograms.zeros(0), 1u);
  EXPECT_EQ(y.histograms.zeros(1), 3u);
}

TEST(Calibrate, TheRestIsWhatARewrittenCopyAdds) {
  NetBuilder net(1);
  const TensorId x = net.input({1, 2, 2});
  net.output(net.op(Unary{UnaryKind::kRelu}, {x}));
  const std::vector<std::vector<float>> inputs{{1, -2, 3, -4}, {5, 6, -7, 0}};
  Calibration calibration = calibrate_on(net.graph, inputs);
  calibration.tensors.at(x).maximum = {8, 8};  // as only the first pass could know it
  const TensorId y = net.op(Unary{UnaryKind::kNeg}, {x});
  net.graph.outputs.clear();
  net.output(y);
  EXPECT_EQ(uncalibrated_tensors(net.graph, calibration), std::vector<TensorId>{y});
  const auto interpreter = Interpreter::create(net.graph);
  ASSERT_TRUE(interpreter.ok());
  const ActivationSource source = interpreter_source(net.graph, *interpreter, inputs);
  const absl::Status status = calibrate_rest(calibration, net.graph, source, {1, nullptr});
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(calibration.tensors.at(y).maximum, (std::vector<float>{7, 4}));
  EXPECT_EQ(calibration.tensors.at(x).maximum, (std::vector<float>{8, 8}));
  ++calibration.samples;
  EXPECT_EQ(calibrate_rest(calibration, net.graph, source, {1, nullptr}).code(),
            absl::StatusCode::kInvalidArgument);
}

// What was measured of a tensor tells what would be measured of a * x and of ReLU(b * x).
TEST(TensorStatistics, FollowAFactorAndAReluAsIfMeasuredBehindThem) {
  const std::vector<float> factors = {0.5f, -0.25f, 0, 2};
  const auto channels = static_cast<int64_t>(factors.size());
  NetBuilder net(1);
  const TensorId x = net.input({1, 64, channels});
  const TensorId scaled = net.op(Binary{BinaryKind::kMul},
                                 {x, net.graph.add_constant<float>("a", {channels}, factors)});
  const TensorId kinked = net.op(Unary{UnaryKind::kRelu}, {scaled});
  net.output(kinked);
  Random random(5);
  std::vector<std::vector<float>> inputs(3);
  for (std::vector<float>& input : inputs) {
    for (int64_t i = 0; i < 64 * channels; ++i) {
      input.push_back(static_cast<float>(random.uniform() * 8 - 3));
    }
  }
  const Calibration measured = calibrate_on(net.graph, inputs);
  TensorStatistics derived = measured.tensors.at(x);
  for (int64_t c = 0; c < channels; ++c) derived.scale(c, double{factors[static_cast<size_t>(c)]});
  using Tensors = std::vector<const TensorStatistics*>;
  const auto expect_same = [&](const TensorStatistics& expected, double mean_tolerance) {
    EXPECT_EQ(derived.minimum, expected.minimum);
    EXPECT_EQ(derived.maximum, expected.maximum);
    for (int64_t c = 0; c < channels; ++c) {
      SCOPED_TRACE(c);
      EXPECT_NEAR(derived.mean[static_cast<size_t>(c)], expected.mean[static_cast<size_t>(c)],
                  mean_tolerance);
      EXPECT_EQ(derived.histograms.zeros(c), expected.histograms.zeros(c));
      EXPECT_NEAR(derived.histograms.mean(c), expected.histograms.mean(c), 0.02);
    }
    const QuantParams params = observe(Tensors{&derived}, {});
    const QuantParams wanted = observe(Tensors{&expected}, {});
    EXPECT_NEAR(params.scales[0], wanted.scales[0], 0.02 * wanted.scales[0]);
  };
  expect_same(measured.tensors.at(scaled), 1e-9);
  derived.rectify();
  expect_same(measured.tensors.at(kinked), 0.02);
}

TEST(Calibrate, NamesTheTensorAndSampleOfANaN) {
  NetBuilder net(1);
  net.output(net.op(Unary{UnaryKind::kSqrt}, {net.input({1, 2})}));
  const std::vector<std::vector<float>> inputs{{1, 2}, {3, 4}, {-1, 2}};
  const auto interpreter = Interpreter::create(net.graph);
  ASSERT_TRUE(interpreter.ok());
  const absl::Status status =
      calibrate(net.graph, interpreter_source(net.graph, *interpreter, inputs), {1, nullptr})
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("'n' on sample 2"));
}

TEST(Calibrate, StopsWhenAskedAndRefusesNoSamples) {
  const Graph graph = inverted_residual(Activation::kRelu, 2);
  const auto interpreter = Interpreter::create(graph);
  ASSERT_TRUE(interpreter.ok());
  const auto inputs = random_inputs(graph, 5, 7);
  const ActivationSource source = interpreter_source(graph, *interpreter, inputs);
  int64_t last = 0;
  const auto stop = [&last](std::string_view, int64_t done, int64_t) { return (last = done) < 2; };
  EXPECT_EQ(calibrate(graph, source, {1, stop}).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(last, 2);
  ActivationSource empty = source;
  empty.samples = 0;
  EXPECT_EQ(calibrate(graph, empty, {1, nullptr}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(Calibrate, NoticesATensorThatIsNotShown) {
  const Graph graph = inverted_residual(Activation::kRelu, 2);
  ActivationSource source{
      3, [](int64_t, int, const ActivationSource::Visit&) { return absl::OkStatus(); }};
  const absl::Status status = calibrate(graph, source, {1, nullptr}).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("'x' was shown 0 times"));
}

}  // namespace
}  // namespace durward
