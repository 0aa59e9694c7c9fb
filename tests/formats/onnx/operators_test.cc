// Every supported op in the forms of opsets 9 to 21: the model, read and written again, gives in
// ONNX Runtime what the original gives.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "formats/onnx/onnx_model.h"
#include "formats/onnx/onnxruntime_values.h"
#include "formats/onnx/reader.h"
#include "formats/onnx/writer.h"

namespace durward {
namespace {

struct Case {
  std::string name;
  // Builds a model with the output "y" from the input "x"; both are declared by the test.
  std::function<void(OnnxModel&)> build;
  std::vector<int64_t> x = {2, 4, 6, 5};
  int oldest = 9, newest = 21;
  float lowest = -2, highest = 2;
};

std::vector<float> ramp(size_t count, float from, float to) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) {
    // A permuted ramp: neighbouring values differ, so that a wrong order shows.
    values[i] =
        from + (to - from) * static_cast<float>((i * 7) % count) / static_cast<float>(count);
  }
  return values;
}

// Axes, shapes and the like: an attribute up to some opset, an input from then on.
void parameter(OnnxModel& model, bool as_input, const std::string& name,
               const std::vector<int64_t>& values, std::vector<std::string>& inputs,
               std::vector<std::pair<std::string, std::vector<int64_t>>>& attributes) {
  if (as_input) {
    model.integers(name, values);
    inputs.push_back(name);
  } else {
    attributes.emplace_back(name, values);
  }
}

Case unary(const std::string& op, int oldest = 9, float lowest = -2, float highest = 2) {
  return {.name = op,
          .build = [op](OnnxModel& model) { model.node(op, {"x"}, {"y"}); },
          .oldest = oldest,
          .lowest = lowest,
          .highest = highest};
}

Case binary(const std::string& op, const std::string& suffix, const std::vector<int64_t>& shape) {
  return {.name = op + suffix, .build = [op, shape](OnnxModel& model) {
            int64_t count = 1;
            for (const int64_t dimension : shape) count *= dimension;
            model.floats("c", shape, ramp(static_cast<size_t>(count), 0.5f, 1.5f));
            model.node(op, {"x", "c"}, {"y"});
          }};
}

Case reduce(const std::string& op, const std::string& suffix, const std::vector<int64_t>& axes,
            int64_t keep) {
  return {.name = op + suffix,
          .build =
              [op, axes, keep](OnnxModel& model) {
                const bool as_input = model.opset() >= (op == "ReduceSum" ? 13 : 18);
                std::vector<std::string> inputs{"x"};
                std::vector<std::pair<std::string, std::vector<int64_t>>> attributes;
                parameter(model, as_input, "axes", axes, inputs, attributes);
                OnnxNode node = model.node(op, inputs, {"y"});
                for (const auto& [key, values] : attributes) node.set(key, values);
                node.set("keepdims", keep);
              },
          .lowest = 0.5f};
}

Case conv(const std::string& name, std::vector<int64_t> weights,
          const std::function<void(OnnxNode&)>& set, std::vector<int64_t> x = {2, 4, 6, 5}) {
  return {.name = name,
          .build =
              [weights, set](OnnxModel& model) {
                int64_t count = 1;
                for (const int64_t dimension : weights) count *= dimension;
                model.floats("w", weights, ramp(static_cast<size_t>(count), -1, 1));
                model.floats("b", {weights[0]}, ramp(static_cast<size_t>(weights[0]), -1, 1));
                OnnxNode node = model.node("Conv", {"x", "w", "b"}, {"y"});
                set(node);
              },
          .x = std::move(x)};
}

Case pool(const std::string& name, const std::string& op, const std::function<void(OnnxNode&)>& set,
          std::vector<int64_t> x = {2, 4, 6, 5}) {
  return {.name = name,
          .build =
              [op, set](OnnxModel& model) {
                OnnxNode node = model.node(op, {"x"}, {"y"});
                set(node);
              },
          .x = std::move(x),
          .oldest = 10};
}

