// include/durward/engine.h over Session. Nothing here throws: what it allocates it allocates with
// std::nothrow, and Session::create reports memory that it does not get.
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>

#include "durward/engine.h"
#include "engine/message_writer.h"
#include "engine/session.h"

using durward::EngineCode;
using durward::EngineError;
using durward::Isa;
using durward::MessageWriter;
using durward::PlanTensor;
using durward::PlanType;
using durward::Session;

static_assert(DURWARD_PLAN_ALIGNMENT == durward::kPlanAlignment);
static_assert(DURWARD_NO_SCRUB == static_cast<int>(EngineCode::kNoScrub) + 1);
static_assert(DURWARD_BOOL == static_cast<int>(PlanType::kBool));

// The session, and the buffers of a run in the form that it takes them: a run allocates nothing.
struct durward_session {
  std::unique_ptr<Session> session;
  std::unique_ptr<std::span<const std::byte>[]> inputs;
  std::unique_ptr<std::span<std::byte>[]> outputs;
};

namespace {

// The engine's codes in their order, behind the one for what only C can get wrong.
durward_code code_of(EngineCode code) {
  return code == EngineCode::kOk ? DURWARD_OK : static_cast<durward_code>(code) + 1;
}

const Isa* find_isa(const char* wanted) {
  if (wanted == nullptr) return nullptr;
  for (const Isa& isa : durward::isas()) {
    if (std::string_view(wanted) == name(isa)) return &isa;
  }
  return nullptr;
}

// Copies a caller's struct of any version that begins with its size; what it leaves out stays as
// it is in `known`. False for one that is smaller than the first version, or that sets what this
// version does not know.
bool read_options(const durward_options& given, durward_options& known) {
  constexpr size_t kFirstVersion =
      offsetof(durward_options, max_bytes) + sizeof(durward_options::max_bytes);
  const size_t bytes = given.struct_bytes;
  if (bytes < kFirstVersion) return false;
  std::memcpy(&known, &given, std::min(bytes, sizeof(known)));
  const auto* begin = reinterpret_cast<const char*>(&given);
  return std::all_of(begin + std::min(bytes, sizeof(known)), begin + bytes,
                     [](char byte) { return byte == 0; });
}

durward_code create(const void* plan, size_t plan_bytes, const durward_options& options,
                    MessageWriter& message, durward_session** result) {
  durward::SessionOptions settings;
  if (options.isa != nullptr) {
    const Isa* isa = find_isa(options.isa);
    if (isa == nullptr || !available(*isa)) {
      message << (isa == nullptr ? "there is no instruction set '" : "this machine does not have '")
              << options.isa << "'";
      return DURWARD_NO_SUCH_ISA;
    }
    settings.isa = *isa;
  }
  if (options.max_bytes > 0) settings.max_bytes = options.max_bytes;
  settings.threads = options.threads;
  settings.scrub = options.scrub != 0;

  std::unique_ptr<durward_session> made(new (std::nothrow) durward_session);
  if (made == nullptr) return DURWARD_OUT_OF_MEMORY;
  const EngineError error =
      Session::create({static_cast<const std::byte*>(plan), plan_bytes}, settings, made->session);
  if (!error.ok()) {
    message << error.message.c_str();
    return code_of(error.code);
  }
  const Session& session = *made->session;
  made->inputs.reset(new (std::nothrow) std::span<const std::byte>[session.input_count()]);
  made->outputs.reset(new (std::nothrow) std::span<std::byte>[session.output_count()]);
  if (made->inputs == nullptr || made->outputs == nullptr) return DURWARD_OUT_OF_MEMORY;
  *result = made.release();
  return DURWARD_OK;
}

durward_code describe(const PlanTensor& tensor, durward_port* port) {
  const size_t bytes = port->struct_bytes;
  if (bytes < offsetof(durward_port, zero_point) + sizeof(durward_port::zero_point)) {
    return DURWARD_INVALID_ARGUMENT;
  }
  durward_port known;
  std::memset(&known, 0, sizeof(known));
  known.struct_bytes = bytes;
  known.name = tensor.name.c_str();
  known.type = static_cast<durward_type>(tensor.type);
  known.rank = static_cast<int32_t>(tensor.shape.size());
  known.shape = tensor.shape.data();
  known.bytes = static_cast<size_t>(tensor.bytes);
  known.scale = tensor.scale;
  known.zero_point = tensor.zero_point;
  std::memcpy(port, &known, std::min(bytes, sizeof(known)));
  return DURWARD_OK;
}

// Takes a caller's buffers for the ports of one side; says what does not fit.
template <typename Buffer, typename Span, typename Port>
durward_code take_buffers(const char* kind, const Buffer* given, size_t count, size_t expected,
                          const Port& port, Span* taken, MessageWriter& message) {
  if (given == nullptr && count > 0) return DURWARD_INVALID_ARGUMENT;
  if (count != expected) {
    message << "there are " << count << " " << kind << "s, the plan has " << expected;
    return DURWARD_WRONG_BUFFERS;
  }
  for (size_t i = 0; i < count; ++i) {
    const PlanTensor& tensor = port(i);
    if (given[i].bytes != tensor.bytes) {
      message << kind << " " << i << " '" << tensor.name.c_str() << "' has " << tensor.bytes
              << " bytes, its buffer " << given[i].bytes;
      return DURWARD_WRONG_BUFFERS;
    }
    if (given[i].data == nullptr && given[i].bytes > 0) return DURWARD_INVALID_ARGUMENT;
    taken[i] = {static_cast<typename Span::pointer>(given[i].data), given[i].bytes};
  }
  return DURWARD_OK;
}

// A StopSignal asks with noexcept and bool, C with neither.
bool deadline_passed(void* context) noexcept {
  const auto* deadline = static_cast<const durward_deadline*>(context);
  return deadline->passed(deadline->context) != 0;
}

}  // namespace

