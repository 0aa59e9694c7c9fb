#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <map>
#include <new>
#include <numbers>
#include <numeric>
#include <optional>

#include "base/random.h"
#include "tune/checkpoint.h"
#include "tune/margin_head.h"
#include "tune/net.h"
#include "tune/tune.h"

namespace durward {
namespace {

constexpr int64_t kFewestGroups = 32, kFewestHeldOut = 8;
constexpr size_t kWitnesses = 4;  // the reference executor is slow
constexpr double kFirstDecay = 0.9, kSecondDecay = 0.999, kEpsilon = 1e-8;
constexpr double kWarmUp = 0.1;    // of the steps
constexpr double kAlike = 0.9999;  // cosine of embeddings that tell nothing apart
constexpr const char* kGoOnFromCheckpoint = "; the last checkpoint is from before it went wrong";

void shuffle(std::vector<int64_t>& values, uint64_t seed) {
  Random random(seed);
  for (size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[random.below(i)]);
}

struct Division {
  std::vector<int64_t> training, held_out;  // samples
};

// Groups are held out at random; of each only its first sample is looked at.
absl::StatusOr<Division> divide(const TuneData& data, const TuneOptions& options) {
  std::map<int64_t, std::vector<int64_t>> samples_of_group;
  for (size_t i = 0; i < data.group_of_sample.size(); ++i) {
    samples_of_group[data.group_of_sample[i]].push_back(static_cast<int64_t>(i));
  }
  std::vector<int64_t> groups;
  for (const auto& [group, samples] : samples_of_group) groups.push_back(group);
  const auto count = static_cast<int64_t>(groups.size());
  if (count < kFewestGroups) {
    return absl::InvalidArgumentError(
        absl::StrCat("fine-tuning needs at least ", kFewestGroups,
                     " pictures, recordings or rows of features, but was given ", count,
                     "; some hundreds are better, of as many people as possible"));
  }
  shuffle(groups, options.seed);
  const auto share = static_cast<int64_t>(options.held_out_share * static_cast<double>(count));
  const int64_t held_out = std::clamp(share, kFewestHeldOut, count / 2);
  Division division;
  for (int64_t i = 0; i < count; ++i) {
    const std::vector<int64_t>& samples = samples_of_group[groups[static_cast<size_t>(i)]];
    if (i < held_out) {
      division.held_out.push_back(samples.front());
    } else {
      division.training.insert(division.training.end(), samples.begin(), samples.end());
    }
  }
  return division;
}

at::Tensor normalised(const at::Tensor& embeddings) {
  return embeddings / embeddings.norm(2, {1}, true).clamp_min(1e-12);
}

// Rows of unit length.
absl::StatusOr<at::Tensor> teacher_of(const TuneData& data) {
  const auto samples = static_cast<int64_t>(data.group_of_sample.size());
  at::Tensor teacher = at::empty({samples, data.dimensions}, at::kFloat);
  std::copy(data.teacher.begin(), data.teacher.end(), teacher.data_ptr<float>());
  teacher = normalised(teacher);
  const double alike = at::mv(teacher, teacher.mean({0})).mean().item<double>();
  if (!std::isfinite(alike)) {
    return absl::InvalidArgumentError(
        "the float model's embeddings of these pictures are no numbers");
  }
  if (alike > kAlike) {
    return absl::InvalidArgumentError(
        "the float model has the same embedding for all of these pictures: there is nothing to "
        "learn from them. Are they blank, or all the same?");
  }
  return teacher;
}

// 1 - cosine, and how far the cosines within the batch are from the teacher's.
at::Tensor loss_of(const at::Tensor& student, const at::Tensor& teacher, double relation_weight) {
  const at::Tensor cosines = (student * teacher).sum(1);
  const at::Tensor relations = student.mm(student.t()) - teacher.mm(teacher.t());
  return (1 - cosines).mean() +
         relation_weight * relations.square().sum() / static_cast<double>(student.size(0));
}

class Training {
 public:
  Training(TrainableNet net, const TuneJob& job, Division division, at::Tensor teacher,
           std::optional<MarginHead> head)
      : net_(std::move(net)),
        data_(job.data),
        options_(job.options),
        division_(std::move(division)),
        teacher_(std::move(teacher)),
        head_(std::move(head)),
        batch_(std::min(options_.batch, static_cast<int64_t>(division_.training.size()))) {
    for (const TrainableNet::Parameter& parameter : net_.parameters()) {
      add_parameter(parameter.value, rate_of(parameter.kind));
    }
    if (head_) add_parameter(head_->centres(), options_.centre_rate);
  }

