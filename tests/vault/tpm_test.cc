// Against swtpm, a TPM 2.0 in software.
#include "vault/tpm.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "support/temporary_folder.h"
#include "vault/template_store.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

class TpmTest : public TemporaryFolderTest {
 protected:
  void SetUp() override {
    if (std::system("command -v swtpm >/dev/null") != 0) GTEST_SKIP() << "there is no swtpm";
    ::setenv("TSS2_LOG", "all+none", 0);  // its errors are the tests'
    start("one");
  }
  ~TpmTest() override {
    for (const pid_t process : processes_) {
      ::kill(process, SIGTERM);
      ::waitpid(process, nullptr, 0);
    }
  }

  // Starts a TPM of this name, whose state outlives it, and waits until it listens.
  pid_t start(const std::string& name) {
    const std::filesystem::path state = folder_ / name;
    std::filesystem::create_directories(state);
    const std::string socket = (state / "s").string();
    const std::string arguments[] = {"--tpmstate", "dir=" + state.string(),
                                     "--server",   "type=unixio,path=" + socket,
                                     "--ctrl",     "type=unixio,path=" + socket + ".ctrl"};
    const pid_t process = ::fork();
    if (process == 0) {
      const int nothing = ::open("/dev/null", O_WRONLY);
      ::dup2(nothing, STDOUT_FILENO);
      ::dup2(nothing, STDERR_FILENO);
      ::execlp("swtpm", "swtpm", "socket", "--tpm2", arguments[0].c_str(), arguments[1].c_str(),
               arguments[2].c_str(), arguments[3].c_str(), arguments[4].c_str(),
               arguments[5].c_str(), "--flags", "not-need-init", nullptr);
      ::_exit(127);
    }
    processes_.push_back(process);
    for (int wait = 0; wait < 500 && !(listens(socket) && listens(socket + ".ctrl")); ++wait) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return process;
  }

  // Whether somebody accepts connections there: the file is there before that. Nothing connects,
  // since swtpm serves one client at a time.
  static bool listens(const std::string& socket) {
    std::ifstream sockets("/proc/net/unix");  // see proc_net(5): flags are the fourth column
    for (std::string line; std::getline(sockets, line);) {
      if (line.ends_with(" " + socket) && line.find(" 00010000 ") != std::string::npos) return true;
    }
    return false;
  }

  std::string tcti(const std::string& name) const {
    return "swtpm:path=" + (folder_ / name / "s").string();
  }

  std::vector<pid_t> processes_;
};

TEST_F(TpmTest, OpensAStoreAndNoOtherTpmDoes) {
  const std::filesystem::path path = folder_ / "templates.db";
  {
    TemplateStore store = TemplateStore::create(path, *tpm_source(tcti("one"))).value();
    ASSERT_TRUE(store.enroll("ann", {{{"face", "m", "1"}, {1, 2}}}, false).ok());
  }
  for (int again = 0; again < 2; ++again) {
    absl::StatusOr<TemplateStore> store = TemplateStore::open(path, *tpm_source(tcti("one")));
    ASSERT_TRUE(store.ok()) << store.status();
    EXPECT_TRUE(store->check().ok());
  }
  start("two");
  const absl::Status other = TemplateStore::open(path, *tpm_source(tcti("two"))).status();
  EXPECT_TRUE(absl::IsUnauthenticated(other)) << other;
  EXPECT_THAT(std::string(other.message()), HasSubstr("another TPM sealed the store's key"));
}

TEST_F(TpmTest, KeepsTheKeyWhileItIsSwitchedOff) {
  const auto source = tpm_source(tcti("one"));
  const std::vector<std::byte> parameters = source->new_parameters().value();
  const Secret before = source->key(parameters).value();
  ::kill(processes_.back(), SIGTERM);
  ::waitpid(processes_.back(), nullptr, 0);
  processes_.pop_back();
  const absl::Status off = source->key(parameters).status();
  EXPECT_TRUE(absl::IsUnavailable(off)) << off;
  std::filesystem::remove(folder_ / "one" / "s.ctrl");
  start("one");
  const Secret after = source->key(parameters).value();
  EXPECT_TRUE(std::equal(before.bytes().begin(), before.bytes().end(), after.bytes().begin()));
}

TEST_F(TpmTest, ManyUsesLeaveNothingInTheTpm) {
  const auto source = tpm_source(tcti("one"));
  const std::vector<std::byte> parameters = source->new_parameters().value();
  for (int use = 0; use < 20; ++use) ASSERT_TRUE(source->key(parameters).ok()) << use;
}

TEST_F(TpmTest, HostileParametersAreRefused) {
  const auto source = tpm_source(tcti("one"));
  const std::vector<std::byte> good = source->new_parameters().value();
  EXPECT_LE(good.size(), KeySource::kMaxParameters);
  for (size_t size = 0; size < good.size(); size += 7) {
    EXPECT_FALSE(source->key(std::span(good).first(size)).ok()) << size;
  }
  for (size_t at = 0; at < good.size(); at += 11) {
    std::vector<std::byte> changed = good;
    changed[at] ^= std::byte{1};
    EXPECT_FALSE(source->key(changed).ok()) << at;
  }
}

}  // namespace
}  // namespace durward