uint32_t durward_engine_api(void) noexcept { return DURWARD_ENGINE_API; }
const char* durward_engine_version(void) noexcept { return DURWARD_VERSION; }
uint32_t durward_engine_plan_version(void) noexcept { return durward::kPlanVersion; }

const char* durward_code_text(durward_code code) noexcept {
  switch (code) {
    case DURWARD_OK:
      return "no error";
    case DURWARD_INVALID_ARGUMENT:
      return "an argument is null or out of range";
    case DURWARD_MALFORMED_PLAN:
      return "these are not the bytes of a plan";
    case DURWARD_UNKNOWN_VERSION:
      return "the plan is of another version than this engine";
    case DURWARD_UNALIGNED:
      return "the plan's bytes do not begin at a multiple of 64";
    case DURWARD_INVALID_PLAN:
      return "the plan is not valid";
    case DURWARD_NO_SUCH_ISA:
      return "this machine does not have that instruction set";
    case DURWARD_OUT_OF_MEMORY:
      return "out of memory";
    case DURWARD_WRONG_BUFFERS:
      return "a buffer does not fit its port, or an output overlaps another buffer";
    case DURWARD_DEADLINE:
      return "the deadline passed";
    case DURWARD_NO_THREADS:
      return "there are not as many threads";
    case DURWARD_DAMAGED:
      return "memory changed that nothing writes to";
    case DURWARD_NO_SCRUB:
      return "the session was created without the scrub";
    default:
      return "unknown code";
  }
}

const char* durward_engine_isa(size_t index) noexcept {
  const auto all = durward::isas();
  return index < all.size() ? name(all[index]) : nullptr;
}

int durward_engine_has_isa(const char* isa) noexcept {
  const Isa* found = find_isa(isa);
  return found != nullptr && available(*found) ? 1 : 0;
}

durward_code durward_session_create(const void* plan, size_t plan_bytes,
                                    const durward_options* options, durward_session** session,
                                    const durward_message* message) noexcept {
  MessageWriter writer(message);
  if (session == nullptr) return writer.finish(DURWARD_INVALID_ARGUMENT);
  *session = nullptr;
  durward_options known{sizeof(durward_options), nullptr, 0, 0, 0};
  if (plan == nullptr || (options != nullptr && !read_options(*options, known))) {
    return writer.finish(DURWARD_INVALID_ARGUMENT);
  }
  return writer.finish(create(plan, plan_bytes, known, writer, session));
}

