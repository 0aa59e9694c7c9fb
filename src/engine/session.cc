#include "engine/session.h"

#include <algorithm>
#include <cstdint>
#include <new>
#include <string>
#include <utility>

#include "engine/program.h"
#include "engine/worker_pool.h"

namespace durward {
namespace {

// Whether a buffer has the size of a port and the alignment of its elements.
bool fits(const PlanTensor& port, const std::byte* data, size_t bytes) {
  return bytes == port.bytes &&
         reinterpret_cast<uintptr_t>(data) % static_cast<uintptr_t>(size_of(port.type)) == 0;
}

bool overlap(std::span<const std::byte> a, std::span<const std::byte> b) {
  const auto a_begin = reinterpret_cast<uintptr_t>(a.data());
  const auto b_begin = reinterpret_cast<uintptr_t>(b.data());
  return !a.empty() && !b.empty() && a_begin < b_begin + b.size() && b_begin < a_begin + a.size();
}

}  // namespace

Session::Session(std::unique_ptr<Program> program, std::unique_ptr<WorkerPool> pool)
    : program_(std::move(program)), pool_(std::move(pool)) {}
Session::~Session() = default;
uint64_t Session::most_threads() noexcept { return WorkerPool::most_threads(); }

EngineError Session::create(std::span<const std::byte> bytes, const SessionOptions& options,
                            std::unique_ptr<Session>& session) {
  session.reset();
  if (options.isa && !available(*options.isa)) {
    return {EngineCode::kNoSuchIsa,
            std::string("this machine does not have ") + name(*options.isa)};
  }
  if (options.threads > most_threads()) {
    return {EngineCode::kNoThreads, std::to_string(options.threads) +
                                        " threads were asked for, this engine has at most " +
                                        std::to_string(most_threads())};
  }
  const auto threads = std::max<size_t>(static_cast<size_t>(options.threads), 1);
  const Isa highest = options.isa.value_or(isas().back());
#if defined(__cpp_exceptions)
  try {
#endif
    auto program = std::make_unique<Program>();
    EngineError error = program->load(
        bytes, {highest, threads, options.shortest_part, options.max_bytes, options.scrub});
    if (!error.ok()) return error;
    std::unique_ptr<WorkerPool> pool;
    if (threads > 1) error = WorkerPool::create(threads, pool);
    if (!error.ok()) return error;
    session.reset(new Session(std::move(program), std::move(pool)));
    return {};
#if defined(__cpp_exceptions)
  } catch (const std::bad_alloc&) {
    return {EngineCode::kOutOfMemory, "out of memory"};  // short enough to need none
  }
#endif
}

size_t Session::input_count() const noexcept { return program_->plan().inputs.size(); }
size_t Session::output_count() const noexcept { return program_->plan().outputs.size(); }
const PlanTensor& Session::input(size_t i) const noexcept {
  const Plan& plan = program_->plan();
  return plan.tensors[static_cast<size_t>(plan.inputs[i])];
}
const PlanTensor& Session::output(size_t i) const noexcept {
  const Plan& plan = program_->plan();
  return plan.tensors[static_cast<size_t>(plan.outputs[i])];
}
size_t Session::arena_bytes() const noexcept {
  return static_cast<size_t>(program_->plan().arena_bytes);
}
size_t Session::scratch_bytes() const noexcept { return program_->scratch_bytes(); }
size_t Session::packed_bytes() const noexcept { return program_->packed_bytes(); }
const Plan& Session::plan() const noexcept { return program_->plan(); }
Isa Session::isa_of_call(size_t call) const noexcept { return program_->isa_of_call(call); }

ScrubResult Session::scrub(size_t max_bytes) noexcept {
  return program_->scrubber().check(max_bytes);
}
size_t Session::scrub_bytes() const noexcept { return program_->scrubber().bytes(); }

void Session::run_part(const Stage& stage, size_t part) noexcept {
  const Instruction* instruction = &program_->instructions()[stage.first + part];
  for (size_t step = 0; step < stage.steps; ++step, instruction += stage.parts) {
    // Part 0 is the caller's, whose signal it is.
    if (part == 0 && signal_.stop != nullptr && signal_.stop(signal_.context)) {
      stopped_.store(true, std::memory_order_relaxed);
    }
    if (stopped_.load(std::memory_order_relaxed)) return;
    program_->run(*instruction, part);
  }
}

void Session::run_stage(const Stage& stage) noexcept {
  if (stage.parts == 1) return run_part(stage, 0);
  const auto part_of = [](const WorkerPool::Task& task, size_t part) noexcept {
    static_cast<Session*>(task.object)->run_part(*static_cast<const Stage*>(task.argument), part);
  };
  pool_->run({part_of, this, &stage}, stage.parts);
}

EngineCode Session::run(std::span<const std::span<const std::byte>> inputs,
                        std::span<const std::span<std::byte>> outputs,
                        const StopSignal& signal) noexcept {
  if (inputs.size() != input_count() || outputs.size() != output_count()) {
    return EngineCode::kWrongBuffers;
  }
  std::byte** ports = program_->ports();
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!fits(input(i), inputs[i].data(), inputs[i].size())) return EngineCode::kWrongBuffers;
    *ports++ = const_cast<std::byte*>(inputs[i].data());  // no verified step writes to it
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!fits(output(i), outputs[i].data(), outputs[i].size())) return EngineCode::kWrongBuffers;
    for (const std::span<const std::byte> other : inputs) {
      if (overlap(outputs[i], other)) return EngineCode::kWrongBuffers;
    }
    for (const std::span<std::byte> other : outputs.first(i)) {
      if (overlap(outputs[i], other)) return EngineCode::kWrongBuffers;
    }
    *ports++ = outputs[i].data();
  }
  signal_ = signal;
  stopped_ = false;
  for (const Stage& stage : program_->stages()) {
    run_stage(stage);
    if (stopped_) return EngineCode::kDeadline;
  }
  return EngineCode::kOk;
}

}  // namespace durward