Case resize(const std::string& name, const std::string& mode, const std::string& coordinates,
            const std::string& nearest, std::vector<float> scales,
            std::vector<int64_t> sizes = {}) {
  return {.name = name,
          .build =
              [=](OnnxModel& model) {
                model.floats("roi", {0}, {});
                model.floats("scales", {static_cast<int64_t>(scales.size())}, scales);
                std::vector<std::string> inputs{"x", "roi", "scales"};
                if (!sizes.empty()) {
                  model.integers("sizes", sizes);
                  inputs.push_back("sizes");
                  if (model.opset() >= 13) inputs[2] = "";
                }
                OnnxNode node = model.node("Resize", inputs, {"y"});
                node.set_text("mode", mode).set_text("coordinate_transformation_mode", coordinates);
                if (mode == "nearest") node.set_text("nearest_mode", nearest);
              },
          .oldest = 11};
}

std::vector<Case> elementwise_cases() {
  std::vector<Case> cases = {
      unary("Relu"),
      unary("Abs"),
      unary("Neg"),
      unary("Sqrt", 9, 0.1f, 4),
      unary("Exp"),
      unary("Log", 9, 0.1f, 4),
      unary("Sigmoid"),
      unary("Tanh"),
      unary("Erf"),
      unary("Floor"),
      unary("Ceil"),
      unary("Reciprocal", 9, 0.5f, 4),
      unary("HardSwish", 14, -4, 4),
      unary("HardSigmoid", 9, -4, 4),
      unary("LeakyRelu"),
      unary("Identity"),
      unary("Dropout"),
      binary("Add", "Channels", {4, 1, 1}),
      binary("Add", "Row", {5}),
      binary("Add", "Full", {2, 4, 6, 5}),
      binary("Add", "MoreDimensions", {3, 2, 4, 6, 5}),
      binary("Sub", "Scalar", {}),
      binary("Mul", "Channels", {1, 4, 1, 1}),
      binary("Div", "Column", {6, 1}),
      binary("Pow", "Scalar", {}),
      binary("PRelu", "Channels", {4, 1, 1}),
      binary("PRelu", "Scalar", {1}),
      binary("PRelu", "Row", {5}),
  };
  for (Case& test : cases) {
    if (test.name == "PowScalar") test.lowest = 0.1f;
  }
  for (const char* op : {"Max", "Min", "Sum", "Mean"}) {
    cases.push_back({.name = op, .build = [op](OnnxModel& model) {
                       model.floats("c", {4, 1, 1}, ramp(4, -1, 1));
                       model.floats("d", {5}, ramp(5, -1, 1));
                       model.node(op, {"c", "x", "d"}, {"y"});
                     }});
  }
  for (const char* op : {"Less", "LessOrEqual", "Greater", "GreaterOrEqual"}) {
    cases.push_back({.name = op,
                     .build =
                         [op](OnnxModel& model) {
                           model.floats("c", {4, 1, 1}, ramp(4, -1, 1));
                           model.node(op, {"x", "c"}, {"holds"});
                           model.node("Cast", {"holds"}, {"y"}).set("to", int64_t{1});  // float
                         },
                     .oldest = 12});
  }
  cases.push_back({.name = "Clip", .build = [](OnnxModel& model) {
                     if (model.opset() < 11) {
                       model.node("Clip", {"x"}, {"y"}).set("min", -1.0f).set("max", 0.5f);
                     } else {
                       model.floats("low", {}, {-1});
                       model.floats("high", {}, {0.5});
                       model.node("Clip", {"x", "low", "high"}, {"y"});
                     }
                   }});
  cases.push_back({.name = "ClipOneSide", .build = [](OnnxModel& model) {
                     if (model.opset() < 11) {
                       model.node("Clip", {"x"}, {"y"}).set("max", 0.5f);
                     } else {
                       model.floats("high", {}, {0.5});
                       model.node("Clip", {"x", "", "high"}, {"y"});
                     }
                   }});
  cases.push_back({.name = "CastThereAndBack", .build = [](OnnxModel& model) {
                     model.node("Cast", {"x"}, {"i"}).set("to", int64_t{onnx::TensorProto::INT32});
                     model.node("Cast", {"i"}, {"y"}).set("to", int64_t{onnx::TensorProto::FLOAT});
                   }});
  return cases;
}

