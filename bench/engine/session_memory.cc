// What a session takes for each instruction set of this machine: memory, and the deepest stack of
// its creation and of a run on inputs of zeros. It needs the engine alone, so devices run it too.
//
//   session_memory PLAN
//
// Lists are what remains of operator new beside the arena, the scratch memory and the packed
// weights, in the allocator's sizes.
#include <malloc.h>
#include <pthread.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <new>
#include <vector>

#include "engine/session.h"

namespace {

size_t live = 0;

void* take(size_t bytes, size_t alignment) noexcept {
  const size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, std::max(rounded, alignment));
  live += malloc_usable_size(memory);
  return memory;
}
void give_back(void* memory) noexcept {
  live -= malloc_usable_size(memory);
  std::free(memory);
}
constexpr size_t kAlignment = __STDCPP_DEFAULT_NEW_ALIGNMENT__;

}  // namespace

// The other forms end in these.
void* operator new(size_t bytes) {
  void* memory = take(bytes, kAlignment);
  if (memory == nullptr) std::abort();
  return memory;
}
void* operator new(size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return take(bytes, static_cast<size_t>(alignment));
}
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, size_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { give_back(memory); }

namespace durward {
namespace {

// A stack that is painted before something runs on it.
class PaintedStack {
 public:
  // The bytes below its own frame that `work` wrote to.
  size_t depth_of(const std::function<void()>& work) {
    std::fill_n(stack_.get(), kBytes, kPaint);
    work_ = &work;
    pthread_attr_t attributes;
    pthread_t thread;
    const bool started = pthread_attr_init(&attributes) == 0 &&
                         pthread_attr_setstack(&attributes, stack_.get(), kBytes) == 0 &&
                         pthread_create(&thread, &attributes, run, this) == 0;
    if (!started || pthread_join(thread, nullptr) != 0) std::abort();
    pthread_attr_destroy(&attributes);
    const std::byte* const end = stack_.get() + kBytes;
    const std::byte* const deepest =
        std::find_if(stack_.get(), stack_.get() + kBytes, [](std::byte b) { return b != kPaint; });
    return deepest == end ? 0 : static_cast<size_t>(frame_ - deepest);
  }

 private:
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  static constexpr size_t kBytes = size_t{1} << 20;
  static constexpr std::byte kPaint{0xa5};

  static void* run(void* context) {
    auto* self = static_cast<PaintedStack*>(context);
    self->frame_ = static_cast<std::byte*>(__builtin_frame_address(0));
    (*self->work_)();
    return nullptr;
  }

  std::unique_ptr<std::byte, Free> stack_{
      static_cast<std::byte*>(std::aligned_alloc(size_t{1} << 16, kBytes))};
  const std::function<void()>* work_ = nullptr;
  std::byte* frame_ = nullptr;
};

struct Buffers {
  explicit Buffers(const Session& session) {
    for (size_t i = 0; i < session.input_count(); ++i) in.emplace_back(session.input(i).bytes);
    for (size_t i = 0; i < session.output_count(); ++i) out.emplace_back(session.output(i).bytes);
    inputs.assign(in.begin(), in.end());
    outputs.assign(out.begin(), out.end());
  }
  std::vector<std::vector<std::byte>> in, out;
  std::vector<std::span<const std::byte>> inputs;
  std::vector<std::span<std::byte>> outputs;
};

bool measure(std::span<const std::byte> plan, Isa isa) {
  PaintedStack stack;
  std::unique_ptr<Session> session;
  EngineError error;
  const size_t before = live;
  const size_t creation =
      stack.depth_of([&] { error = Session::create(plan, {.isa = isa}, session); });
  if (!error.ok()) {
    std::fprintf(stderr, "%s: %s\n", name(isa), error.message.c_str());
    return false;
  }
  const size_t rest = session->arena_bytes() + session->scratch_bytes() + session->packed_bytes();
  const size_t lists = live - before - rest;
  const Buffers buffers(*session);
  EngineCode code = EngineCode::kOk;
  const size_t run = stack.depth_of([&] { code = session->run(buffers.inputs, buffers.outputs); });
  std::printf("%-13s %8zu %8zu %8zu %8zu %16zu %13zu\n", name(isa), session->arena_bytes(),
              session->scratch_bytes(), session->packed_bytes(), lists, creation, run);
  return code == EngineCode::kOk;
}

int measure_all(const char* path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const auto bytes = static_cast<size_t>(std::max<std::streamoff>(0, file.tellg()));
  const size_t rounded = (bytes / kPlanAlignment + 1) * kPlanAlignment;
  auto* plan = static_cast<std::byte*>(std::aligned_alloc(kPlanAlignment, rounded));
  if (!file.seekg(0) ||
      !file.read(reinterpret_cast<char*>(plan), static_cast<std::streamsize>(bytes))) {
    std::fprintf(stderr, "cannot read %s\n", path);
    return 1;
  }
  std::printf("%-13s %8s %8s %8s %8s %16s %13s\n", "bytes", "arena", "scratch", "packed", "lists",
              "stack to create", "stack to run");
  bool all = true;
  for (const Isa isa : isas()) {
    if (available(isa)) all = measure({plan, bytes}, isa) && all;
  }
  std::free(plan);
  return all ? 0 : 1;
}

}  // namespace
}  // namespace durward

int main(int count, char** arguments) {
  if (count == 2) return durward::measure_all(arguments[1]);
  std::fprintf(stderr, "usage: session_memory PLAN\n");
  return 1;
}
