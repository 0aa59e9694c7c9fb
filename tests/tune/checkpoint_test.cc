#include "tune/checkpoint.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>

#include "base/file.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

TrainingState state_of(float value) {
  TrainingState state;
  state.step = 12;
  state.parameters = {at::full({3, 2}, value), at::full({}, value + 1)};
  state.first_moments = {at::full({3, 2}, value + 2), at::full({}, value + 3)};
  state.second_moments = {at::full({3, 2}, value + 4), at::full({}, value + 5)};
  state.best = {at::full({3, 2}, value + 6), at::full({}, value + 7)};
  state.best_step = 8;
  state.history = {{0, 0, {0.1, 0.2, 0.3}}, {8, 1.0 / 3, {0.4, 0.5, 0.6}}};
  state.loss_sum = 0.7;
  return state;
}

class Checkpoint : public TemporaryFolderTest {
 protected:
  std::filesystem::path path_ = folder_ / "checkpoint";
};

TEST_F(Checkpoint, ComesBackWhole) {
  ASSERT_TRUE(write_checkpoint(path_, state_of(1), "job").ok());
  TrainingState state = state_of(100);
  ASSERT_TRUE(read_checkpoint(path_, "job", state).ok());
  EXPECT_EQ(state.step, 12);
  EXPECT_EQ(state.best_step, 8);
  EXPECT_EQ(state.loss_sum, 0.7);
  ASSERT_EQ(state.history.size(), 2u);
  EXPECT_EQ(state.history[1].loss, 1.0 / 3);
  EXPECT_EQ(state.history[1].held_out.cosine_min, 0.6);
  const TrainingState written = state_of(1);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(at::equal(state.parameters[i], written.parameters[i]));
    EXPECT_TRUE(at::equal(state.first_moments[i], written.first_moments[i]));
    EXPECT_TRUE(at::equal(state.second_moments[i], written.second_moments[i]));
    EXPECT_TRUE(at::equal(state.best[i], written.best[i]));
  }
}

TEST_F(Checkpoint, ThatIsDamagedIsRefused) {
  ASSERT_TRUE(write_checkpoint(path_, state_of(1), "job").ok());
  const std::string bytes = *read_text_file(path_);
  for (const size_t place : {size_t{3}, bytes.size() / 2, bytes.size() - 70, bytes.size() - 1}) {
    std::string damaged = bytes;
    damaged[place] = static_cast<char>(damaged[place] ^ 1);
    ASSERT_TRUE(write_file_atomic(path_, damaged).ok());
    TrainingState state = state_of(100);
    const absl::Status status = read_checkpoint(path_, "job", state);
    EXPECT_THAT(std::string(status.message()), HasSubstr("damaged")) << place;
    EXPECT_TRUE(at::equal(state.parameters[0], state_of(100).parameters[0]));
  }
  for (const size_t size : {size_t{0}, size_t{10}, bytes.size() - 1}) {
    ASSERT_TRUE(write_file_atomic(path_, bytes.substr(0, size)).ok());
    TrainingState state = state_of(100);
    EXPECT_FALSE(read_checkpoint(path_, "job", state).ok()) << size;
  }
}

TEST_F(Checkpoint, OfOtherParametersIsRefused) {
  ASSERT_TRUE(write_checkpoint(path_, state_of(1), "job").ok());
  TrainingState state = state_of(1);
  state.best[0] = at::zeros({7});
  EXPECT_THAT(std::string(read_checkpoint(path_, "job", state).message()),
              HasSubstr("other sizes"));
}

TEST_F(Checkpoint, OnAFullDiskLeavesTheOlderOne) {
  ASSERT_TRUE(write_checkpoint(path_, state_of(1), "job").ok());
  const std::string older = *read_text_file(path_);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{100, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::Status status = write_checkpoint(path_, state_of(2), "job");
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(*read_text_file(path_), older);
}

}  // namespace
}  // namespace durward
