// Runs a plan. Everything that can fail or take memory happens in create(); run() allocates
// nothing, touches only the session's arena and the caller's buffers, and cannot fail on buffers of
// the right sizes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "engine/error.h"
#include "engine/kernels/isa.h"
#include "engine/plan.h"
#include "engine/scrubber.h"

namespace durward {

class Program;
struct Stage;
class WorkerPool;

struct SessionOptions {
  // Use no kernel for a faster instruction set than this; without it, all that the machine has.
  std::optional<Isa> isa;
  // What the arena, the kernels' scratch memory and the packed weights may take together.
  uint64_t max_bytes = UINT64_MAX;
  // That compute a run, the one that calls it counted: the others belong to the session. At most
  // most_threads(); 0 means 1.
  uint64_t threads = 1;
  // No step is split for several threads into shorter parts than this, in estimated nanoseconds;
  // 0 splits all that can be.
  int64_t shortest_part = 700;
  // Whether scrub() is wanted: sums of the memory that it checks are taken when all else is done.
  bool scrub = false;
};

// Asked between two steps; where it says true the run ends with kDeadline.
struct StopSignal {
  bool (*stop)(void* context) noexcept = nullptr;
  void* context = nullptr;
};

class Session {
 public:
  // `plan` is a serialised plan at a multiple of kPlanAlignment bytes, and outlives the session:
  // its constants are used where they are. Errors: those of read_plan and verify_plan, kInvalidPlan
  // for constants that would make a sum overflow, kNoSuchIsa, kNoThreads, kOutOfMemory.
  [[nodiscard]] static EngineError create(std::span<const std::byte> plan,
                                          const SessionOptions& options,
                                          std::unique_ptr<Session>& session);
  ~Session();
  // 8, or 1 where the engine is built without threads.
  [[nodiscard]] static uint64_t most_threads() noexcept;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] size_t input_count() const noexcept;
  [[nodiscard]] size_t output_count() const noexcept;
  [[nodiscard]] const PlanTensor& input(size_t i) const noexcept;
  [[nodiscard]] const PlanTensor& output(size_t i) const noexcept;

  // One buffer per port, of exactly the port's bytes, aligned to its element type; outputs overlap
  // no other buffer. One run at a time. kWrongBuffers, kDeadline, or kOk.
  [[nodiscard]] EngineCode run(std::span<const std::span<const std::byte>> inputs,
                               std::span<const std::span<std::byte>> outputs,
                               const StopSignal& signal = {}) noexcept;

  // Compares the next blocks of what runs read and nothing writes to, the plan's constants, the
  // packed weights and the instructions, with what they held when the session was made, as
  // Scrubber::check() has it: kOk, kDamaged, or kNoScrub. Takes no memory. One thread at a time,
  // which may be another one than that of run(), also during a run.
  [[nodiscard]] ScrubResult scrub(size_t max_bytes) noexcept;
  // That a round of scrub() reads; 0 for a session made without.
  [[nodiscard]] size_t scrub_bytes() const noexcept;

  // Bytes: activations as the plan has them, what the kernels need beside them, and weights in the
  // kernels' own order.
  [[nodiscard]] size_t arena_bytes() const noexcept;
  [[nodiscard]] size_t scratch_bytes() const noexcept;
  [[nodiscard]] size_t packed_bytes() const noexcept;
  // What runs a call of the plan.
  [[nodiscard]] Isa isa_of_call(size_t call) const noexcept;
  [[nodiscard]] const Plan& plan() const noexcept;

 private:
  Session(std::unique_ptr<Program> program, std::unique_ptr<WorkerPool> pool);
  void run_part(const Stage& stage, size_t part) noexcept;
  void run_stage(const Stage& stage) noexcept;

  std::unique_ptr<Program> program_;
  StopSignal signal_;  // of the run
  std::atomic<bool> stopped_{false};
  std::unique_ptr<WorkerPool> pool_;  // nullptr for one thread
};

}  // namespace durward
