#include "vault/template_store.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fstream>
#include <iterator>
#include <limits>

#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const TemplateModel kFace = {"face", "mobilefacenet", std::string(64, 'a')};
const TemplateModel kVoice = {"voice", "ge2e", std::string(64, 'b')};

class TemplateStoreTest : public TemporaryFolderTest {
 protected:
  TemplateStoreTest() : path_(folder_ / "templates.db") {
    EXPECT_TRUE(write_new_key_file(folder_ / "key").ok());
  }

  TemplateStore create() const { return TemplateStore::create(path_, *source_).value(); }
  TemplateStore open() const { return TemplateStore::open(path_, *source_).value(); }

  // Changes the file as somebody without the key can.
  void tamper(const std::string& sql) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }

  std::string file_bytes() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const std::filesystem::path path_;
  const std::unique_ptr<KeySource> source_ = key_file_source(folder_ / "key");
};

std::vector<float> embedding(float first) { return {first, -0.5F, 0.25F}; }

TEST_F(TemplateStoreTest, GivesBackWhatWasEnrolled) {
  {
    TemplateStore store = create();
    ASSERT_TRUE(store.enroll("ann", {{kFace, embedding(1)}, {kVoice, embedding(2)}}, false).ok());
    ASSERT_TRUE(store.enroll("bo", {{kFace, embedding(3)}}, false).ok());
  }
  TemplateStore store = open();
  const std::vector<Template> ann = store.templates_of("ann").value();
  ASSERT_EQ(ann.size(), 2u);
  for (const Template& one : ann) {
    EXPECT_EQ(one.user, "ann");
    EXPECT_EQ(one.embedding, embedding(one.model == kFace ? 1 : 2));
    EXPECT_NEAR(static_cast<double>(one.created), static_cast<double>(::time(nullptr)), 60);
  }
  const std::vector<Template> faces = store.templates_by(kFace).value();
  EXPECT_EQ(faces.size(), 2u);
  const std::vector<UserSummary> users = store.users().value();
  ASSERT_EQ(users.size(), 2u);
  EXPECT_EQ(users[0].name, "ann");
  EXPECT_EQ(users[0].templates, 2);
  EXPECT_EQ(users[1].name, "bo");
  EXPECT_TRUE(store.check().ok());
  EXPECT_TRUE(absl::IsNotFound(store.templates_of("cy").status()));
}

TEST_F(TemplateStoreTest, ReplacesTheTemplatesOfTheSameModelOnly) {
  TemplateStore store = create();
  ASSERT_TRUE(store.enroll("ann", {{kFace, embedding(1)}, {kVoice, embedding(2)}}, false).ok());
  ASSERT_TRUE(store.enroll("bo", {{kFace, embedding(5)}}, false).ok());
  ASSERT_TRUE(store.enroll("ann", {{kFace, embedding(3)}, {kFace, embedding(4)}}, true).ok());
  EXPECT_EQ(store.templates_of("ann")->size(), 3u);
  EXPECT_EQ(store.templates_of("bo")->size(), 1u);
  ASSERT_TRUE(store.enroll("ann", {{kFace, embedding(3)}}, false).ok());
  EXPECT_EQ(store.templates_of("ann")->size(), 4u);
}

TEST_F(TemplateStoreTest, ANewUserIsNobodyWhoIsThere) {
  TemplateStore store = create();
  ASSERT_TRUE(store.enroll_new("ann", {{kFace, embedding(1)}}).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(store.enroll_new("ann", {{kVoice, embedding(2)}})));
  EXPECT_EQ(store.templates_of("ann")->size(), 1u);
  EXPECT_TRUE(absl::IsNotFound(store.enroll_again("bo", {{kFace, embedding(1)}})));
  EXPECT_TRUE(absl::IsNotFound(store.migrate("bo", {{kFace, embedding(1)}})));
  EXPECT_EQ(store.users()->size(), 1u);
  ASSERT_TRUE(store.forget("ann").ok());
  EXPECT_TRUE(store.enroll_new("ann", {{kFace, embedding(1)}}).ok());
}

TEST_F(TemplateStoreTest, EnrollingAgainReplacesAModalityAndMigratingAModel) {
  TemplateStore store = create();
  TemplateModel old_face = kFace;
  old_face.version = "older";
  ASSERT_TRUE(store.enroll("ann", {{old_face, embedding(1)}, {kVoice, embedding(2)}}, false).ok());
  ASSERT_TRUE(store.migrate("ann", {{kFace, embedding(3)}}).ok());
  EXPECT_EQ(store.templates_of("ann")->size(), 3u);
  ASSERT_TRUE(store.migrate("ann", {{kFace, embedding(4)}}).ok());
  EXPECT_EQ(store.templates_of("ann")->size(), 3u);
  ASSERT_TRUE(store.enroll_again("ann", {{kFace, embedding(5)}}).ok());
  const std::vector<Template> left = store.templates_of("ann").value();
  ASSERT_EQ(left.size(), 2u);
  for (const Template& one : left) {
    EXPECT_EQ(one.embedding, embedding(one.model == kFace ? 5 : 2));
  }
}

