// What a session makes of a plan: memory, the kernel of every layer with its weights in the
// kernel's order, and instructions whose operands need nothing but a base address.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "engine/call_needs.h"
#include "engine/kernels/conv2d/conv2d.h"
#include "engine/kernels/depthwise/depthwise.h"
#include "engine/kernels/float_kernel.h"
#include "engine/kernels/gru/gru.h"
#include "engine/kernels/layer_kernel.h"
#include "engine/kernels/lstm/lstm.h"
#include "engine/kernels/lstm_int16/kernels.h"
#include "engine/kernels/vectors/vector_kernels.h"
#include "engine/plan.h"
#include "engine/scrubber.h"
#include "engine/stages.h"

namespace durward {

struct AlignedDelete {
  void operator()(std::byte* memory) const {
    ::operator delete(memory, std::align_val_t{kPlanAlignment});
  }
};
using AlignedMemory = std::unique_ptr<std::byte, AlignedDelete>;

// A place relative to one of the addresses that a run has: the arena, the constants, each port.
struct Location {
  static constexpr uint32_t kNowhere = 0xffffffff;
  static constexpr uint32_t kArena = 0, kConstants = 1, kFirstPort = 2;
  uint32_t base = kNowhere;
  uint64_t offset = 0;
};

// The kernel that was chosen for a layer, and the weights in its order.
template <typename Kernel>
struct ChosenKernel {
  const Kernel* kernel = nullptr;
  size_t packed_offset = 0;
};

struct Instruction {
  PlanStep::Kind kind = PlanStep::Kind::kRun;
  uint32_t call = 0;
  uint32_t parameters = 0;  // which of Program's
  std::array<Location, kMaxCallInputs> inputs;
  Location output;
  uint64_t slide_from = 0, slide_bytes = 0;  // of a slide
};

// The rows of a call's step, and the parameters of its parts: the next step that has as many takes
// the same ones.
struct Band {
  uint32_t input_rows = 0, output_rows = 0, pad_top = 0;
  uint32_t first = 0, parts = 0;  // parameters; none where there was no step yet
};

struct ProgramLimits {
  Isa isa = Isa::kPortable;  // the fastest
  size_t threads = 1;
  int64_t shortest_part = 0;        // nanoseconds
  uint64_t max_bytes = UINT64_MAX;  // of arena, scratch memory and packed weights
  bool scrub = false;
};

class Program {
 public:
  // Throws std::bad_alloc where lists find no memory; the arena and the weights are not lists.
  // Errors: those of read_plan and verify_plan, kOutOfMemory above max_bytes as well.
  [[nodiscard]] EngineError load(std::span<const std::byte> bytes, const ProgramLimits& limits);

  // The addresses of the ports, inputs before outputs, to be set before a run.
  [[nodiscard]] std::byte** ports() noexcept { return bases_.data() + Location::kFirstPort; }
  [[nodiscard]] const std::vector<Instruction>& instructions() const noexcept {
    return instructions_;
  }
  [[nodiscard]] const std::vector<Stage>& stages() const noexcept { return stages_; }
  // `thread`: of those that the program was loaded for.
  void run(const Instruction& instruction, size_t thread) const noexcept;

  [[nodiscard]] const Plan& plan() const noexcept { return plan_; }
  [[nodiscard]] size_t scratch_bytes() const noexcept { return scratch_bytes_ * threads_; }
  [[nodiscard]] size_t packed_bytes() const noexcept { return packed_bytes_; }
  [[nodiscard]] Isa isa_of_call(size_t call) const noexcept;
  // Of what runs read and nothing writes to, where limits asked for it.
  [[nodiscard]] Scrubber& scrubber() noexcept { return scrubber_; }
  [[nodiscard]] const Scrubber& scrubber() const noexcept { return scrubber_; }

 private:
  [[nodiscard]] EngineError check_constants() const;
  void choose_kernels(Isa highest);
  // Each returns what the instructions of the step access, by part. `bands`: of the last step of
  // each call.
  std::vector<std::vector<Access>> add_step(const PlanStep& step, std::vector<Band>& bands);
  std::vector<Access> add_slide(const PlanStep& step);
  std::vector<Access> add_part(const PlanStep& step, const BoundCall& bound, const Band& band,
                               uint32_t part);
  [[nodiscard]] std::vector<Access> accesses_of(const Instruction& instruction) const;
  [[nodiscard]] uint32_t parts_of(const KernelCall& parameters, size_t call) const;
  [[nodiscard]] EngineError take_memory(uint64_t max_bytes);
  void pack_weights();

  [[nodiscard]] Location locate(int32_t index, uint64_t offset) const;
  [[nodiscard]] CallOperands constant_operands(
      const PlanCall& call, std::array<const std::byte*, kMaxCallInputs>& addresses) const;
  template <typename Self, typename Visit>
  static bool visit_layer(Self& self, const KernelCall& parameters, size_t call,
                          const Visit& visit);
  [[nodiscard]] size_t scratch_of(const KernelCall& parameters, size_t call) const;
  [[nodiscard]] std::byte* address(const Location& location) const noexcept;
  [[nodiscard]] std::byte* scratch_of_thread(size_t thread) const noexcept;
  template <typename Call, typename Layer>
  void run_layer(const Call& call, const ChosenKernel<LayerKernel<Layer>>& chosen,
                 const CallOperands& operands) const noexcept;
  template <typename Call, typename Layer>
  void run_layer(const Call& call, const ChosenKernel<FloatKernel<Layer>>& chosen,
                 const CallOperands& operands) const noexcept;

  void run_layer(const LstmInt16Call& call, const ChosenKernel<LstmInt16Kernel>& chosen,
                 const CallOperands& operands) const noexcept;

  Plan plan_;
  std::vector<Instruction> instructions_;
  std::vector<KernelCall> parameters_;  // of instructions, with the rows of their steps
  std::vector<Stage> stages_;
  // By call; kernel is nullptr for other calls.
  std::vector<ChosenKernel<LayerKernel<Conv2DInt8>>> conv_;
  std::vector<ChosenKernel<LayerKernel<DepthwiseInt8>>> depthwise_;
  std::vector<ChosenKernel<FloatKernel<Conv2DFloat>>> float_conv_;
  std::vector<ChosenKernel<FloatKernel<DepthwiseFloat>>> float_depthwise_;
  std::vector<ChosenKernel<FloatKernel<LstmFloat>>> lstm_;
  std::vector<ChosenKernel<FloatKernel<GruFloat>>> gru_;
  std::vector<ChosenKernel<LstmInt16Kernel>> lstm_int16_;
  const VectorKernels* vector_kernels_ = nullptr;  // for other calls
  size_t threads_ = 1;
  int64_t shortest_part_ = 0;
  size_t scratch_bytes_ = 0;  // of one thread
  size_t packed_bytes_ = 0;
  AlignedMemory arena_;  // activations, then scratch memory
  AlignedMemory packed_;
  Scrubber scrubber_;
  std::vector<std::byte*> bases_;  // of Locations, during a run
};

}  // namespace durward