  absl::StatusOr<TuneOutcome> run() {
    DURWARD_RETURN_IF_ERROR(begin());
    const int64_t resumed_from = state_.step;
    while (state_.step < options_.steps) {
      if (options_.progress && !options_.progress("fine-tuning", state_.step, options_.steps)) {
        DURWARD_RETURN_IF_ERROR(loss_of_step(state_.step).status());
        DURWARD_RETURN_IF_ERROR(checkpoint());
        return absl::CancelledError(
            absl::StrCat("fine-tuning was stopped after step ", state_.step));
      }
      DURWARD_RETURN_IF_ERROR(train_step());
      const bool last = state_.step == options_.steps;
      if (last || state_.step % options_.evaluate_every == 0) DURWARD_RETURN_IF_ERROR(evaluate());
      if (last) DURWARD_RETURN_IF_ERROR(checkpoint());
      checkpoint_due_ = state_.step % options_.checkpoint_every == 0;
    }
    if (options_.progress) options_.progress("fine-tuning", options_.steps, options_.steps);
    const at::NoGradGuard no_gradients;
    for (size_t i = 0; i < state_.best.size(); ++i) state_.parameters[i].copy_(state_.best[i]);
    DURWARD_ASSIGN_OR_RETURN(Witness witness, witness_now());
    return TuneOutcome{.tuned = net_.trained_graph(),
                       .history = state_.history,
                       .best_step = state_.best_step,
                       .training_samples = static_cast<int64_t>(division_.training.size()),
                       .held_out_samples = static_cast<int64_t>(division_.held_out.size()),
                       .resumed_from = resumed_from,
                       .witness = std::move(witness)};
  }

 private:
  void add_parameter(const at::Tensor& value, double rate) {
    state_.parameters.push_back(value);
    state_.first_moments.push_back(at::zeros_like(value.detach()));
    state_.second_moments.push_back(at::zeros_like(value.detach()));
    state_.best.push_back(value.detach().clone());
    rates_.push_back(rate);
  }

  absl::Status begin() {
    if (options_.resume && std::filesystem::exists(options_.checkpoint)) {
      const at::NoGradGuard no_gradients;
      return read_checkpoint(options_.checkpoint, options_.identity, state_);
    }
    return evaluate();
  }

  absl::Status checkpoint() const {
    if (options_.checkpoint.empty()) return absl::OkStatus();
    return write_checkpoint(options_.checkpoint, state_, options_.identity);
  }

  absl::StatusOr<at::Tensor> inputs_of(std::span<const int64_t> samples) const {
    Shape shape = net_.input_shape();
    const int64_t size = elements(shape);
    shape[0] = static_cast<int64_t>(samples.size());
    at::Tensor inputs = at::empty(shape, at::kFloat);
    float* to = inputs.data_ptr<float>();
    for (const int64_t sample : samples) {
      DURWARD_RETURN_IF_ERROR(data_.read(sample, {to, static_cast<size_t>(size)}));
      to += size;
    }
    return inputs;
  }

  at::Tensor teacher_of(std::span<const int64_t> samples) const {
    return teacher_.index_select(
        0, torch::tensor(std::vector<int64_t>(samples.begin(), samples.end())));
  }

  // Each epoch has an order of its own, which depends on the seed alone.
  std::vector<int64_t> samples_of_step(int64_t step) {
    const auto size = static_cast<int64_t>(division_.training.size());
    std::vector<int64_t> samples;
    for (int64_t i = step * batch_; i < (step + 1) * batch_; ++i) {
      if (epoch_ != i / size) {
        epoch_ = i / size;
        order_ = division_.training;
        shuffle(order_, options_.seed + 1 + static_cast<uint64_t>(epoch_));
      }
      samples.push_back(order_[static_cast<size_t>(i % size)]);
    }
    return samples;
  }

