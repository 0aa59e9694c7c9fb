// Graphs compiled to plans and run in sessions give what the interpreter gives, byte for byte,
// whatever the arena may have and whatever instructions the machine has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "base/parallel.h"
#include "compile/int8_net.h"
#include "compile/session_equality.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kSmallest = 1, kRoomy = 0, kWhole = int64_t{1} << 30;
constexpr int64_t kBudgets[] = {kSmallest, kRoomy, kWhole};

size_t arena_of(const Graph& graph, int64_t budget) {
  const auto bytes = build_plan(graph, {.arena_bytes = budget});
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  if (!bytes.ok()) return 0;
  Plan plan;
  const AlignedBytes memory(*bytes);
  EXPECT_TRUE(read_plan(memory.bytes(), plan).ok());
  return plan.arena_bytes;
}

bool streams(const Graph& graph, int64_t budget) {
  const auto bytes = build_plan(graph, {.arena_bytes = budget});
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  Plan plan;
  const AlignedBytes memory(*bytes);
  EXPECT_TRUE(read_plan(memory.bytes(), plan).ok());
  return plan.steps.size() > plan.calls.size();
}

// One side of a random window: its kernel, stride, dilation and padding leave an output.
struct Side {
  int64_t kernel = 1, stride = 1, dilation = 1, before = 0, after = 0;
};
Side random_side(Int8Net& net, int64_t size) {
  Side side;
  side.kernel = net.pick(1, 4);
  side.stride = net.pick(1, 3);
  side.dilation = net.pick(1, 2);
  // Now and then a window that lies wholly in the padding.
  const int64_t most = net.chance(0.1) ? side.kernel * 2 : side.kernel - 1;
  side.before = net.pick(0, most);
  side.after = net.pick(0, most);
  const int64_t reach = (side.kernel - 1) * side.dilation + 1;
  if (size + side.before + side.after < reach) return Side{};
  return side;
}

TensorId random_layer(Int8Net& net, TensorId from) {
  constexpr Activation kActivations[] = {Activation::kNone, Activation::kRelu, Activation::kRelu6,
                                         Activation::kPRelu};
  const Activation activation = kActivations[net.random.below(4)];
  const Side h = random_side(net, net.shape(from)[1]), w = random_side(net, net.shape(from)[2]);
  const Padding padding{h.before, h.after, w.before, w.after};
  if (net.chance(0.4)) {
    const int64_t multiplier = net.shape(from)[3] < 16 && net.chance(0.2) ? 2 : 1;
    return net.depthwise(from, {h.stride, w.stride, h.dilation, w.dilation, padding, activation},
                         multiplier, h.kernel, w.kernel);
  }
  const int64_t groups = net.shape(from)[3] % 2 == 0 && net.chance(0.1) ? 2 : 1;
  const int64_t outputs = groups * net.pick(1, net.chance(0.2) ? 40 : 9);
  return net.conv(from, {h.stride, w.stride, h.dilation, w.dilation, padding, groups, activation},
                  outputs, h.kernel, w.kernel);
}

// A maximum that keeps its input's scale, with windows that all meet the image.
TensorId random_max_pool(Int8Net& net, TensorId from) {
  const auto side = [&](int64_t size) {
    Side result{.kernel = net.pick(1, std::min<int64_t>(size, 4)), .stride = net.pick(1, 3)};
    result.before = net.pick(0, result.kernel - 1);
    result.after = net.pick(0, result.kernel - 1);
    return result;
  };
  const Side h = side(net.shape(from)[1]), w = side(net.shape(from)[2]);
  const QuantParams quant = *net.graph.tensor(from).quant;
  return net.op(Pool2D{PoolKind::kMax,
                       h.kernel,
                       w.kernel,
                       h.stride,
                       w.stride,
                       {h.before, h.after, w.before, w.after}},
                {from}, quant.scales[0], quant.zero_points[0]);
}