std::vector<Case> layer_cases() {
  std::vector<Case> cases = {
      conv("ConvPadded", {3, 4, 3, 2},
           [](OnnxNode& node) {
             node.set("pads", {1, 0, 2, 1}).set("strides", {2, 1}).set("dilations", {1, 2});
           }),
      conv("ConvGroups", {6, 2, 3, 3}, [](OnnxNode& node) { node.set("group", int64_t{2}); }),
      conv("ConvDepthwise", {4, 1, 3, 3},
           [](OnnxNode& node) {
             node.set("group", int64_t{4}).set("pads", {1, 1, 1, 1});
           }),
      conv("ConvDepthwiseMultiplier", {8, 1, 3, 3},
           [](OnnxNode& node) { node.set("group", int64_t{4}); }),
      conv("ConvSameUpper", {3, 4, 4, 4},
           [](OnnxNode& node) {
             node.set_text("auto_pad", "SAME_UPPER").set("strides", {2, 2});
           }),
      conv("ConvSameLower", {3, 4, 4, 4},
           [](OnnxNode& node) {
             node.set_text("auto_pad", "SAME_LOWER").set("strides", {2, 2});
           }),
      conv("Conv1D", {3, 4, 3},
           [](OnnxNode& node) {
             node.set("pads", {1, 2}).set("strides", std::vector<int64_t>{2});
           },
           {2, 4, 9}),
      conv("Conv1DDepthwise", {4, 1, 3}, [](OnnxNode& node) { node.set("group", int64_t{4}); },
           {2, 4, 9}),
      pool("MaxPool", "MaxPool",
           [](OnnxNode& node) {
             node.set("kernel_shape", {3, 2}).set("strides", {2, 2}).set("pads", {1, 0, 1, 1});
           }),
      pool("MaxPoolCeil", "MaxPool",
           [](OnnxNode& node) {
             node.set("kernel_shape", {2, 2}).set("strides", {2, 2}).set("ceil_mode", int64_t{1});
           }),
      pool("AveragePool", "AveragePool",
           [](OnnxNode& node) {
             node.set("kernel_shape", {3, 3}).set("strides", {2, 2}).set("pads", {1, 1, 1, 1});
           }),
      pool("AveragePoolCounted", "AveragePool",
           [](OnnxNode& node) {
             node.set("kernel_shape", {3, 3}).set("pads", {1, 1, 1, 1});
             node.set("count_include_pad", int64_t{1});
           }),
      pool("AveragePoolCeil", "AveragePool",
           [](OnnxNode& node) {
             node.set("kernel_shape", {3, 2}).set("strides", {2, 2}).set("ceil_mode", int64_t{1});
           }),
      pool("MaxPool1D", "MaxPool",
           [](OnnxNode& node) {
             node.set("kernel_shape", std::vector<int64_t>{3})
                 .set("strides", std::vector<int64_t>{2});
           },
           {2, 4, 9}),
      pool("GlobalAveragePool", "GlobalAveragePool", [](OnnxNode&) {}),
      pool("GlobalMaxPool", "GlobalMaxPool", [](OnnxNode&) {}),
  };
  cases.push_back(
      {.name = "BatchNormalization", .build = [](OnnxModel& model) {
         model.floats("gamma", {4}, ramp(4, 0.5f, 2));
         model.floats("beta", {4}, ramp(4, -1, 1));
         model.floats("mean", {4}, ramp(4, -1, 1));
         model.floats("variance", {4}, ramp(4, 0.5f, 2));
         model.node("BatchNormalization", {"x", "gamma", "beta", "mean", "variance"}, {"y"});
       }});
  cases.push_back(cases.back());
  cases.back().name = "BatchNormalizationOfRows";
  cases.back().x = {3, 4};
  cases.push_back(
      {.name = "Gemm",
       .build =
           [](OnnxModel& model) {
             model.floats("w", {5, 7}, ramp(35, -1, 1));
             model.floats("c", {7}, ramp(7, -1, 1));
             model.node("Gemm", {"x", "w", "c"}, {"y"}).set("alpha", 0.5f).set("beta", 2.0f);
           },
       .x = {3, 5}});
  cases.push_back({.name = "GemmTransposed",
                   .build =
                       [](OnnxModel& model) {
                         model.floats("w", {7, 3}, ramp(21, -1, 1));
                         model.floats("c", {5, 1}, ramp(5, -1, 1));
                         model.node("Gemm", {"x", "w", "c"}, {"y"})
                             .set("transA", int64_t{1})
                             .set("transB", int64_t{1});
                       },
                   .x = {3, 5}});
  cases.push_back({.name = "GemmOfTwo",
                   .build =
                       [](OnnxModel& model) {
                         model.floats("c", {1}, {0.5f});
                         model.node("Gemm", {"x", "x", "c"}, {"y"})
                             .set("transB", int64_t{1})
                             .set("alpha", 0.5f);
                       },
                   .x = {3, 5}});
  cases.push_back({.name = "FlattenGemm", .build = [](OnnxModel& model) {
                     model.floats("w", {3, 120}, ramp(360, -1, 1));
                     model.floats("c", {3}, ramp(3, -1, 1));
                     model.node("Relu", {"x"}, {"r"});
                     model.node("Flatten", {"r"}, {"f"});
                     model.node("Gemm", {"f", "w", "c"}, {"y"}).set("transB", int64_t{1});
                   }});
  cases.push_back({.name = "MatMul", .build = [](OnnxModel& model) {
                     model.floats("w", {5, 3}, ramp(15, -1, 1));
                     model.node("MatMul", {"x", "w"}, {"y"});
                   }});
  cases.push_back({.name = "MatMulOfTwo", .build = [](OnnxModel& model) {
                     model.node("Transpose", {"x"}, {"t"}).set("perm", {0, 1, 3, 2});
                     model.node("MatMul", {"x", "t"}, {"y"});
                   }});
  for (const int64_t axis : {0, 1, 3}) {
    cases.push_back({.name = "SoftmaxAxis" + std::to_string(axis), .build = [=](OnnxModel& model) {
                       model.node("Softmax", {"x"}, {"y"}).set("axis", axis);
                     }});
  }
  cases.push_back(unary("Softmax"));
  cases.push_back(unary("LogSoftmax"));
  for (const int64_t axis : {-1, 1}) {
    const std::vector<int64_t> shape =
        axis == -1 ? std::vector<int64_t>{5} : std::vector<int64_t>{4, 6, 5};
    cases.push_back(
        {.name = axis == -1 ? "LayerNormalization" : "LayerNormalizationOfImages",
         .build =
             [=](OnnxModel& model) {
               const size_t count = axis == -1 ? 5 : 120;
               model.floats("scale", shape, ramp(count, 0.5f, 2));
               model.floats("bias", shape, ramp(count, -1, 1));
               model.node("LayerNormalization", {"x", "scale", "bias"}, {"y"}).set("axis", axis);
             },
         .oldest = 17});
  }
  cases.push_back({.name = "InstanceNormalization", .build = [](OnnxModel& model) {
                     model.floats("scale", {4}, ramp(4, 0.5f, 2));
                     model.floats("bias", {4}, ramp(4, -1, 1));
                     model.node("InstanceNormalization", {"x", "scale", "bias"}, {"y"});
                   }});
  cases.push_back(unary("Gelu", 20));
  cases.push_back({.name = "GeluTanh",
                   .build =
                       [](OnnxModel& model) {
                         model.node("Gelu", {"x"}, {"y"}).set_text("approximate", "tanh");
                       },
                   .oldest = 20});
  cases.push_back({.name = "LpNormalization", .build = [](OnnxModel& model) {
                     model.node("LpNormalization", {"x"}, {"y"}).set("axis", int64_t{1});
                   }});
  for (const char* op : {"ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceSumSquare",
                         "ReduceL2", "ReduceL1"}) {
    cases.push_back(reduce(op, "Spatial", {2, 3}, 1));
    cases.push_back(reduce(op, "ChannelsDropped", {-3}, 0));
  }
  cases.push_back(reduce("ReduceMean", "MiddleDropped", {2}, 0));
  return cases;
}

