#include "auth/attempt_limiter.h"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <functional>
#include <thread>

#include "auth/state_database.h"
#include "support/temporary_folder.h"
#include "vault/killing_vfs.h"

namespace durward {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class FakeBootClock final : public BootClock {
 public:
  absl::StatusOr<BootTime> now() const override { return time; }
  BootTime time{"first boot", 1'000'000};
};

constexpr AttemptPolicy kPolicy = {
    .limit = 3, .lock_seconds = 30, .lock_growth = 2, .max_lock_seconds = 100, .disable_after = 7};

class AttemptLimiterTest : public TemporaryFolderTest {
 protected:
  AttemptLimiterTest() : path_(folder_ / "state.db") {
    EXPECT_TRUE(create_state_database(path_).ok());
  }

  AttemptLimiter open() const { return AttemptLimiter::open(path_, key_, clock_).value(); }
  AttemptState state(std::string_view user = "ann") const {
    return open().state(user, kPolicy).value();
  }
  bool charge(std::string_view user = "ann") const {
    return open().charge(user, kPolicy).value().has_value();
  }
  // Three failures: the first lock.
  void lock_out() const {
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(charge());
    EXPECT_EQ(state().locked_ms, 30'000);
  }

  const std::filesystem::path path_;
  const Secret key_ = Secret::generate().value();
  FakeBootClock clock_;
};

TEST_F(AttemptLimiterTest, LocksAfterTheLimitAndLongerEachTime) {
  lock_out();
  EXPECT_FALSE(charge());
  for (const int64_t next_lock_ms : {60'000, 100'000, 100'000}) {
    clock_.time.ms += state().locked_ms - 1;
    EXPECT_FALSE(charge());
    clock_.time.ms += 1;
    EXPECT_TRUE(charge());
    EXPECT_EQ(state().locked_ms, next_lock_ms);
  }
  EXPECT_EQ(state().failures, 6);
}

TEST_F(AttemptLimiterTest, DisablesUntilSomebodyResets) {
  for (int i = 0; i < 7; ++i) {
    EXPECT_TRUE(charge());
    clock_.time.ms += 1'000'000;
  }
  EXPECT_TRUE(state().disabled);
  EXPECT_FALSE(charge());
  EXPECT_TRUE(open().reset("ann").ok());
  EXPECT_TRUE(state().open());
  EXPECT_TRUE(charge());
}

TEST_F(AttemptLimiterTest, AnAcceptEndsTheCount) {
  EXPECT_TRUE(charge());
  EXPECT_TRUE(charge());
  EXPECT_TRUE(open().reset("ann").ok());
  EXPECT_EQ(state().failures, 0);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(charge());
  EXPECT_FALSE(charge());
}

TEST_F(AttemptLimiterTest, UsersAreCountedApart) {
  lock_out();
  EXPECT_TRUE(charge("bo"));
  EXPECT_EQ(state("bo").failures, 1);
}

TEST_F(AttemptLimiterTest, ARestartOfTheMachineShortensNoLock) {
  lock_out();
  clock_.time.ms += 10'000;
  // The restart: how long the machine was off is nobody's to say, and the clock begins anew.
  clock_.time = {"second boot", 0};
  EXPECT_EQ(state().locked_ms, 30'000);
  clock_.time.ms = 12'000;
  EXPECT_EQ(state().locked_ms, 18'000);
  EXPECT_FALSE(charge());  // which keeps what has passed since this start
  clock_.time = {"third boot", 0};
  EXPECT_EQ(state().locked_ms, 18'000);
  clock_.time.ms = 17'999;
  EXPECT_FALSE(charge());
  clock_.time.ms = 18'000;
  EXPECT_TRUE(charge());
}

TEST_F(AttemptLimiterTest, AClockThatGoesBackShortensNoLock) {
  lock_out();
  clock_.time.ms -= 500'000;
  EXPECT_EQ(state().locked_ms, 30'000);
  clock_.time.ms = 0;
  EXPECT_EQ(state().locked_ms, 30'000);
}

// The wall clock is not asked at all: here it is the real one, and cannot matter.
TEST_F(AttemptLimiterTest, TheSystemsClockKeepsALockToo) {
  const SystemBootClock clock;
  const BootTime first = clock.now().value();
  EXPECT_EQ(first.boot_id.size(), 36u);
  AttemptLimiter limiter = AttemptLimiter::open(path_, key_, clock).value();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.charge("ann", kPolicy).value().has_value());
  const AttemptState state = limiter.state("ann", kPolicy).value();
  EXPECT_GT(state.locked_ms, 0);
  EXPECT_LE(state.locked_ms, 30'000);
  EXPECT_GE(clock.now().value().ms, first.ms);
}

TEST_F(AttemptLimiterTest, NamesAreNotInTheFile) {
  EXPECT_TRUE(charge("somebody-with-a-name"));
  std::ifstream file(path_, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(bytes.find("somebody"), std::string::npos);
  EXPECT_NE(bytes.find("first boot"), std::string::npos) << "the test reads what it means to";
}

TEST_F(AttemptLimiterTest, AnEditedCountOpensNothing) {
  lock_out();
  for (const char* change : {"failures = 0", "locked_ms = 0", "boot_ms = 0", "boot_id = 'x'"}) {
    const std::filesystem::path copy = folder_ / "edited.db";
    std::filesystem::copy_file(path_, copy, std::filesystem::copy_options::overwrite_existing);
    {
      Database database = Database::open(copy, Database::Mode::kExisting).value();
      ASSERT_TRUE(database.execute(absl::StrCat("UPDATE attempts SET ", change)).ok());
    }
    AttemptLimiter limiter = AttemptLimiter::open(copy, key_, clock_).value();
    EXPECT_TRUE(absl::IsUnauthenticated(limiter.state("ann", kPolicy).status())) << change;
    EXPECT_TRUE(absl::IsUnauthenticated(limiter.charge("ann", kPolicy).status())) << change;
  }
  const Secret other = Secret::generate().value();
  EXPECT_TRUE(AttemptLimiter::open(path_, other, clock_)->state("ann", kPolicy)->open())
      << "another key's tags are other users'";
}

TEST_F(AttemptLimiterTest, WithoutAStateNothingIsDecided) {
  EXPECT_TRUE(absl::IsNotFound(AttemptLimiter::open(folder_ / "none.db", key_, clock_).status()));
  EXPECT_TRUE(absl::IsAlreadyExists(create_state_database(path_)));
  write("other.db", "no database");
  EXPECT_TRUE(absl::IsDataLoss(AttemptLimiter::open(folder_ / "other.db", key_, clock_).status()));
  Database database = Database::open(path_, Database::Mode::kExisting).value();
  ASSERT_TRUE(database.execute("CREATE TABLE more (id)").ok());
  const absl::Status status = AttemptLimiter::open(path_, key_, clock_).status();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(status.message(), HasSubstr("state.db: its tables are not those"));
}

TEST_F(AttemptLimiterTest, ProcessesAndThreadsTogetherGetNoMoreAttempts) {
  std::vector<pid_t> children;
  for (int i = 0; i < 3; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      AttemptLimiter limiter = open();
      int charged = 0;
      for (int at = 0; at < 3; ++at) charged += limiter.charge("ann", kPolicy).value().has_value();
      ::_exit(charged);
    }
    children.push_back(child);
  }
  AttemptLimiter limiter = open();
  std::atomic<int> charged = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] { charged += limiter.charge("ann", kPolicy).value().has_value(); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    charged += WEXITSTATUS(status);
  }
  EXPECT_EQ(charged, 3);
  EXPECT_EQ(state().failures, 3);
}

// Every write, sync and deletion of a charge is once the last thing that its process does: the
// count afterwards is the one before or the one after, and a charge that was told stays.
TEST_F(AttemptLimiterTest, AKillAtAnyWriteLeavesTheCountBeforeOrAfter) {
  EXPECT_TRUE(charge());
  const std::filesystem::path before = folder_ / "before.db";
  std::filesystem::copy_file(path_, before);
  for (int last = 0;; ++last) {
    std::filesystem::remove_all(path_.string() + "-journal");
    std::filesystem::copy_file(before, path_, std::filesystem::copy_options::overwrite_existing);
    const pid_t child = ::fork();
    if (child == 0) {
      install_killing_vfs(last);
      ::_exit(charge() ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    ASSERT_THAT(WEXITSTATUS(status), AnyOf(0, kKilled));
    const bool told = WEXITSTATUS(status) == 0;
    EXPECT_THAT(state().failures, told ? AnyOf(2, 2) : AnyOf(1, 2)) << last;
    if (told) {
      EXPECT_GT(last, 5);
      break;
    }
  }
}

}  // namespace
}  // namespace durward
