// Any bytes give a session or an error; a session of hostile bytes stays inside its memory, on the
// portable kernels and on the machine's fastest.
#include <cstdlib>
#include <memory>
#include <vector>

#include "engine/aligned_bytes.h"
#include "engine/session.h"

namespace {

using durward::EngineCode;

// What is larger takes time and shows nothing else.
constexpr size_t kMostBytes = 1 << 14;

// A few steps: a plan may have many that each take long.
bool enough(void* steps) noexcept { return (*static_cast<int*>(steps))-- == 0; }

void run(std::span<const std::byte> plan, const durward::SessionOptions& options) {
  std::unique_ptr<durward::Session> session;
  if (!durward::Session::create(plan, options, session).ok()) {
    if (session != nullptr) std::abort();
    return;
  }
  if (session->arena_bytes() > kMostBytes) return;
  std::vector<std::vector<int64_t>> buffers;
  const auto buffer = [&buffers](size_t bytes) {
    buffers.emplace_back(bytes / sizeof(int64_t) + 1, 0x0123456789abcdef);
    return std::as_writable_bytes(std::span(buffers.back())).first(bytes);
  };
  std::vector<std::span<const std::byte>> inputs;
  std::vector<std::span<std::byte>> outputs;
  for (size_t i = 0; i < session->input_count(); ++i) {
    if (session->input(i).bytes > kMostBytes) return;
    inputs.emplace_back(buffer(session->input(i).bytes));
  }
  for (size_t i = 0; i < session->output_count(); ++i) {
    if (session->output(i).bytes > kMostBytes) return;
    outputs.push_back(buffer(session->output(i).bytes));
  }
  int steps = 8;
  const EngineCode code = session->run(inputs, outputs, {enough, &steps});
  if (code != EngineCode::kOk && code != EngineCode::kDeadline) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const durward::AlignedBytes plan(std::as_bytes(std::span(data, size)));
  constexpr uint64_t kSessionBytes = 1 << 20;
  run(plan.bytes(), {durward::Isa::kPortable, kSessionBytes});
  run(plan.bytes(), {{}, kSessionBytes});
  return 0;
}
