// The engine as C programs have it: what Session computes, by way of a handle, codes and the
// caller's memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "durward/engine.h"
#include "engine/aligned_bytes.h"
#include "engine/allocations.h"
#include "engine/c99_program.h"
#include "engine/hand_plan.h"
#include "engine/session.h"

namespace durward {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A layer, another in bands of rows behind it: five steps.
std::vector<std::byte> five_steps() {
  const HandPlan hand = small_streamed_plan();
  Plan plan = in_bands(hand.plan());
  PlanTensor& input = plan.tensors[static_cast<size_t>(plan.inputs[0])];
  input.name = "pixels";
  input.scale = 0.5f;
  input.zero_point = -3;
  return write_plan(plan);
}

using Values = std::array<int8_t, 16>;
constexpr Values kInput = {1, 2, 3, 4, 5, 6, 7, 8, -1, -2, -3, -4, 100, -100, 50, -50};

Values by_session(std::span<const std::byte> plan) {
  std::unique_ptr<Session> session;
  EXPECT_TRUE(Session::create(plan, {}, session).ok());
  Values output{};
  const std::span<const std::byte> in[] = {std::as_bytes(std::span(kInput))};
  const std::span<std::byte> out[] = {std::as_writable_bytes(std::span(output))};
  EXPECT_EQ(session->run(in, out), EngineCode::kOk);
  return output;
}

class CApi : public ::testing::Test {
 protected:
  ~CApi() override { durward_session_destroy(session_); }

  durward_code create(const durward_options* options = nullptr) {
    const auto bytes = plan_.bytes();
    return durward_session_create(bytes.data(), bytes.size(), options, &session_, &message_);
  }
  durward_code run(const durward_deadline* deadline = nullptr) {
    return durward_session_run(session_, &in_, 1, &out_, 1, deadline, &message_);
  }