// Layers one after the other; adds of earlier tensors of the same shape, on either side; some
// tensors that are outputs as well, or outputs twice.
Graph random_net(uint64_t seed) {
  Int8Net net(seed);
  const int64_t kind = net.pick(0, 3);  // 0, 1: one dimension
  const int64_t height = kind == 0 ? 1 : net.pick(5, 25), width = kind == 1 ? 1 : net.pick(1, 13);
  std::vector<TensorId> tensors{net.input({1, height, width, net.pick(1, 9)})};
  const int64_t layers = net.pick(2, 8);
  for (int64_t i = 0; i < layers; ++i) {
    TensorId last = net.chance(0.85) ? tensors.back() : tensors[net.random.below(tensors.size())];
    tensors.push_back(random_layer(net, last));
    if (net.chance(0.2)) tensors.push_back(random_max_pool(net, tensors.back()));
    if (!net.chance(0.4)) continue;
    // Something of the same shape to add: a layer that keeps it, before or behind.
    last = tensors.back();
    const TensorId other = net.pointwise(last, net.shape(last)[3], Activation::kNone);
    tensors.push_back(net.chance(0.5) ? net.add(other, last) : net.add(last, other));
  }
  net.output(tensors.back());
  if (net.chance(0.2)) net.output(tensors[net.random.below(tensors.size())]);
  if (net.chance(0.1)) net.output(tensors.back());
  return std::move(net.graph);
}

TEST(Plan, GivesTheBytesOfTheInterpreter) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    expect_sessions_equal_interpreter(random_net(seed), kBudgets, seed);
    if (HasFatalFailure()) return;
  }
}

TEST(Plan, TakesABatch) {
  Int8Net net(2);
  TensorId x = net.input({3, 9, 7, 5});
  for (int i = 0; i < 3; ++i) x = net.conv(x, {.padding = {1, 1, 1, 1}}, 6, 3, 3);
  net.output(net.add(net.pointwise(x, 6, Activation::kNone), x));
  expect_sessions_equal_interpreter(net.graph, kBudgets, 2);
}

// The largest tensors lie between the layers: with rows streamed they need not be whole.
Graph wide_inside(int64_t height) {
  Int8Net net(3);
  const TensorId x = net.input({1, height, 16, 4});
  const TensorId deep = net.depthwise(net.pointwise(x, 32), {.padding = {1, 1, 1, 1}}, 1, 3, 3);
  net.output(net.add(net.pointwise(deep, 4, Activation::kNone), x));
  return std::move(net.graph);
}

TEST(Plan, StreamsRowsWhereThatSavesMemory) {
  for (const int64_t height : {3, 16, 33}) {
    const Graph graph = wide_inside(height);
    EXPECT_TRUE(streams(graph, kSmallest));
    EXPECT_FALSE(streams(graph, kWhole));
    expect_sessions_equal_interpreter(graph, kBudgets, 3);
  }
  // Three rows of 512 bytes for the window and one behind it, against two images of 33 rows.
  EXPECT_LE(arena_of(wide_inside(33), kSmallest), size_t{4 * 512});
  EXPECT_EQ(arena_of(wide_inside(33), kWhole), size_t{2 * 33 * 512});
}

// What a face detector begins with: the layer before the pooling is the largest by far.
TEST(Plan, StreamsRowsThroughAMaximum) {
  Int8Net net(18);
  TensorId x = net.conv(net.input({1, 35, 16, 3}), {}, 32, 3, 3);  // 33 x 14 x 32
  const QuantParams quant = *net.graph.tensor(x).quant;
  x = net.op(Pool2D{PoolKind::kMax, 2, 2, 2, 2, {0, 1, 0, 0}}, {x}, quant.scales[0],
             quant.zero_points[0]);  // 17 x 7 x 32
  net.output(net.conv(x, {}, 4, 3, 3));
  EXPECT_TRUE(streams(net.graph, kSmallest));
  // Two rows for the pooling's window and three of its own for the layer's, and what aligns them.
  EXPECT_LE(arena_of(net.graph, kSmallest), size_t{2 * 14 * 32 + 3 * 7 * 32 + 64});
  EXPECT_GE(arena_of(net.graph, kWhole), size_t{33 * 14 * 32 + 17 * 7 * 32});
  expect_sessions_equal_interpreter(net.graph, kBudgets, 18);
}

