#include "auth/decision_log.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <nlohmann/json.hpp>

#include "auth/log_verification.h"
#include "auth/state_database.h"
#include "base/file.h"
#include "base/sha256.h"
#include "support/temporary_folder.h"
#include "vault/killing_vfs.h"

namespace durward {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class DecisionLogTest : public TemporaryFolderTest {
 protected:
  DecisionLogTest() : log_(folder_ / "decisions.jsonl"), state_(folder_ / "state.db") {
    EXPECT_TRUE(create_state_database(state_).ok());
  }

  DecisionLog open(DecisionLogOptions options = {}) const {
    return DecisionLog::open(log_, state_, key_, options).value();
  }
  static std::string record(int number) { return absl::StrCat("{\"number\":", number, "}"); }
  void append(int from, int to, DecisionLogOptions options = {}) const {
    DecisionLog log = open(options);
    for (int i = from; i <= to; ++i) ASSERT_TRUE(log.append(record(i)).ok());
  }

  LogHead head() const {
    Database database = open_state_database(state_).value();
    return read_log_head(database, derived_key_).value();
  }
  LogVerification verify(const LogHead& head, std::vector<std::string>* records = nullptr) const {
    return verify_log(log_, LogProof{derived_key_, head},
                      [&](const LogLine& line) {
                        if (records != nullptr) records->push_back(line.record);
                      })
        .value();
  }
  LogVerification verify(std::vector<std::string>* records = nullptr) const {
    return verify(head(), records);
  }
  void expect_intact(int64_t lines) const {
    const LogVerification result = verify();
    EXPECT_EQ(result.state, LogState::kIntact) << result.reason;
    EXPECT_EQ(result.lines, lines);
    EXPECT_TRUE(result.proved);
  }

  std::string text() const { return read_text_file(log_).value(); }
  void replace(const std::string& text) const { write(log_.filename(), text); }
  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    std::string line;
    for (const char c : text()) {
      line += c;
      if (c == '\n') lines.push_back(std::exchange(line, ""));
    }
    return lines;
  }

  const std::filesystem::path log_, state_;
  const Secret key_ = Secret::generate().value();
  const Secret derived_key_ = log_key(key_).value();
};