TEST_F(TemplateStoreTest, TheFileTellsNobodyAnythingAndOnlyItsOwnerMayReadIt) {
  TemplateStore store = create();
  const std::vector<float> values(128, 0.0883883F);
  ASSERT_TRUE(store.enroll("ann@example", {{kFace, values}}, false).ok());
  EXPECT_THAT(file_bytes(), Not(HasSubstr("ann@example")));
  EXPECT_THAT(file_bytes(),
              Not(HasSubstr(std::string(reinterpret_cast<const char*>(values.data()), 16))));
  struct stat about {};
  ASSERT_EQ(::stat(path_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777, 0600u);
}

TEST_F(TemplateStoreTest, AnotherKeyOpensNothing) {
  create();
  ASSERT_TRUE(write_new_key_file(folder_ / "other").ok());
  const absl::Status wrong =
      TemplateStore::open(path_, *key_file_source(folder_ / "other")).status();
  EXPECT_TRUE(absl::IsUnauthenticated(wrong));
  EXPECT_THAT(std::string(wrong.message()), HasSubstr("this key-file does not open the store"));
  const absl::Status kind = TemplateStore::open(path_, **passphrase_source("x")).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(kind));
  EXPECT_THAT(std::string(kind.message()),
              HasSubstr("comes from a key-file, not from a passphrase"));
}

TEST_F(TemplateStoreTest, AChangedKeyTakesThePlaceOfTheOldOne) {
  TemplateStore store = create();
  ASSERT_TRUE(store.enroll("ann", {{kFace, embedding(1)}}, false).ok());
  const auto passphrase = passphrase_source("correct horse").value();
  ASSERT_TRUE(store.change_key(*passphrase).ok());
  EXPECT_FALSE(TemplateStore::open(path_, *source_).ok());
  EXPECT_FALSE(TemplateStore::open(path_, **passphrase_source("wrong horse")).ok());
  EXPECT_EQ(TemplateStore::open(path_, *passphrase)->templates_of("ann")->size(), 1u);
}

// Each column of a row is bound to its embedding, and so is the row's user.
TEST_F(TemplateStoreTest, AnyChangeOfATemplateIsFound) {
  for (const std::string sql :
       {"UPDATE templates SET id = id + 1 WHERE rowid = (SELECT min(rowid) FROM templates)",
        "UPDATE templates SET modality = 'voice'", "UPDATE templates SET model = 'other'",
        "UPDATE templates SET version = 'other'", "UPDATE templates SET created = created + 1",
        "UPDATE templates SET tag = (SELECT max(tag) FROM users)",
        "UPDATE templates SET sealed = (SELECT max(sealed) FROM templates)",
        "UPDATE templates SET sealed = zeroblob(200)", "UPDATE templates SET sealed = x''",
        "UPDATE users SET name = (SELECT max(name) FROM users)", "DELETE FROM users"}) {
    std::filesystem::remove(path_);
    {
      TemplateStore store = create();
      ASSERT_TRUE(store.enroll("ann", {{kFace, embedding(1)}}, false).ok());
      ASSERT_TRUE(store.enroll("bo", {{kFace, embedding(2)}}, false).ok());
    }
    tamper(sql);
    EXPECT_TRUE(absl::IsUnauthenticated(open().check())) << sql;
  }
}

TEST_F(TemplateStoreTest, WhatIsNoStoreIsRefused) {
  create();
  tamper("CREATE TRIGGER steal AFTER INSERT ON templates BEGIN DELETE FROM templates; END");
  EXPECT_TRUE(absl::IsDataLoss(TemplateStore::open(path_, *source_).status()));
  EXPECT_TRUE(absl::IsNotFound(TemplateStore::open(folder_ / "none", *source_).status()));
  for (const std::string& bytes : {std::string(), std::string("text"), std::string(8192, 'x')}) {
    const std::filesystem::path other = write("other", bytes);
    EXPECT_TRUE(absl::IsDataLoss(TemplateStore::open(other, *source_).status()));
  }
}

TEST_F(TemplateStoreTest, ATruncatedFileIsRefused) {
  {
    TemplateStore store = create();
    ASSERT_TRUE(store.enroll("ann", {{kFace, std::vector<float>(1024, 1)}}, false).ok());
  }
  const std::string whole = file_bytes();
  for (size_t size = 0; size < whole.size(); size += 1000) {
    const std::filesystem::path part = write("part", whole.substr(0, size));
    absl::StatusOr<TemplateStore> store = TemplateStore::open(part, *source_);
    EXPECT_FALSE(store.ok() && store->check().ok() && store->users()->size() == 1) << size;
  }
}