std::vector<Case> movement_cases() {
  std::vector<Case> cases;
  cases.push_back({.name = "Flatten", .build = [](OnnxModel& model) {
                     model.node("Flatten", {"x"}, {"y"}).set("axis", int64_t{2});
                   }});
  cases.push_back({.name = "Reshape", .build = [](OnnxModel& model) {
                     model.integers("shape", {0, 2, -1, 10});
                     model.node("Reshape", {"x", "shape"}, {"y"});
                   }});
  cases.push_back({.name = "ChannelShuffle", .build = [](OnnxModel& model) {
                     model.integers("split", {2, 2, 2, 6, 5});
                     model.integers("join", {2, 4, 6, 5});
                     model.node("Reshape", {"x", "split"}, {"s"});
                     model.node("Transpose", {"s"}, {"t"}).set("perm", {0, 2, 1, 3, 4});
                     model.node("Reshape", {"t", "join"}, {"y"});
                   }});
  cases.push_back({.name = "ComputedShape", .build = [](OnnxModel& model) {
                     model.integers("zero", {0});
                     model.integers("rest", {-1});
                     model.node("Shape", {"x"}, {"dims"});
                     model.node("Gather", {"dims", "zero"}, {"batch"}).set("axis", int64_t{0});
                     model.node("Concat", {"batch", "rest"}, {"shape"}).set("axis", int64_t{0});
                     model.node("Reshape", {"x", "shape"}, {"y"});
                   }});
  cases.push_back({.name = "TransposeReshape", .build = [](OnnxModel& model) {
                     model.integers("shape", {2, -1, 4});
                     model.node("Relu", {"x"}, {"r"});
                     model.node("Transpose", {"r"}, {"t"}).set("perm", {0, 2, 3, 1});
                     model.node("Reshape", {"t", "shape"}, {"y"});
                   }});
  cases.push_back({.name = "TransposeAll",
                   .build = [](OnnxModel& model) { model.node("Transpose", {"x"}, {"y"}); }});
  cases.push_back({.name = "SqueezeUnsqueeze", .build = [](OnnxModel& model) {
                     const bool as_input = model.opset() >= 13;
                     std::vector<std::string> in{"x"}, out{"u"};
                     std::vector<std::pair<std::string, std::vector<int64_t>>> a, b;
                     parameter(model, as_input, "axes", {1, 4}, in, a);
                     OnnxNode first = model.node("Unsqueeze", in, {"u"});
                     for (const auto& [key, values] : a) first.set(key, values);
                     if (as_input) {
                       model.integers("axes2", {1});
                       out.push_back("axes2");
                     }
                     OnnxNode second = model.node("Squeeze", out, {"y"});
                     if (!as_input) second.set("axes", std::vector<int64_t>{1});
                   }});
  cases.push_back({.name = "SqueezeAll",
                   .build = [](OnnxModel& model) { model.node("Squeeze", {"x"}, {"y"}); },
                   .x = {1, 4, 1, 5}});
  const auto slice = [](std::vector<int64_t> starts, std::vector<int64_t> ends,
                        std::vector<int64_t> axes, std::vector<int64_t> steps) {
    return [=](OnnxModel& model) {
      if (model.opset() < 10) {
        model.node("Slice", {"x"}, {"y"}).set("starts", starts).set("ends", ends).set("axes", axes);
        return;
      }
      model.integers("starts", starts);
      model.integers("ends", ends);
      model.integers("axes", axes);
      model.integers("steps", steps);
      model.node("Slice", {"x", "starts", "ends", "axes", "steps"}, {"y"});
    };
  };
  cases.push_back({.name = "Slice", .build = slice({1, -3}, {100, -1}, {1, -1}, {1, 1})});
  cases.push_back({.name = "SliceBackwards",
                   .build = slice({-1, 4}, {INT64_MIN, 0}, {2, 3}, {-2, -1}),
                   .oldest = 10});
  const auto pad = [](std::vector<int64_t> pads, float value) {
    return [=](OnnxModel& model) {
      if (model.opset() < 11) {
        model.node("Pad", {"x"}, {"y"}).set("pads", pads).set("value", value);
        return;
      }
      model.integers("pads", pads);
      model.floats("value", {}, {value});
      model.node("Pad", {"x", "pads", "value"}, {"y"});
    };
  };
  cases.push_back({.name = "Pad", .build = pad({0, 1, 2, 0, 1, 0, 0, 3}, 0.5f)});
  cases.push_back({.name = "PadAxes",
                   .build =
                       [](OnnxModel& model) {
                         model.integers("pads", {1, 2, 3, 4});
                         model.integers("axes", {1, -1});
                         model.node("Pad", {"x", "pads", "", "axes"}, {"y"});
                       },
                   .oldest = 18});
  cases.push_back({.name = "ConcatChannels", .build = [](OnnxModel& model) {
                     model.floats("c", {2, 1, 6, 5}, ramp(60, -1, 1));
                     model.node("Concat", {"x", "c", "x"}, {"y"}).set("axis", int64_t{1});
                   }});
  cases.push_back({.name = "Split", .build = [](OnnxModel& model) {
                     std::vector<std::string> inputs{"x"};
                     std::vector<std::pair<std::string, std::vector<int64_t>>> attributes;
                     parameter(model, model.opset() >= 13, "split", {1, 3}, inputs, attributes);
                     OnnxNode node = model.node("Split", inputs, {"first", "second"});
                     for (const auto& [key, values] : attributes) node.set(key, values);
                     node.set("axis", int64_t{1});
                     model.node("Add", {"first", "second"}, {"y"});
                   }});
  cases.push_back({.name = "SplitEqually", .build = [](OnnxModel& model) {
                     OnnxNode node = model.node("Split", {"x"}, {"first", "second"});
                     node.set("axis", int64_t{1});
                     if (model.opset() >= 18) node.set("num_outputs", int64_t{2});
                     model.node("Mul", {"first", "second"}, {"y"});
                   }});
  cases.push_back({.name = "GatherChannels", .build = [](OnnxModel& model) {
                     model.integers("indices", {2, 0, 2});
                     model.node("Gather", {"x", "indices"}, {"y"}).set("axis", int64_t{1});
                   }});
  cases.push_back({.name = "Expand",
                   .build =
                       [](OnnxModel& model) {
                         model.integers("shape", {3, 1, 4, 6, 5});
                         model.node("Expand", {"x", "shape"}, {"y"});
                       },
                   .x = {2, 4, 1, 5}});
  cases.push_back({.name = "ExpandToComputedShape",
                   .build =
                       [](OnnxModel& model) {
                         // What PyTorch exports for x.expand(2, -1, 6, -1).
                         model.integers("four", {4});
                         model.integers("wanted", {2, -1, 6, -1});
                         model.integers("minus_one", {-1});
                         const int64_t one = 1;
                         model.node("ConstantOfShape", {"four"}, {"ones"})
                             .set_tensor("value", onnx_tensor<int64_t>("", onnx::TensorProto::INT64,
                                                                       {1}, {one}));
                         model.node("Mul", {"ones", "minus_one"}, {"unset"});
                         model.node("Equal", {"wanted", "unset"}, {"open"});
                         model.node("Where", {"open", "ones", "wanted"}, {"shape"});
                         model.node("Expand", {"x", "shape"}, {"y"});
                       },
                   .x = {1, 4, 1, 5}});
  cases.push_back({.name = "Tile", .build = [](OnnxModel& model) {
                     model.integers("repeats", {1, 2, 1, 3});
                     model.node("Tile", {"x", "repeats"}, {"y"});
                   }});
  cases.push_back({.name = "DepthToSpace",
                   .build =
                       [](OnnxModel& model) {
                         model.node("DepthToSpace", {"x"}, {"y"}).set("blocksize", int64_t{2});
                       },
                   .x = {2, 8, 3, 5}});
  cases.push_back({.name = "DepthToSpaceCrd",
                   .build =
                       [](OnnxModel& model) {
                         model.node("DepthToSpace", {"x"}, {"y"})
                             .set("blocksize", int64_t{2})
                             .set_text("mode", "CRD");
                       },
                   .x = {2, 8, 3, 5},
                   .oldest = 11});
  cases.push_back({.name = "SpaceToDepth",
                   .build =
                       [](OnnxModel& model) {
                         model.node("SpaceToDepth", {"x"}, {"y"}).set("blocksize", int64_t{2});
                       },
                   .x = {2, 3, 6, 4}});
  cases.push_back({.name = "Upsample",
                   .build =
                       [](OnnxModel& model) {
                         model.floats("scales", {4}, {1, 1, 2, 3});
                         model.node("Upsample", {"x", "scales"}, {"y"}).set_text("mode", "nearest");
                       },
                   .newest = 9});
  cases.push_back({.name = "UpsampleLinear",
                   .build =
                       [](OnnxModel& model) {
                         model.floats("scales", {4}, {1, 1, 2, 3});
                         model.node("Upsample", {"x", "scales"}, {"y"}).set_text("mode", "linear");
                       },
                   .newest = 9});
  cases.push_back({.name = "FirstResize",
                   .build =
                       [](OnnxModel& model) {
                         model.floats("scales", {4}, {1, 1, 2, 3});
                         model.node("Resize", {"x", "scales"}, {"y"});
                       },
                   .oldest = 10,
                   .newest = 10});
  const std::vector<float> twice = {1, 1, 2, 2}, half = {1, 1, 0.5f, 0.6f};
  cases.push_back(resize("ResizeHalfPixel", "nearest", "half_pixel", "round_prefer_floor", twice));
  cases.push_back(resize("ResizeFloor", "nearest", "asymmetric", "floor", twice));
  cases.push_back(resize("ResizeCeil", "nearest", "half_pixel", "round_prefer_ceil", twice));
  cases.push_back(resize("ResizeDown", "nearest", "asymmetric", "floor", half));
  cases.push_back(resize("ResizeLinear", "linear", "half_pixel", "", twice));
  cases.push_back(resize("ResizePytorch", "linear", "pytorch_half_pixel", "", twice));
  cases.push_back(resize("ResizeAlignCorners", "linear", "align_corners", "", {}, {2, 4, 11, 8}));
  cases.push_back(resize("ResizeAsymmetric", "linear", "asymmetric", "", {}, {2, 4, 12, 10}));
  return cases;
}

