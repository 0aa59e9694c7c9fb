// Training a small net: it learns, the same each time, also when it is interrupted.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "quant/layers.h"
#include "quant/quantize.h"
#include "quant/small_nets.h"
#include "support/temporary_folder.h"
#include "tune/tune.h"

namespace durward {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

constexpr int kSamples = 320;

// The graph with weights that are off by some per cent, so that there is something to learn.
Graph spoilt(const Graph& graph) {
  Graph result = graph;
  Random random(3);
  for (const NodeId id : graph.topological_order()) {
    const auto layer = Layer::of(graph, id);
    if (!layer) continue;
    const TensorId weights = graph.node(id).inputs[kWeightsInput];
    const auto exact = graph.tensor(weights).values<float>();
    std::vector<float> values(exact.begin(), exact.end());
    for (float& value : values) value *= static_cast<float>(0.8 + 0.4 * random.uniform());
    result.set_input(id, kWeightsInput,
                     result.add_constant(result.unique_name("spoilt"), graph.tensor(weights).shape,
                                         std::span<const float>(values)));
  }
  return result;
}

// A teacher on random inputs, and a student that is a little off.
class Distill : public TemporaryFolderTest {
 protected:
  Distill()
      : graph_(inverted_residual(Activation::kPRelu, 4)),
        student_(spoilt(graph_)),
        inputs_(random_inputs(graph_, kSamples, 7)) {
    quantised_ = quantised(student_);
    const auto interpreter = Interpreter::create(graph_);
    data_.dimensions = 32;
    for (int i = 0; i < kSamples; ++i) {
      const auto output = run(*interpreter, graph_, inputs_[static_cast<size_t>(i)]);
      data_.teacher.insert(data_.teacher.end(), output.begin(), output.end());
      data_.group_of_sample.push_back(i);
    }
    data_.read = [this](int64_t sample, std::span<float> input) {
      std::copy(inputs_[static_cast<size_t>(sample)].begin(),
                inputs_[static_cast<size_t>(sample)].end(), input.begin());
      return absl::OkStatus();
    };
    options_.steps = 60;
    options_.batch = 16;
    options_.weight_rate = options_.bias_rate = 0.2;
    options_.evaluate_every = 10;
    options_.checkpoint_every = 7;
    options_.checkpoint = folder_ / "checkpoint";
    options_.identity = "this job";
  }

  absl::StatusOr<TuneOutcome> train() const {
    return distill({student_, quantised_, data_, options_});
  }

  // Keeps scales that training left.
  Graph quantised(const Graph& tuned) const {
    QuantizeOptions options;
    options.correct_bias = false;
    auto int8 = quantize(tuned, calibrate_on(student_, inputs_), options);
    EXPECT_TRUE(int8.ok()) << int8.status();
    return *std::move(int8);
  }

  Graph graph_, student_, quantised_;
  std::vector<std::vector<float>> inputs_;
  TuneData data_;
  TuneOptions options_;
};

// Everything that an export depends on.
std::vector<float> numbers_of(const Graph& graph) {
  std::vector<float> numbers;
  for (const TensorId id : graph.tensor_ids()) {
    const Tensor& tensor = graph.tensor(id);
    if (tensor.constant()) {
      const auto values = tensor.values<float>();
      numbers.insert(numbers.end(), values.begin(), values.end());
    }
    if (tensor.trained) {
      numbers.insert(numbers.end(), tensor.trained->scales.begin(), tensor.trained->scales.end());
    }
  }
  return numbers;
}

TEST_F(Distill, BringsEmbeddingsCloserToTheTeachers) {
  const auto outcome = train();
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  const std::vector<TunePoint>& history = outcome->history;
  ASSERT_EQ(history.size(), 7u);
  EXPECT_LT(history.back().loss, 0.8 * history[1].loss);
  EXPECT_LT(history.back().held_out.loss, 0.8 * history.front().held_out.loss);
  EXPECT_GT(history.back().held_out.cosine_mean, history.front().held_out.cosine_mean);
  EXPECT_EQ(outcome->training_samples + outcome->held_out_samples, kSamples);

  // What was learnt is in the graph: measured apart, on all samples.
  EXPECT_GT(agreement(graph_, quantised(outcome->tuned), inputs_),
            agreement(graph_, quantised_, inputs_));
}

TEST_F(Distill, GivesTheSameForTheSameSeed) {
  const auto first = train(), second = train();
  ASSERT_TRUE(first.ok() && second.ok()) << first.status() << second.status();
  EXPECT_THAT(numbers_of(first->tuned), ElementsAreArray(numbers_of(second->tuned)));
  options_.seed = 2;
  const auto other = train();
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_NE(numbers_of(first->tuned), numbers_of(other->tuned));
}

TEST_F(Distill, GoesOnAfterItWasStoppedAsIfNothingHadHappened) {
  const auto whole = train();
  ASSERT_TRUE(whole.ok()) << whole.status();
  std::filesystem::remove(options_.checkpoint);
  options_.resume = true;
  for (const int64_t stop : {13, 14, 40}) {
    options_.progress = [stop](std::string_view, int64_t done, int64_t) { return done < stop; };
    EXPECT_EQ(train().status().code(), absl::StatusCode::kCancelled);
  }
  options_.progress = nullptr;
  const auto resumed = train();
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  EXPECT_EQ(resumed->resumed_from, 40);
  EXPECT_THAT(numbers_of(resumed->tuned), ElementsAreArray(numbers_of(whole->tuned)));
  ASSERT_EQ(resumed->history.size(), whole->history.size());
  for (size_t i = 0; i < whole->history.size(); ++i) {
    EXPECT_EQ(resumed->history[i].loss, whole->history[i].loss);
    EXPECT_EQ(resumed->history[i].held_out.loss, whole->history[i].held_out.loss);
  }
}

TEST_F(Distill, KeepsTheModelWhereNothingIsBetter) {
  options_.weight_rate = options_.bias_rate = 50;
  options_.scale_rate = 0.5;
  const auto outcome = train();
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->best_step, 0);
  EXPECT_EQ(agreement(quantised_, quantised(outcome->tuned), inputs_), 1);
}