  // Of the batch that comes after `step` steps.
  absl::StatusOr<at::Tensor> loss_of_step(int64_t step) {
    const std::vector<int64_t> samples = samples_of_step(step);
    DURWARD_ASSIGN_OR_RETURN(const at::Tensor inputs, inputs_of(samples));
    const at::Tensor students = normalised(net_.embed(inputs));
    at::Tensor loss = loss_of(students, teacher_of(samples), options_.relation_weight);
    if (head_) loss = loss + options_.margin_weight * head_->loss(students, samples);
    const double value = loss.item<double>();
    if (!std::isfinite(value)) {
      return absl::AbortedError(
          absl::StrCat("the loss of step ", step + 1, " is ", value, kGoOnFromCheckpoint));
    }
    return loss;
  }

  absl::Status train_step() {
    DURWARD_ASSIGN_OR_RETURN(at::Tensor loss, loss_of_step(state_.step));
    loss.backward();
    for (const at::Tensor& parameter : state_.parameters) {
      if (!parameter.grad().defined() || std::isfinite(parameter.grad().sum().item<double>())) {
        continue;
      }
      return absl::AbortedError(absl::StrCat("a gradient of step ", state_.step + 1,
                                             " is no number", kGoOnFromCheckpoint));
    }
    // Only now is it known that there is a way on from these parameters.
    if (checkpoint_due_) DURWARD_RETURN_IF_ERROR(checkpoint());
    state_.loss_sum += loss.item<double>();
    ++state_.step;
    update();
    return absl::OkStatus();
  }

  double rate_of(TrainableNet::Kind kind) const {
    switch (kind) {
      case TrainableNet::Kind::kWeight:
        return options_.weight_rate;
      case TrainableNet::Kind::kBias:
        return options_.bias_rate;
      case TrainableNet::Kind::kScale:
        return options_.scale_rate;
      case TrainableNet::Kind::kSlope:
        break;
    }
    return options_.slope_rate;
  }

  // Rises over the first tenth of the steps, while Adam's moments are guesses, and then falls to 0
  // along a cosine.
  double schedule() const {
    const double done = static_cast<double>(state_.step) / static_cast<double>(options_.steps);
    return std::min(1.0, done / kWarmUp) * 0.5 * (1 + std::cos(std::numbers::pi * done));
  }

  // Adam (Kingma and Ba, ICLR 2015).
  void update() {
    const at::NoGradGuard no_gradients;
    const double decay = schedule();
    const auto step = static_cast<double>(state_.step);
    const double first_bias = 1 - std::pow(kFirstDecay, step);
    const double second_bias = 1 - std::pow(kSecondDecay, step);
    for (size_t i = 0; i < state_.parameters.size(); ++i) {
      at::Tensor& parameter = state_.parameters[i];
      const at::Tensor gradient = parameter.grad();
      if (!gradient.defined()) continue;
      at::Tensor &first = state_.first_moments[i], &second = state_.second_moments[i];
      first.mul_(kFirstDecay).add_(gradient, 1 - kFirstDecay);
      second.mul_(kSecondDecay).addcmul_(gradient, gradient, 1 - kSecondDecay);
      const double rate = rates_[i] * decay;
      parameter.addcdiv_(first, (second / second_bias).sqrt_().add_(kEpsilon), -rate / first_bias);
      parameter.mutable_grad().reset();
    }
  }