std::vector<Case> all_cases() {
  std::vector<Case> cases = elementwise_cases();
  for (const auto& more : {layer_cases(), movement_cases()}) {
    cases.insert(cases.end(), more.begin(), more.end());
  }
  return cases;
}

class Operators : public testing::TestWithParam<Case> {};

TEST_P(Operators, SurviveReadingAndWritingInEveryOpset) {
  if (!onnxruntime_available()) GTEST_SKIP() << "needs ONNX Runtime";
  const Case& test = GetParam();
  for (int opset = test.oldest; opset <= test.newest; ++opset) {
    SCOPED_TRACE(opset);
    OnnxModel model(opset);
    model.input("x", test.x);
    test.build(model);
    model.output("y", {});
    // The shape of y is what the reader finds; ONNX Runtime, which loads it, checks that.
    const auto graph = read_onnx(bytes_of(model.bytes()));
    ASSERT_TRUE(graph.ok()) << graph.status();
    const Port& y = graph->outputs[0];
    Shape shape = graph->tensor(y.tensor).shape;
    if (y.layout == PortLayout::kNchw) shape = {shape[0], shape[3], shape[1], shape[2]};
    model.graph().clear_output();
    model.output("y", shape);

    const Values input = random_inputs(*graph, test.lowest, test.highest);
    const auto expected = run_in_onnxruntime(bytes_of(model.bytes()), input);
    ASSERT_TRUE(expected.ok()) << expected.status();
    // Written with an opset of its own: 13 to 21 in turn.
    const auto written = write_onnx(*graph, {.opset = 13 + opset % 9});
    ASSERT_TRUE(written.ok()) << written.status();
    const auto actual = run_in_onnxruntime(bytes_of(*written), input);
    ASSERT_TRUE(actual.ok()) << actual.status() << to_string(*graph);
    expect_close(*actual, *expected, 1e-5f);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Operators, testing::ValuesIn(all_cases()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace durward