TEST_F(TemplateStoreTest, WhoIsForgottenLeavesNoTrace) {
  TemplateStore store = create();
  ASSERT_TRUE(store.enroll("ann", {{kFace, std::vector<float>(512, 1)}}, false).ok());
  ASSERT_TRUE(store.enroll("bo", {{kFace, embedding(2)}}, false).ok());
  // Her template and her name as they are in the file.
  Database database = Database::open(path_, Database::Mode::kExisting).value();
  std::vector<std::string> sealed;
  for (const std::string_view column : {"sealed FROM templates", "name FROM users"}) {
    Statement statement =
        database.prepare(absl::StrCat("SELECT ", std::string(column), " ORDER BY rowid")).value();
    while (statement.step().value()) {
      const std::vector<std::byte> bytes = statement.blob(0);
      sealed.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
  }
  const auto pieces_found = [&] {
    const std::string file = file_bytes();
    int found = 0;
    for (const std::string& bytes : sealed) {
      for (size_t at = 0; at + 16 <= bytes.size(); at += 16) {
        found += file.find(bytes.substr(at, 16)) != std::string::npos;
      }
    }
    return found;
  };
  const int before = pieces_found();
  ASSERT_TRUE(store.forget("ann").ok());
  // 2,088 bytes of the template and 43 of the name; bo's, 52 and 42, are still there.
  EXPECT_EQ(before, 130 + 2 + 3 + 2);
  EXPECT_EQ(pieces_found(), 3 + 2);
  EXPECT_FALSE(std::filesystem::exists(path_.string() + "-journal"));
  EXPECT_TRUE(absl::IsNotFound(store.templates_of("ann").status()));
  EXPECT_TRUE(absl::IsNotFound(store.forget("ann")));
  EXPECT_EQ(store.templates_of("bo")->size(), 1u);
  EXPECT_EQ(store.users()->size(), 1u);
}

TEST_F(TemplateStoreTest, ABackupIsAStoreAndComesBack) {
  const std::filesystem::path backup = folder_ / "backup.db";
  {
    TemplateStore store = create();
    ASSERT_TRUE(store.enroll("ann", {{kFace, embedding(1)}}, false).ok());
    ASSERT_TRUE(store.back_up(backup).ok());
    EXPECT_TRUE(absl::IsAlreadyExists(store.back_up(backup)));
    ASSERT_TRUE(store.forget("ann").ok());
  }
  ASSERT_TRUE(restore_store(backup, path_, *source_).ok());
  EXPECT_EQ(open().templates_of("ann")->size(), 1u);
  ASSERT_TRUE(restore_store(backup, folder_ / "elsewhere.db", *source_).ok());
  EXPECT_TRUE(TemplateStore::open(folder_ / "elsewhere.db", *source_)->check().ok());
}

TEST_F(TemplateStoreTest, ADamagedBackupChangesNothing) {
  const std::filesystem::path backup = write("backup.db", "none");
  { EXPECT_TRUE(create().enroll("ann", {{kFace, embedding(1)}}, false).ok()); }
  const std::string before = file_bytes();
  EXPECT_FALSE(restore_store(backup, path_, *source_).ok());
  EXPECT_EQ(file_bytes(), before);
}

TEST_F(TemplateStoreTest, WhatIsOutOfRangeIsRefusedAndNothingIsWritten) {
  TemplateStore store = create();
  const std::vector<NewTemplate> good = {{kFace, embedding(1)}};
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(absl::IsInvalidArgument(store.enroll("", good, false)));
  EXPECT_TRUE(absl::IsInvalidArgument(store.enroll(std::string(257, 'x'), good, false)));
  EXPECT_TRUE(absl::IsInvalidArgument(store.enroll("ann", {}, false)));
  EXPECT_TRUE(absl::IsInvalidArgument(store.enroll("ann", {{kFace, {}}}, false)));
  EXPECT_TRUE(absl::IsInvalidArgument(store.enroll("ann", {{kFace, embedding(nan)}}, false)));
  EXPECT_TRUE(
      absl::IsInvalidArgument(store.enroll("ann", {{kFace, std::vector<float>(4097, 1)}}, false)));
  EXPECT_TRUE(absl::IsInvalidArgument(store.enroll("ann", {{{"", "a", "b"}, {1}}}, false)));
  EXPECT_TRUE(store.users()->empty());
}

TEST_F(TemplateStoreTest, ProcessesWriteAtTheSameTime) {
  create();
  constexpr int kProcesses = 4, kUsers = 10;
  for (int process = 0; process < kProcesses; ++process) {
    if (::fork() != 0) continue;
    absl::StatusOr<TemplateStore> store = TemplateStore::open(path_, *source_);
    bool good = store.ok();
    for (int user = 0; user < kUsers && good; ++user) {
      good =
          store->enroll(absl::StrCat("user ", process, " ", user), {{kFace, embedding(1)}}, false)
              .ok();
    }
    ::_exit(good ? 0 : 1);
  }
  for (int process = 0; process < kProcesses; ++process) {
    int status = 0;
    ASSERT_GT(::wait(&status), 0);
    EXPECT_EQ(status, 0);
  }
  TemplateStore store = open();
  EXPECT_EQ(store.users()->size(), static_cast<size_t>(kProcesses * kUsers));
  EXPECT_TRUE(store.check().ok());
}

}  // namespace
}  // namespace durward