TEST(Plan, KeepsToTheArenaThatItIsGiven) {
  const Graph graph = wide_inside(33);
  for (size_t budget = 4 * 512; budget < 2 * 33 * 512; budget += 1999) {
    EXPECT_LE(arena_of(graph, static_cast<int64_t>(budget)), budget);
  }
}

// A reshape between two layers costs nothing, but the rows of one are not those of the other.
TEST(Plan, DoesNotStreamAcrossAReshape) {
  Int8Net net(4);
  const TensorId x = net.input({1, 12, 8, 6});
  const TensorId first = net.conv(x, {.padding = {1, 1, 1, 1}}, 12, 3, 3);
  const QuantParams quant = *net.graph.tensor(first).quant;
  const TensorId turned =
      net.op(Reshape{{1, 8, 24, 6}}, {first}, quant.scales[0], quant.zero_points[0]);
  net.output(net.conv(turned, {.padding = {1, 1, 1, 1}}, 2, 3, 3));
  expect_sessions_equal_interpreter(net.graph, kBudgets, 4);
  EXPECT_FALSE(streams(net.graph, kSmallest));
}

TEST(Plan, DoesNotStreamWindowsThatLieBelowTheImage) {
  Int8Net net(5);
  const TensorId x = net.input({1, 6, 5, 3});
  const TensorId first = net.conv(x, {.padding = {0, 4, 0, 0}}, 16, 2, 1);
  net.output(net.conv(first, {.padding = {4, 4, 1, 1}}, 3, 3, 3));
  expect_sessions_equal_interpreter(net.graph, kBudgets, 5);
}

TEST(Plan, AddsBehindALayerOnEitherSide) {
  for (const bool layer_first : {true, false}) {
    Int8Net net(6);
    const TensorId x = net.input({1, 8, 8, 6});
    const TensorId y = net.conv(x, {.padding = {1, 1, 1, 1}}, 6, 3, 3);
    net.output(layer_first ? net.add(y, x, Activation::kRelu) : net.add(x, y, Activation::kRelu));
    const auto bytes = build_plan(net.graph, {});
    ASSERT_TRUE(bytes.ok());
    Plan plan;
    const AlignedBytes memory(*bytes);
    ASSERT_TRUE(read_plan(memory.bytes(), plan).ok());
    EXPECT_EQ(plan.calls.size(), 1u);
    expect_sessions_equal_interpreter(net.graph, kBudgets, 6);
  }
}

TEST(Plan, AddsOnItsOwnWhereTheLayerIsNeededElsewhere) {
  Int8Net net(7);
  const TensorId x = net.input({1, 8, 8, 6});
  const TensorId y = net.conv(x, {.padding = {1, 1, 1, 1}}, 6, 3, 3);
  const TensorId twice = net.add(y, y);
  net.output(net.add(twice, net.add(y, x)));
  net.output(y);
  expect_sessions_equal_interpreter(net.graph, kBudgets, 7);
}

TEST(Plan, AddsATensorThatIsMadeLater) {
  Int8Net net(8);
  const TensorId x = net.input({1, 8, 8, 6});
  const TensorId early = net.conv(x, {.padding = {1, 1, 1, 1}}, 6, 3, 3);
  const TensorId pooled = net.op(Pool2D{PoolKind::kMax, 3, 3, 1, 1, {1, 1, 1, 1}}, {x}, 0.05f,
                                 net.graph.tensor(x).quant->zero_points[0]);
  net.output(net.add(early, pooled));
  expect_sessions_equal_interpreter(net.graph, kBudgets, 8);
}