TEST_F(Distill, AMarginDrawsPeopleApartAndGoesOnWithTheSameBits) {
  for (int i = 0; i < kSamples; ++i) data_.person_of_sample.push_back(i % 20);
  options_.steps = 20;
  const auto without = train();
  options_.margin_weight = 0.05;
  const auto whole = train();
  ASSERT_TRUE(without.ok() && whole.ok()) << without.status() << whole.status();
  EXPECT_NE(numbers_of(whole->tuned), numbers_of(without->tuned));
  options_.resume = true;
  std::filesystem::remove(options_.checkpoint);
  options_.progress = [](std::string_view, int64_t done, int64_t) { return done < 9; };
  EXPECT_EQ(train().status().code(), absl::StatusCode::kCancelled);
  options_.progress = nullptr;
  const auto resumed = train();
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  EXPECT_THAT(numbers_of(resumed->tuned), ElementsAreArray(numbers_of(whole->tuned)));
}

TEST_F(Distill, RefusesAMarginWithOnePerson) {
  data_.person_of_sample.assign(kSamples, 1);
  options_.margin_weight = 0.05;
  EXPECT_THAT(std::string(train().status().message()), HasSubstr("all of one person"));
}

TEST_F(Distill, SaysSoWhenNumbersAreLostAndKeepsTheLastGoodCheckpoint) {
  options_.checkpoint_every = 1;
  options_.progress = [](std::string_view, int64_t done, int64_t) { return done < 3; };
  EXPECT_EQ(train().status().code(), absl::StatusCode::kCancelled);
  options_.progress = nullptr;
  options_.resume = true;
  options_.scale_rate = 1e30;
  const absl::Status status = train().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("checkpoint"));
  // With a rate that does no harm the same checkpoint leads to the end.
  options_.scale_rate = 5e-4;
  const auto resumed = train();
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  EXPECT_GE(resumed->resumed_from, 3);
  EXPECT_LT(resumed->history.back().held_out.loss, resumed->history.front().held_out.loss);
}

TEST_F(Distill, RefusesAMarginWhereNobodyIsKnown) {
  options_.margin_weight = 0.05;
  EXPECT_THAT(std::string(train().status().message()), HasSubstr("needs to know them"));
}

TEST_F(Distill, RefusesTooFewPictures) {
  data_.group_of_sample.assign(kSamples, 5);
  EXPECT_EQ(train().status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(train().status().message()), HasSubstr("at least 32 pictures"));
}

TEST_F(Distill, RefusesATeacherThatTellsNothingApart) {
  for (size_t i = 0; i < data_.teacher.size(); ++i) data_.teacher[i] = data_.teacher[i % 32];
  EXPECT_THAT(std::string(train().status().message()), HasSubstr("same embedding"));
  data_.teacher[40] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(std::string(train().status().message()), HasSubstr("no numbers"));
}

TEST_F(Distill, RefusesACheckpointOfAnotherJob) {
  options_.steps = 5;
  ASSERT_TRUE(train().ok());
  options_.resume = true;
  options_.identity = "another";
  EXPECT_THAT(std::string(train().status().message()), HasSubstr("of another model"));
}

TEST_F(Distill, SaysSoWhenACheckpointCannotBeWritten) {
  options_.checkpoint = folder_ / "missing" / "checkpoint";
  const absl::Status status = train().status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("missing"));
}

}  // namespace
}  // namespace durward