  AlignedBytes plan_{five_steps()};
  durward_session* session_ = nullptr;
  std::array<char, 160> text_{};
  durward_message message_{text_.data(), text_.size()};
  Values output_{};
  durward_input in_{kInput.data(), kInput.size()};
  durward_output out_{output_.data(), output_.size()};
};

TEST_F(CApi, ComputesWhatASessionComputes) {
  ASSERT_EQ(create(), DURWARD_OK) << text_.data();
  ASSERT_EQ(run(), DURWARD_OK) << text_.data();
  EXPECT_EQ(output_, by_session(plan_.bytes()));
}

TEST_F(CApi, IsUsedFromC99) {
  const auto bytes = plan_.bytes();
  int asked = 0;
  ASSERT_EQ(
      run_in_c99(bytes.data(), bytes.size(), in_.data, in_.bytes, out_.data, out_.bytes, &asked),
      DURWARD_OK);
  EXPECT_EQ(output_, by_session(plan_.bytes()));
  EXPECT_EQ(asked, 5);
}

TEST_F(CApi, DescribesThePorts) {
  ASSERT_EQ(create(), DURWARD_OK);
  EXPECT_EQ(durward_session_input_count(session_), 1u);
  EXPECT_EQ(durward_session_output_count(session_), 1u);
  durward_port port{};
  port.struct_bytes = sizeof(port);
  ASSERT_EQ(durward_session_input(session_, 0, &port), DURWARD_OK);
  EXPECT_STREQ(port.name, "pixels");
  EXPECT_EQ(port.type, DURWARD_INT8);
  EXPECT_THAT(std::span(port.shape, static_cast<size_t>(port.rank)), ElementsAre(1, 4, 2, 2));
  EXPECT_EQ(port.bytes, 16u);
  EXPECT_EQ(port.scale, 0.5f);
  EXPECT_EQ(port.zero_point, -3);
  ASSERT_EQ(durward_session_output(session_, 0, &port), DURWARD_OK);
  EXPECT_STREQ(port.name, "port");
  EXPECT_EQ(port.scale, 0.0f);
  EXPECT_EQ(durward_session_input(session_, 1, &port), DURWARD_INVALID_ARGUMENT);
  EXPECT_EQ(durward_session_output(session_, 1, &port), DURWARD_INVALID_ARGUMENT);
}

TEST_F(CApi, TellsWhatItTook) {
  ASSERT_EQ(create(), DURWARD_OK);
  std::unique_ptr<Session> session;
  ASSERT_TRUE(Session::create(plan_.bytes(), {}, session).ok());
  EXPECT_EQ(durward_session_arena_bytes(session_), session->arena_bytes());
  EXPECT_EQ(durward_session_scratch_bytes(session_), session->scratch_bytes());
  EXPECT_EQ(durward_session_packed_bytes(session_), session->packed_bytes());
  EXPECT_EQ(durward_session_arena_bytes(session_), 64u);
}

TEST_F(CApi, UsesNoFasterInstructionSetThanItMay) {
  size_t tried = 0;
  for (size_t i = 0; const char* isa = durward_engine_isa(i); ++i) {
    const durward_options options{sizeof(options), isa, 0, 0, 0};
    const durward_code code = create(&options);
    ASSERT_EQ(code, durward_engine_has_isa(isa) != 0 ? DURWARD_OK : DURWARD_NO_SUCH_ISA) << isa;
    if (code != DURWARD_OK) {
      EXPECT_THAT(text_.data(), HasSubstr(isa));
      continue;
    }
    ++tried;
    ASSERT_EQ(run(), DURWARD_OK);
    EXPECT_EQ(output_, by_session(plan_.bytes())) << isa;
    EXPECT_EQ(i == 0, std::string(durward_session_isa(session_)) == "portable");
    durward_session_destroy(session_);
    session_ = nullptr;
  }
  EXPECT_GE(tried, 1u);
  const durward_options unknown{sizeof(unknown), "abacus", 0, 0, 0};
  EXPECT_EQ(create(&unknown), DURWARD_NO_SUCH_ISA);
  EXPECT_STREQ(text_.data(), "there is no instruction set 'abacus'");
  EXPECT_EQ(durward_engine_has_isa("abacus"), 0);
}

TEST_F(CApi, TakesNoMoreMemoryThanItMay) {
  const durward_options options{sizeof(options), nullptr, 1, 0, 0};
  EXPECT_EQ(create(&options), DURWARD_OUT_OF_MEMORY);
  EXPECT_EQ(session_, nullptr);
  EXPECT_THAT(text_.data(), HasSubstr("no memory for"));
}

TEST_F(CApi, ComputesOnSeveralThreads) {
  if (Session::most_threads() == 1) GTEST_SKIP() << "this engine is built without threads";
  durward_options options{sizeof(options), nullptr, 0, 3, 0};
  ASSERT_EQ(create(&options), DURWARD_OK) << text_.data();
  ASSERT_EQ(run(), DURWARD_OK);
  EXPECT_EQ(output_, by_session(plan_.bytes()));
  durward_session_destroy(session_);
  options.threads = Session::most_threads() + 1;
  EXPECT_EQ(create(&options), DURWARD_NO_THREADS);
  EXPECT_EQ(session_, nullptr);
  EXPECT_THAT(text_.data(), HasSubstr(std::to_string(options.threads) + " threads"));
}

// Callers that were built before sessions had threads.
TEST_F(CApi, TakesShorterOptions) {
  durward_options options{offsetof(durward_options, threads), nullptr, 0, 1000, 0};
  EXPECT_EQ(create(&options), DURWARD_OK);
}

TEST_F(CApi, FindsMemoryThatChanged) {
  const durward_options options{sizeof(options), nullptr, 0, 0, 1};
  ASSERT_EQ(create(&options), DURWARD_OK) << text_.data();
  std::unique_ptr<Session> session;
  SessionOptions same;
  same.scrub = true;
  ASSERT_TRUE(Session::create(plan_.bytes(), same, session).ok());
  EXPECT_EQ(durward_session_scrub_bytes(session_), session->scrub_bytes());
  EXPECT_EQ(durward_session_scrub(session_, SIZE_MAX, &message_), DURWARD_OK);
  EXPECT_STREQ(text_.data(), "");
  const std::span<const std::byte> constants = session->plan().constants;
  // They lie in the plan's bytes, which are this test's.
  auto* changed = const_cast<std::byte*>(&constants.back());
  *changed ^= std::byte{4};
  const int64_t before = allocations();
  const durward_code code = durward_session_scrub(session_, SIZE_MAX, &message_);
  EXPECT_EQ(allocations(), before);
  EXPECT_EQ(code, DURWARD_DAMAGED);
  EXPECT_EQ(text_.data(), "of the plan's constants the " + std::to_string(constants.size()) +
                              " bytes from byte 0 on changed");
  EXPECT_EQ(durward_session_scrub(session_, SIZE_MAX, nullptr), DURWARD_DAMAGED);
  *changed ^= std::byte{4};
  EXPECT_EQ(durward_session_scrub(session_, SIZE_MAX, nullptr), DURWARD_OK);
}

TEST_F(CApi, ScrubsNothingThatItWasNotToldTo) {
  // As callers have it that were built before there was a scrub: what lies behind is not theirs.
  const durward_options options{offsetof(durward_options, scrub), nullptr, 0, 1, 1};
  ASSERT_EQ(create(&options), DURWARD_OK);
  EXPECT_EQ(durward_session_scrub(session_, SIZE_MAX, &message_), DURWARD_NO_SCRUB);
  EXPECT_STREQ(text_.data(), durward_code_text(DURWARD_NO_SCRUB));
  EXPECT_EQ(durward_session_scrub_bytes(session_), 0u);
}

TEST_F(CApi, SaysSoWhereAnyOfItsAllocationsFails) {
  int64_t failures = 0;
  for (bool failed = true; failed; ++failures) {
    const FailingAllocation failing(failures);
    const durward_code code = create();
    failed = failing.happened();
    EXPECT_EQ(code, failed ? DURWARD_OUT_OF_MEMORY : DURWARD_OK) << failures;
    EXPECT_EQ(session_ == nullptr, failed);
    EXPECT_EQ(text_[0] != '\0', failed);
  }
  EXPECT_GT(failures, 10);
}

TEST_F(CApi, StopsAtTheDeadlineAndRunsAgain) {
  ASSERT_EQ(create(), DURWARD_OK);
  int left = 3;
  const durward_deadline deadline{
      [](void* context) { return --*static_cast<int*>(context) < 0 ? 7 : 0; }, &left};
  EXPECT_EQ(run(&deadline), DURWARD_DEADLINE);
  EXPECT_EQ(left, -1);
  EXPECT_STREQ(text_.data(), durward_code_text(DURWARD_DEADLINE));
  EXPECT_EQ(run(), DURWARD_OK);
  EXPECT_STREQ(text_.data(), "");
  EXPECT_EQ(output_, by_session(plan_.bytes()));
}

TEST_F(CApi, RefusesBuffersThatAreNotItsPortsAndSaysWhy) {
  ASSERT_EQ(create(), DURWARD_OK);
  in_.bytes = 15;
  EXPECT_EQ(run(), DURWARD_WRONG_BUFFERS);
  EXPECT_STREQ(text_.data(), "input 0 'pixels' has 16 bytes, its buffer 15");
  in_.bytes = 16;
  out_.bytes = 17;
  EXPECT_EQ(run(), DURWARD_WRONG_BUFFERS);
  EXPECT_STREQ(text_.data(), "output 0 'port' has 16 bytes, its buffer 17");
  EXPECT_EQ(durward_session_run(session_, &in_, 0, &out_, 1, nullptr, &message_),
            DURWARD_WRONG_BUFFERS);
  EXPECT_STREQ(text_.data(), "there are 0 inputs, the plan has 1");
  out_ = {const_cast<int8_t*>(kInput.data()), kInput.size()};
  EXPECT_EQ(run(), DURWARD_WRONG_BUFFERS);
  EXPECT_THAT(text_.data(), HasSubstr("overlaps"));
}

TEST_F(CApi, AllocatesNothingInARunThatSucceedsFailsOrStops) {
  ASSERT_EQ(create(), DURWARD_OK);
  const durward_deadline now{[](void*) { return 1; }, nullptr};
  const int64_t before = allocations();
  const durward_code done = run(), stopped = run(&now);
  in_.bytes = 1;
  const durward_code refused = run();
  const int64_t taken = allocations() - before;
  EXPECT_THAT((std::array{done, stopped, refused}),
              ElementsAre(DURWARD_OK, DURWARD_DEADLINE, DURWARD_WRONG_BUFFERS));
  EXPECT_EQ(taken, 0);
}

TEST_F(CApi, TellsDamagedPlansApart) {
  const auto bytes = plan_.bytes();
  EXPECT_EQ(durward_session_create(bytes.data(), bytes.size() / 2, nullptr, &session_, &message_),
            DURWARD_MALFORMED_PLAN);
  EXPECT_THAT(text_.data(), HasSubstr("the plan is damaged"));
  const AlignedBytes shifted(five_steps(), 8);
  EXPECT_EQ(durward_session_create(shifted.bytes().data(), shifted.bytes().size(), nullptr,
                                   &session_, &message_),
            DURWARD_UNALIGNED);
  const HandPlan hand = small_streamed_plan();
  Plan invalid = hand.plan();
  invalid.steps[0].index = 99;
  const AlignedBytes stray(write_plan(invalid));
  EXPECT_EQ(durward_session_create(stray.bytes().data(), stray.bytes().size(), nullptr, &session_,
                                   &message_),
            DURWARD_INVALID_PLAN);
  EXPECT_EQ(session_, nullptr);
}

TEST_F(CApi, CutsMessagesToTheirRoom) {
  const durward_options options{sizeof(options), "abacus", 0, 0, 0};
  const std::string whole = "there is no instruction set 'abacus'";
  for (const size_t room : {size_t{1}, size_t{2}, size_t{20}, whole.size(), whole.size() + 1}) {
    text_.fill('#');
    message_.bytes = room;
    EXPECT_EQ(create(&options), DURWARD_NO_SUCH_ISA);
    EXPECT_EQ(text_.data(), whole.substr(0, room - 1));
    EXPECT_EQ(text_[room], '#');
  }
  text_.fill('#');
  message_.bytes = 0;
  EXPECT_EQ(create(&options), DURWARD_NO_SUCH_ISA);
  EXPECT_EQ(text_[0], '#');
}

TEST_F(CApi, SurvivesNullEverywhere) {
  const auto plan = plan_.bytes();
  EXPECT_EQ(durward_session_create(nullptr, 0, nullptr, &session_, nullptr),
            DURWARD_INVALID_ARGUMENT);
  EXPECT_EQ(durward_session_create(plan.data(), plan.size(), nullptr, nullptr, nullptr),
            DURWARD_INVALID_ARGUMENT);
  EXPECT_EQ(durward_session_run(nullptr, &in_, 1, &out_, 1, nullptr, nullptr),
            DURWARD_INVALID_ARGUMENT);
  durward_port port{};
  port.struct_bytes = sizeof(port);
  EXPECT_EQ(durward_session_input(nullptr, 0, &port), DURWARD_INVALID_ARGUMENT);
  EXPECT_EQ(durward_session_output(nullptr, 0, &port), DURWARD_INVALID_ARGUMENT);
  EXPECT_EQ(durward_session_input_count(nullptr), 0u);
  EXPECT_EQ(durward_session_output_count(nullptr), 0u);
  EXPECT_EQ(durward_session_arena_bytes(nullptr), 0u);
  EXPECT_EQ(durward_session_scratch_bytes(nullptr), 0u);
  EXPECT_EQ(durward_session_packed_bytes(nullptr), 0u);
  EXPECT_EQ(durward_session_isa(nullptr), nullptr);
  EXPECT_EQ(durward_session_scrub(nullptr, 1, nullptr), DURWARD_INVALID_ARGUMENT);
  EXPECT_EQ(durward_session_scrub_bytes(nullptr), 0u);
  EXPECT_EQ(durward_engine_has_isa(nullptr), 0);
  durward_session_destroy(nullptr);

  ASSERT_EQ(create(), DURWARD_OK);
  EXPECT_EQ(durward_session_input(session_, 0, nullptr), DURWARD_INVALID_ARGUMENT);
  EXPECT_EQ(durward_session_run(session_, nullptr, 1, &out_, 1, nullptr, nullptr),
            DURWARD_INVALID_ARGUMENT);
  EXPECT_EQ(durward_session_run(session_, &in_, 1, nullptr, 1, nullptr, nullptr),
            DURWARD_INVALID_ARGUMENT);
  const durward_deadline nobody{nullptr, nullptr};
  EXPECT_EQ(run(&nobody), DURWARD_INVALID_ARGUMENT);
  in_.data = nullptr;
  EXPECT_EQ(run(), DURWARD_INVALID_ARGUMENT);
}

// Callers that were built with a later version of the header.
TEST_F(CApi, TakesLongerStructsWhoseNewFieldsAreUnset) {
  struct {
    durward_options known{sizeof(*this), nullptr, 0, 0, 0};
    uint64_t added = 0;
  } options;
  ASSERT_EQ(create(&options.known), DURWARD_OK);
  durward_session_destroy(session_);
  options.added = 1;
  EXPECT_EQ(create(&options.known), DURWARD_INVALID_ARGUMENT);
  options.added = 0;
  options.known.struct_bytes = offsetof(durward_options, threads) - 1;
  EXPECT_EQ(create(&options.known), DURWARD_INVALID_ARGUMENT);

  ASSERT_EQ(create(), DURWARD_OK);
  struct {
    durward_port known{};
    uint64_t added = 42;
  } port;
  port.known.struct_bytes = sizeof(port);
  ASSERT_EQ(durward_session_input(session_, 0, &port.known), DURWARD_OK);
  EXPECT_EQ(port.known.bytes, 16u);
  EXPECT_EQ(port.added, 42u);
  port.known.struct_bytes = 0;
  EXPECT_EQ(durward_session_input(session_, 0, &port.known), DURWARD_INVALID_ARGUMENT);
}

TEST_F(CApi, NamesVersionsAndCodes) {
  EXPECT_EQ(durward_engine_api(), static_cast<uint32_t>(DURWARD_ENGINE_API));
  EXPECT_EQ(durward_engine_plan_version(), kPlanVersion);
  EXPECT_THAT(durward_engine_version(), ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
  for (durward_code code = DURWARD_OK; code <= DURWARD_NO_SCRUB; ++code) {
    EXPECT_STRNE(durward_code_text(code), durward_code_text(-1)) << code;
  }
  EXPECT_STREQ(durward_code_text(1000), "unknown code");
}

}  // namespace
}  // namespace durward