TEST(Plan, GivesOutInputsAndConstantsAndOutputsTwice) {
  Int8Net net(9);
  const TensorId x = net.input({1, 2, 3, 4});
  const TensorId c = net.constant<float>({3}, {1, 2, 3});
  const TensorId y = net.pointwise(x, 4);
  for (const TensorId id : {x, c, y, y, x, c}) net.output(id);
  expect_sessions_equal_interpreter(net.graph, kBudgets, 9);
}

TEST(Plan, RunsAGraphWithoutNodes) {
  Int8Net net(10);
  net.output(net.input({2, 3}));
  expect_sessions_equal_interpreter(net.graph, kBudgets, 10);
}

TEST(Plan, TakesEmptyTensors) {
  Builder b;
  const TensorId x = b.input({2, 3});
  const TensorId none = b.graph.add_tensor("none", DataType::kFloat32, {2, 0});
  const TensorId all = b.graph.add_tensor("all", DataType::kFloat32, {2, 3});
  b.graph.add_node(Split{1, {0, 3}}, "split", {x}, {none, all});
  b.output(b.op(Concat{1}, {none, all, none}));
  b.output(none);
  b.output(b.op(Unary{UnaryKind::kAbs}, {none}));
  expect_sessions_equal_interpreter(b.graph, kBudgets, 11);
}

TEST(Plan, MovesElementsAndChangesScales) {
  Int8Net net(12);
  const TensorId x = net.input({1, 6, 5, 4});
  const QuantParams quant = *net.graph.tensor(x).quant;
  const auto part = [&](Shape size, const char* part_name) {
    Tensor tensor{part_name, DataType::kInt8, std::move(size), quant, nullptr};
    return net.graph.add_tensor(std::move(tensor));
  };
  const TensorId left = part({1, 6, 5, 1}, "left"), right = part({1, 6, 5, 3}, "right");
  net.graph.add_node(Split{3, {1, 3}}, "split", {x}, {left, right});
  const TensorId padded =
      net.op(Pad{{0, 1, 0, 0}, {0, 0, 2, 0}, 0.5f}, {net.pointwise(right, 8)}, 0.06f, 3);
  const TensorId joined =
      net.op(Concat{3}, {net.conv(padded, {}, 4, 2, 3), left, right}, 0.07f, -9);
  net.output(net.conv(joined, {.stride_h = 2, .padding = {1, 0, 1, 1}}, 5, 3, 3));
  net.output(joined);
  expect_sessions_equal_interpreter(net.graph, kBudgets, 12);
}

TEST(Plan, RunsFloatIslandsBetweenInt8Layers) {
  Int8Net net(13);
  const TensorId x = net.input({1, 9, 6, 4});
  const TensorId before = net.conv(x, {.padding = {1, 1, 1, 1}}, 8, 3, 3);
  const TensorId real = net.op(Unary{UnaryKind::kAbs}, {net.op(Dequantize{}, {before})});
  const TensorId again = net.op(Quantize{}, {real}, 0.04f, -100);
  net.output(net.conv(again, {.padding = {1, 1, 1, 1}}, 3, 3, 3));
  net.output(net.op(Reduce{ReduceKind::kMean, {1, 2}, false}, {real}));
  expect_sessions_equal_interpreter(net.graph, kBudgets, 13);
}

