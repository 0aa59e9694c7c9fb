// Every write, sync, truncation and deletion that a change of the store makes is once the last
// thing that its process does. What is found afterwards is the store before or after the change.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <functional>

#include "support/temporary_folder.h"
#include "vault/killing_vfs.h"
#include "vault/template_store.h"

namespace durward {
namespace {

using ::testing::AnyOf;

const TemplateModel kFace = {"face", "mobilefacenet", "version 1"};

std::vector<NewTemplate> templates(int count, float first) {
  std::vector<NewTemplate> all;
  for (int i = 0; i < count; ++i) {
    all.push_back({kFace, std::vector<float>(512, first + static_cast<float>(i))});
  }
  return all;
}

class Crash : public TemporaryFolderTest {
 protected:
  Crash() : store_(folder_ / "store"), before_(folder_ / "before") {
    EXPECT_TRUE(write_new_key_file(folder_ / "key").ok());
    TemplateStore store = TemplateStore::create(before_, *source_).value();
    EXPECT_TRUE(store.enroll("ann", templates(3, 1), false).ok());
    EXPECT_TRUE(store.enroll("bo", templates(2, 9), false).ok());
  }

  // The state of a store as text; what cannot be opened is an error.
  std::string state(const std::filesystem::path& path, const KeySource& source) const {
    absl::StatusOr<TemplateStore> store = TemplateStore::open(path, source);
    if (!store.ok()) return std::string(store.status().message());
    if (const absl::Status status = store->check(); !status.ok()) {
      return std::string(status.message());
    }
    std::string text;
    const std::vector<UserSummary> users = store->users().value();
    for (const UserSummary& user : users) {
      absl::StrAppend(&text, user.name, ":");
      std::vector<float> firsts;
      const std::vector<Template> templates_of_user = store->templates_of(user.name).value();
      for (const Template& one : templates_of_user) {
        firsts.push_back(one.embedding[0]);
      }
      std::sort(firsts.begin(), firsts.end());
      for (const float first : firsts) absl::StrAppend(&text, " ", first);
      absl::StrAppend(&text, "; ");
    }
    return text;
  }

  // Runs the change on fresh copies, killed at its first, second, ... call, until it is not killed.
  // Returns the number of calls.
  int kill_everywhere(const std::function<absl::Status(TemplateStore&)>& change,
                      const std::function<void()>& check) {
    for (int last = 0;; ++last) {
      std::filesystem::remove_all(store_.string() + "-journal");
      std::filesystem::copy_file(before_, store_,
                                 std::filesystem::copy_options::overwrite_existing);
      const pid_t child = ::fork();
      if (child == 0) {
        install_killing_vfs(last);
        absl::StatusOr<TemplateStore> store = TemplateStore::open(store_, *source_);
        ::_exit(store.ok() && change(*store).ok() ? 0 : 1);
      }
      int status = 0;
      EXPECT_EQ(::waitpid(child, &status, 0), child);
      EXPECT_TRUE(WIFEXITED(status));
      EXPECT_THAT(WEXITSTATUS(status), AnyOf(0, kKilled));
      check();
      if (WEXITSTATUS(status) != kKilled || HasFailure()) return last;
    }
  }

  const std::filesystem::path store_, before_;
  const std::unique_ptr<KeySource> source_ = key_file_source(folder_ / "key");
  const std::string kBefore = "ann: 1 2 3; bo: 9 10; ";
};

TEST_F(Crash, AnEnrolmentIsThereOrNot) {
  const int calls = kill_everywhere(
      [](TemplateStore& store) { return store.enroll("cy", templates(4, 20), false); },
      [this] {
        EXPECT_THAT(state(store_, *source_),
                    AnyOf(kBefore, "ann: 1 2 3; bo: 9 10; cy: 20 21 22 23; "));
      });
  EXPECT_GT(calls, 10);
  EXPECT_EQ(state(store_, *source_), "ann: 1 2 3; bo: 9 10; cy: 20 21 22 23; ");
}

TEST_F(Crash, AReplacementIsThereOrNot) {
  kill_everywhere(
      [](TemplateStore& store) { return store.enroll("ann", templates(2, 30), true); },
      [this] { EXPECT_THAT(state(store_, *source_), AnyOf(kBefore, "ann: 30 31; bo: 9 10; ")); });
  EXPECT_EQ(state(store_, *source_), "ann: 30 31; bo: 9 10; ");
}

TEST_F(Crash, AnEnrolmentThatBeginsAnewIsThereOrNot) {
  kill_everywhere(
      [](TemplateStore& store) { return store.enroll_again("ann", templates(2, 30)); },
      [this] { EXPECT_THAT(state(store_, *source_), AnyOf(kBefore, "ann: 30 31; bo: 9 10; ")); });
  EXPECT_EQ(state(store_, *source_), "ann: 30 31; bo: 9 10; ");
}

TEST_F(Crash, AUserIsForgottenOrNot) {
  kill_everywhere([](TemplateStore& store) { return store.forget("ann"); },
                  [this] { EXPECT_THAT(state(store_, *source_), AnyOf(kBefore, "bo: 9 10; ")); });
  EXPECT_EQ(state(store_, *source_), "bo: 9 10; ");
}

TEST_F(Crash, TheOldKeyOpensOrTheNewOne) {
  ASSERT_TRUE(write_new_key_file(folder_ / "new key").ok());
  const std::unique_ptr<KeySource> other = key_file_source(folder_ / "new key");
  kill_everywhere([&](TemplateStore& store) { return store.change_key(*other); },
                  [&] {
                    const std::string old_state = state(store_, *source_);
                    const std::string new_state = state(store_, *other);
                    EXPECT_TRUE((old_state == kBefore) != (new_state == kBefore))
                        << old_state << "\n"
                        << new_state;
                  });
  EXPECT_EQ(state(store_, *other), kBefore);
}

TEST_F(Crash, ABackupIsWholeOrNotThere) {
  const std::filesystem::path copy = folder_ / "copy";
  int made = 0;
  kill_everywhere([&](TemplateStore& store) { return store.back_up(copy); },
                  [&] {
                    EXPECT_EQ(state(store_, *source_), kBefore);
                    if (!std::filesystem::exists(copy)) return;
                    ++made;
                    EXPECT_EQ(state(copy, *source_), kBefore);
                    std::filesystem::remove(copy);
                  });
  EXPECT_EQ(made, 1);
}

TEST_F(Crash, ARestoredStoreIsTheOldOrTheNewOne) {
  const std::filesystem::path backup = folder_ / "backup";
  {
    TemplateStore store = TemplateStore::open(before_, *source_).value();
    ASSERT_TRUE(store.back_up(backup).ok());
    ASSERT_TRUE(store.forget("bo").ok());
  }
  kill_everywhere([&](TemplateStore&) { return restore_store(backup, store_, *source_); },
                  [&] { EXPECT_THAT(state(store_, *source_), AnyOf("ann: 1 2 3; ", kBefore)); });
  EXPECT_EQ(state(store_, *source_), kBefore);
}

}  // namespace
}  // namespace durward