TEST_F(DecisionLogTest, ALineIsJsonWithTheDigestOfWhatIsBeforeIt) {
  append(1, 3);
  const std::vector<std::string> all = lines();
  ASSERT_EQ(all.size(), 3u);
  std::string previous(64, '0');
  for (size_t i = 0; i < 3; ++i) {
    const nlohmann::json line = nlohmann::json::parse(all[i]);
    EXPECT_EQ(line["sequence"], i + 1);
    EXPECT_EQ(line["previous"], previous);
    EXPECT_EQ(line["record"]["number"], i + 1);
    const std::string before = all[i].substr(0, all[i].find(",\"digest\""));
    EXPECT_EQ(line["digest"], sha256_hex(std::as_bytes(std::span(before.data(), before.size()))));
    previous = line["digest"];
  }
  expect_intact(3);
  struct stat about {};
  ASSERT_EQ(::stat(log_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
}

TEST_F(DecisionLogTest, RecordsAreReadBackInOrderAcrossOpenings) {
  append(1, 2);
  append(3, 4);
  std::vector<std::string> records;
  EXPECT_EQ(verify(&records).state, LogState::kIntact);
  EXPECT_EQ(records, (std::vector{record(1), record(2), record(3), record(4)}));
}

TEST_F(DecisionLogTest, AnyChangedByteIsFound) {
  append(1, 3);
  const std::string intact = text();
  const LogHead head = this->head();
  for (size_t at = 0; at < intact.size(); ++at) {
    std::string changed = intact;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    replace(changed);
    EXPECT_NE(verify(head).state, LogState::kIntact) << at;
  }
}

TEST_F(DecisionLogTest, ALineLeftOutMovedOrDoubledIsFound) {
  append(1, 4);
  const std::vector<std::string> all = lines();
  for (const auto& order :
       std::vector<std::vector<size_t>>{{0, 1, 3}, {0, 2, 1, 3}, {0, 1, 1, 2, 3}, {1, 0, 2, 3}}) {
    std::string changed;
    for (const size_t i : order) changed += all[i];
    replace(changed);
    EXPECT_EQ(verify().state, LogState::kChanged);
  }
}

TEST_F(DecisionLogTest, ALogCutShortAnywhereIsFoundAndNothingIsAddedToIt) {
  append(1, 3);
  const std::string intact = text();
  const LogHead head = this->head();
  for (size_t bytes = 0; bytes < intact.size(); ++bytes) {
    replace(intact.substr(0, bytes));
    EXPECT_EQ(verify(head).state, LogState::kCutShort) << bytes;
    if (bytes % 64 != 0) continue;
    const absl::Status status = open().append(record(4));
    EXPECT_TRUE(absl::IsDataLoss(status)) << bytes;
    EXPECT_THAT(status.message(), HasSubstr("it was cut short"));
    EXPECT_EQ(text().size(), bytes);
  }
  std::filesystem::remove(log_);
  EXPECT_TRUE(absl::IsDataLoss(open().append(record(4))));
}

TEST_F(DecisionLogTest, AForgedLineHasTheRightDigestsAndAnotherKey) {
  append(1, 2);
  const LogLine last = parse_log_line(lines()[1].substr(0, lines()[1].size() - 1)).value();
  const Secret other = log_key(Secret::generate().value()).value();
  const std::string forged =
      log_line_text(make_log_line(3, last.digest, record(3), other).value()) + "\n";
  replace(text() + forged);
  EXPECT_EQ(verify_log(log_, std::nullopt)->state, LogState::kIntact) << "the chain alone is right";
  EXPECT_EQ(verify().state, LogState::kChanged);
  EXPECT_THAT(verify().reason, HasSubstr("line 3 was written with another key"));
  EXPECT_TRUE(absl::IsDataLoss(open().append(record(4))));
}

TEST_F(DecisionLogTest, AForgedHeadIsNoProof) {
  append(1, 3);
  replace(lines()[0]);
  Database database = open_state_database(state_).value();
  const LogLine first = parse_log_line(lines()[0].substr(0, lines()[0].size() - 1)).value();
  ASSERT_TRUE(database
                  .execute(absl::StrCat("UPDATE log_head SET sequence = 1, digest = '",
                                        first.digest, "', bytes = ", text().size()))
                  .ok());
  EXPECT_TRUE(absl::IsUnauthenticated(read_log_head(database, log_key(key_).value()).status()));
  EXPECT_TRUE(absl::IsUnauthenticated(open().append(record(4))));
}

// A kill while a line is written leaves any part of it, and the head of before.
TEST_F(DecisionLogTest, AKillAtAnyByteOfALineLosesAtMostThatLineAndIsRecorded) {
  append(1, 2);
  const std::filesystem::path old_state = folder_ / "old state.db";
  std::filesystem::copy_file(state_, old_state);
  const std::string before = text();
  append(3, 3);
  const std::string after = text();
  for (size_t bytes = before.size(); bytes <= after.size(); ++bytes) {
    // All of the ends, some of what is between.
    const size_t written = bytes - before.size();
    if (written > 3 && bytes + 3 < after.size() && written % 16 != 0) continue;
    replace(after.substr(0, bytes));
    std::filesystem::copy_file(old_state, state_,
                               std::filesystem::copy_options::overwrite_existing);
    const bool torn = bytes > before.size() && bytes < after.size();
    EXPECT_EQ(verify().state, torn ? LogState::kTorn : LogState::kIntact) << bytes;
    ASSERT_TRUE(open().append(record(4)).ok()) << bytes;
    std::vector<std::string> records;
    const LogVerification result = verify(&records);
    EXPECT_EQ(result.state, LogState::kIntact) << result.reason;
    std::vector<std::string> expected = {record(1), record(2)};
    if (torn) {
      expected.push_back(
          absl::StrCat("{\"event\":\"torn-line-removed\",\"bytes\":", bytes - before.size(), "}"));
    }
    if (bytes == after.size()) expected.push_back(record(3));
    expected.push_back(record(4));
    EXPECT_EQ(records, expected);
  }
}

TEST_F(DecisionLogTest, AKillAtAnyWriteOfTheStateLosesNothingThatWasTold) {
  append(1, 2);
  const std::filesystem::path old_state = folder_ / "old state.db";
  std::filesystem::copy_file(state_, old_state);
  const std::string before = text();
  for (int last = 0;; ++last) {
    std::filesystem::remove_all(state_.string() + "-journal");
    std::filesystem::copy_file(old_state, state_,
                               std::filesystem::copy_options::overwrite_existing);
    replace(before);
    const pid_t child = ::fork();
    if (child == 0) {
      install_killing_vfs(last);
      ::_exit(open().append(record(3)).ok() ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    ASSERT_THAT(WEXITSTATUS(status), AnyOf(0, kKilled));
    const bool told = WEXITSTATUS(status) == 0;
    ASSERT_TRUE(open().append(record(4)).ok()) << last;
    std::vector<std::string> records;
    EXPECT_EQ(verify(&records).state, LogState::kIntact) << last;
    const std::vector<std::string> with = {record(1), record(2), record(3), record(4)};
    if (told) {
      EXPECT_EQ(records, with);
      EXPECT_GT(last, 5);
      break;
    }
    EXPECT_THAT(records, AnyOf(with, std::vector{record(1), record(2), record(4)})) << last;
  }
}

TEST_F(DecisionLogTest, AFullFileIsPutAsideAndTheChainGoesOn) {
  append(1, 7, {.max_bytes = 600});
  const std::vector<std::filesystem::path> files = log_files(log_);
  ASSERT_GE(files.size(), 3u);
  EXPECT_EQ(files.back(), log_);
  EXPECT_THAT(files.front().string(), HasSubstr("decisions.jsonl.000000000"));
  std::vector<std::string> records;
  EXPECT_EQ(verify(&records).state, LogState::kIntact);
  EXPECT_EQ(records.size(), 7u);
  // Old files may be removed, none in between.
  std::filesystem::remove(files[0]);
  const LogVerification without_old = verify();
  EXPECT_EQ(without_old.state, LogState::kIntact);
  EXPECT_GT(without_old.first_sequence, 1);
  std::filesystem::remove(files[1]);
  if (files.size() > 3) {
    EXPECT_EQ(verify().state, LogState::kIntact);
  }
}

TEST_F(DecisionLogTest, AFileMissingInBetweenIsFound) {
  append(1, 12, {.max_bytes = 600});
  const std::vector<std::filesystem::path> files = log_files(log_);
  ASSERT_GE(files.size(), 4u);
  std::filesystem::remove(files[1]);
  EXPECT_EQ(verify().state, LogState::kChanged);
}

TEST_F(DecisionLogTest, AKillAfterTheFileWasPutAsideIsNoLoss) {
  append(1, 3);
  std::filesystem::rename(log_, rotated_log_file(log_, 3));
  append(4, 4);
  expect_intact(4);
  // Before the head of the new file was written.
  std::filesystem::rename(log_, rotated_log_file(log_, 4));
  write("decisions.jsonl", "");
  append(5, 5);
  expect_intact(5);
}

// The limit on file sizes stands in for the disk's end; the state database is far below it.
TEST_F(DecisionLogTest, AFullDiskIsAnErrorThatLeavesTheLogAsItWas) {
  const std::string large = absl::StrCat("{\"text\":\"", std::string(60'000, 'x'), "\"}");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(open().append(large).ok());
  const std::string before = text();
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{before.size() + 100, before.size() + 100};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::_exit(absl::IsResourceExhausted(open().append(record(4))) ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(text(), before);
  append(4, 4);
  expect_intact(4);
}

TEST_F(DecisionLogTest, ProcessesTogetherWriteOneChain) {
  std::vector<pid_t> children;
  for (int i = 0; i < 3; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      DecisionLog log = open({.max_bytes = 2000});
      for (int at = 0; at < 8; ++at) {
        if (!log.append(record(at)).ok()) ::_exit(1);
      }
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  expect_intact(24);
}

TEST_F(DecisionLogTest, RefusesWhatIsNoRecord) {
  DecisionLog log = open();
  for (const std::string& bad :
       {std::string("[]"), std::string("{"), std::string("{}\n{}"), std::string(" {}"),
        std::string("{\"a\":\"") + std::string(kMaxRecordBytes, 'x') + "\"}"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(log.append(bad)));
  }
  EXPECT_TRUE(log.append("{}").ok());
  expect_intact(1);
}

TEST_F(DecisionLogTest, WithoutALogThereIsNothingToVerify) {
  EXPECT_TRUE(absl::IsNotFound(verify_log(log_, std::nullopt).status()));
  EXPECT_TRUE(absl::IsNotFound(DecisionLog::open(log_, folder_ / "none", key_).status()));
}

TEST(LogLine, EveryCutOfALineIsRefused) {
  const Secret key = Secret::generate().value();
  const std::string text =
      log_line_text(make_log_line(12, no_line_digest(), "{\"a\":[1,2]}", key).value());
  EXPECT_EQ(log_line_text(parse_log_line(text).value()), text);
  for (size_t bytes = 0; bytes < text.size(); ++bytes) {
    EXPECT_TRUE(absl::IsDataLoss(parse_log_line(text.substr(0, bytes)).status())) << bytes;
    EXPECT_TRUE(absl::IsDataLoss(parse_log_line(text.substr(bytes + 1)).status())) << bytes;
  }
}

}  // namespace
}  // namespace durward