void durward_session_destroy(durward_session* session) noexcept { delete session; }

size_t durward_session_input_count(const durward_session* session) noexcept {
  return session == nullptr ? 0 : session->session->input_count();
}
size_t durward_session_output_count(const durward_session* session) noexcept {
  return session == nullptr ? 0 : session->session->output_count();
}

durward_code durward_session_input(const durward_session* session, size_t index,
                                   durward_port* port) noexcept {
  if (port == nullptr || index >= durward_session_input_count(session)) {
    return DURWARD_INVALID_ARGUMENT;
  }
  return describe(session->session->input(index), port);
}
durward_code durward_session_output(const durward_session* session, size_t index,
                                    durward_port* port) noexcept {
  if (port == nullptr || index >= durward_session_output_count(session)) {
    return DURWARD_INVALID_ARGUMENT;
  }
  return describe(session->session->output(index), port);
}

durward_code durward_session_run(durward_session* session, const durward_input* inputs,
                                 size_t input_count, const durward_output* outputs,
                                 size_t output_count, const durward_deadline* deadline,
                                 const durward_message* message) noexcept {
  MessageWriter writer(message);
  if (session == nullptr || (deadline != nullptr && deadline->passed == nullptr)) {
    return writer.finish(DURWARD_INVALID_ARGUMENT);
  }
  Session& engine = *session->session;
  durward_code code = take_buffers(
      "input", inputs, input_count, engine.input_count(),
      [&](size_t i) -> const PlanTensor& { return engine.input(i); }, session->inputs.get(),
      writer);
  if (code != DURWARD_OK) return writer.finish(code);
  code = take_buffers(
      "output", outputs, output_count, engine.output_count(),
      [&](size_t i) -> const PlanTensor& { return engine.output(i); }, session->outputs.get(),
      writer);
  if (code != DURWARD_OK) return writer.finish(code);
  durward_deadline asked{};
  durward::StopSignal signal;
  if (deadline != nullptr) {
    asked = *deadline;
    signal = {deadline_passed, &asked};
  }
  return writer.finish(code_of(engine.run({session->inputs.get(), input_count},
                                          {session->outputs.get(), output_count}, signal)));
}

durward_code durward_session_scrub(durward_session* session, size_t max_bytes,
                                   const durward_message* message) noexcept {
  MessageWriter writer(message);
  if (session == nullptr) return writer.finish(DURWARD_INVALID_ARGUMENT);
  const durward::ScrubResult result = session->session->scrub(max_bytes);
  if (result.code == EngineCode::kDamaged) {
    constexpr const char* kMemory[] = {"the plan's constants", "the packed weights", "the steps",
                                       "the steps' parameters"};
    writer << "of " << kMemory[static_cast<size_t>(result.memory)] << " the " << result.bytes
           << " bytes from byte " << result.offset << " on changed";
  }
  return writer.finish(code_of(result.code));
}
size_t durward_session_scrub_bytes(const durward_session* session) noexcept {
  return session == nullptr ? 0 : session->session->scrub_bytes();
}

size_t durward_session_arena_bytes(const durward_session* session) noexcept {
  return session == nullptr ? 0 : session->session->arena_bytes();
}
size_t durward_session_scratch_bytes(const durward_session* session) noexcept {
  return session == nullptr ? 0 : session->session->scratch_bytes();
}
size_t durward_session_packed_bytes(const durward_session* session) noexcept {
  return session == nullptr ? 0 : session->session->packed_bytes();
}

const char* durward_session_isa(const durward_session* session) noexcept {
  if (session == nullptr) return nullptr;
  Isa fastest = Isa::kPortable;
  for (size_t i = 0; i < session->session->plan().calls.size(); ++i) {
    fastest = std::max(fastest, session->session->isa_of_call(i));
  }
  return name(fastest);
}