// What the verifier asks of loops has to let pass everything that lowering makes.
TEST(Plan, ReducesOverAnyAxes) {
  for (const Shape& size : {Shape{2, 3, 4, 5}, Shape{2, 1, 3, 1}, Shape{1, 1, 1, 1}}) {
    Int8Net net(16);
    const TensorId x = net.input(size), real = net.Builder::input(size);
    for (unsigned mask = 1; mask < 16; ++mask) {
      std::vector<int> axes;
      for (int axis = 0; axis < 4; ++axis) {
        if ((mask >> axis & 1) != 0) axes.push_back(axis);
      }
      net.output(net.op(Reduce{ReduceKind::kMean, axes, mask % 2 == 0}, {x}, 0.04f, 5));
      net.output(net.op(Reduce{ReduceKind::kL2, axes, mask % 2 == 0}, {real}));
    }
    expect_sessions_equal_interpreter(net.graph, kBudgets, 16);
  }
}

TEST(Plan, MovesElementsInEveryWay) {
  Int8Net net(17);
  const Shape size{1, 4, 6, 8};
  const TensorId x = net.input(size), real = net.Builder::input(size);
  const TensorId indices = net.constant<int64_t>({3}, {2, -3, 0});
  const Op ops[] = {Transpose{{3, 0, 2, 1}},
                    Transpose{{0, 3, 1, 2}},
                    Slice{{0, 3, 1, 0}, {1, -1, 5, 8}, {1, -2, 3, 1}},
                    Tile{{2, 1, 3, 1}},
                    Broadcast{{5, 4, 6, 8}},
                    Pad{{0, 1, 2, 0}, {1, 0, 0, 3}, 0.25f},
                    DepthToSpace{2, false},
                    DepthToSpace{2, true},
                    SpaceToDepth{2},
                    Reshape{{8, 24}}};
  for (const Op& op : ops) {
    net.output(net.op(op, {x}, 0.03f, 7));
    net.output(net.op(op, {real}));
  }
  net.output(net.op(Gather{2}, {real, indices}));
  for (const auto mode : {ResizeMode::kLinear, ResizeMode::kNearest}) {
    const Resize resize{mode, ResizeCoordinates::kHalfPixel, 7, 5, true};
    net.output(net.op(resize, {real}));
    net.output(net.op(resize, {x}, 0.05f, net.graph.tensor(x).quant->zero_points[0]));
  }
  expect_sessions_equal_interpreter(net.graph, kBudgets, 17);
}

TEST(Plan, RunsMobileFaceNetWithin160KilobytesInputCounted) {
  const Graph graph = mobile_face_net();
  const size_t input = 112 * 112 * 3;
  EXPECT_LE(arena_of(graph, kRoomy) + input, size_t{160 * 1024});
  constexpr int64_t kBudget[] = {kRoomy};
  expect_sessions_equal_interpreter(graph, kBudget, 14);
}

TEST(Plan, IsSharedBySessionsOnSeveralThreads) {
  const Graph graph = wide_inside(33);
  const AlignedBytes plan(*build_plan(graph, {}));
  Random random(15);
  const Buffers inputs = random_inputs(graph, random);
  const Buffers expected = interpret(graph, inputs);
  ASSERT_TRUE(parallel_for(8, 4, [&](int64_t, int) {
                const auto session = session_of(plan, isas().front());
                for (int run = 0; run < 5; ++run) {
                  EXPECT_TRUE(run_session(*session, graph, inputs) == expected);
                }
                return absl::OkStatus();
              }).ok());
}

TEST(Plan, NamesEveryNodeWithoutAKernel) {
  Builder b;
  const TensorId x = b.int8_input({2}, 1.0f, 0);
  const TensorId y = b.op(Binary{BinaryKind::kDiv, Activation::kNone}, {x, x}, 1.0f, 0);
  b.output(b.op(Binary{BinaryKind::kPow, Activation::kNone}, {y, x}, 1.0f, 0));
  const absl::Status status = build_plan(b.graph, {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()), HasSubstr("'n0'"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("'n1'"));
}

TEST(Plan, IsTheSameBytesEveryTime) {
  const Graph graph = wide_inside(33);
  EXPECT_EQ(*build_plan(graph, {}), *build_plan(graph, {}));
}

}  // namespace
}  // namespace durward