  // Of the held-out samples; keeps the parameters if they are the best so far.
  absl::Status evaluate() {
    const at::NoGradGuard no_gradients;
    HeldOut result{.loss = 0, .cosine_mean = 0, .cosine_min = 1};
    const std::span<const int64_t> all(division_.held_out);
    for (size_t first = 0; first < all.size(); first += static_cast<size_t>(batch_)) {
      const auto samples =
          all.subspan(first, std::min(static_cast<size_t>(batch_), all.size() - first));
      DURWARD_ASSIGN_OR_RETURN(const at::Tensor inputs, inputs_of(samples));
      const at::Tensor student = normalised(net_.embed(inputs)), teacher = teacher_of(samples);
      const at::Tensor cosines = (student * teacher).sum(1);
      const double share = static_cast<double>(samples.size()) / static_cast<double>(all.size());
      result.loss += share * loss_of(student, teacher, options_.relation_weight).item<double>();
      result.cosine_mean += share * cosines.mean().item<double>();
      result.cosine_min = std::min(result.cosine_min, cosines.min().item<double>());
    }
    if (!std::isfinite(result.loss)) {
      return absl::AbortedError(absl::StrCat("the loss on the held-out samples after step ",
                                             state_.step, " is ", result.loss,
                                             kGoOnFromCheckpoint));
    }
    TunePoint point{.step = state_.step, .loss = 0, .held_out = result};
    if (!state_.history.empty()) {
      const int64_t steps = state_.step - state_.history.back().step;
      point.loss = state_.loss_sum / static_cast<double>(std::max<int64_t>(steps, 1));
    }
    state_.loss_sum = 0;
    const bool better = state_.history.empty() || result.loss < best_loss();
    state_.history.push_back(point);
    if (!better) return absl::OkStatus();
    state_.best_step = state_.step;
    for (size_t i = 0; i < state_.best.size(); ++i) state_.best[i].copy_(state_.parameters[i]);
    return absl::OkStatus();
  }

  absl::StatusOr<Witness> witness_now() const {
    const auto count = std::min<size_t>(kWitnesses, division_.held_out.size());
    Witness witness;
    witness.samples.assign(division_.held_out.begin(),
                           division_.held_out.begin() + static_cast<std::ptrdiff_t>(count));
    DURWARD_ASSIGN_OR_RETURN(const at::Tensor inputs, inputs_of(witness.samples));
    const at::Tensor embeddings = net_.embed(inputs).contiguous();
    const auto* values = embeddings.data_ptr<float>();
    witness.embeddings.assign(values, values + embeddings.numel());
    return witness;
  }

  double best_loss() const {
    const auto best =
        std::find_if(state_.history.begin(), state_.history.end(),
                     [this](const TunePoint& p) { return p.step == state_.best_step; });
    return best->held_out.loss;
  }

  TrainableNet net_;
  const TuneData& data_;
  const TuneOptions& options_;
  Division division_;
  at::Tensor teacher_;
  std::optional<MarginHead> head_;
  int64_t batch_;
  TrainingState state_;
  std::vector<double> rates_;  // of state_.parameters
  bool checkpoint_due_ = false;
  int64_t epoch_ = -1;
  std::vector<int64_t> order_;  // of the epoch
};

absl::StatusOr<TuneOutcome> train(const TuneJob& job) {
  DURWARD_ASSIGN_OR_RETURN(TrainableNet net, TrainableNet::create(job.prepared, job.quantised));
  if (net.dimensions() != job.data.dimensions) {
    return absl::InvalidArgumentError(absl::StrCat("the model's embedding has ", net.dimensions(),
                                                   " elements, the teacher's ",
                                                   job.data.dimensions));
  }
  DURWARD_ASSIGN_OR_RETURN(Division division, divide(job.data, job.options));
  DURWARD_ASSIGN_OR_RETURN(at::Tensor teacher, teacher_of(job.data));
  std::optional<MarginHead> head;
  if (job.options.margin_weight > 0) {
    if (job.data.person_of_sample.size() != job.data.group_of_sample.size()) {
      return absl::InvalidArgumentError(
          "a margin between people needs to know them: each in a folder of their own below that of "
          "--calibrate");
    }
    DURWARD_ASSIGN_OR_RETURN(
        head, MarginHead::create(job.data.person_of_sample, division.training, teacher));
  }
  at::set_num_threads(job.options.threads);
  return Training(std::move(net), job, std::move(division), std::move(teacher), std::move(head))
      .run();
}

}  // namespace

// libtorch throws.
absl::StatusOr<TuneOutcome> distill(const TuneJob& job) {
  try {
    return train(job);
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("no memory for fine-tuning; use a smaller batch");
  } catch (const c10::Error& error) {
    return absl::InternalError(absl::StrCat("libtorch: ", error.what_without_backtrace()));
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("fine-tuning: ", error.what()));
  }
}

}  // namespace durward
