// Templates on the device: one SQLite file in which nothing that was enrolled, no user's name and
// no embedding, can be read, moved or changed without the key. docs/vault.md has the format and
// what it does not protect from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "vault/key_source.h"
#include "vault/sqlite.h"

namespace durward {

// What a template was made with: it is compared with nothing else.
struct TemplateModel {
  std::string modality;  // "face", "voice", "touch"
  std::string name;      // of the model
  std::string version;   // the digest of its plan

  bool operator==(const TemplateModel&) const = default;
};

struct NewTemplate {
  TemplateModel model;
  std::vector<float> embedding;  // 1 to 4096 finite values
};

struct Template {
  int64_t id = 0;
  std::string user;
  TemplateModel model;
  int64_t created = 0;  // seconds since 1970, by the clock of the machine
  std::vector<float> embedding;
};

struct UserSummary {
  std::string name;
  int64_t templates = 0;
};

// One thread at a time; any number of stores, also of other processes, over one file. Every change
// is made whole or not at all, whatever stops the machine. Errors besides those named: those of
// Database; Unauthenticated where what is read was sealed with another key or changed since.
class TemplateStore {
 public:
  static constexpr size_t kMaxNameBytes = 256;  // of users, modalities, models, versions; UTF-8

  // AlreadyExists where there is a file.
  [[nodiscard]] static absl::StatusOr<TemplateStore> create(const std::filesystem::path& path,
                                                            const KeySource& source);
  // NotFound; FailedPrecondition where its key comes from another kind of source;
  // Unauthenticated for a wrong key; DataLoss where it is no store.
  [[nodiscard]] static absl::StatusOr<TemplateStore> open(const std::filesystem::path& path,
                                                          const KeySource& source);

  // Adds a user's templates; in place of those of the same models where `replace` is set.
  // InvalidArgument for a name or an embedding out of range, and for no templates.
  [[nodiscard]] absl::Status enroll(std::string_view user,
                                    const std::vector<NewTemplate>& templates, bool replace);
  // The same for somebody who is not there yet: AlreadyExists where he is, also where another
  // process was first.
  [[nodiscard]] absl::Status enroll_new(std::string_view user,
                                        const std::vector<NewTemplate>& templates);
  // Of somebody who is there, NotFound where not: in place of all his templates of these
  // modalities, whichever model they are of.
  [[nodiscard]] absl::Status enroll_again(std::string_view user,
                                          const std::vector<NewTemplate>& templates);
  // Of somebody who is there, NotFound where not: in place of those of the same models; those of
  // other models stay beside them.
  [[nodiscard]] absl::Status migrate(std::string_view user,
                                     const std::vector<NewTemplate>& templates);
  // A user's templates, oldest first. NotFound for an unknown user.
  [[nodiscard]] absl::StatusOr<std::vector<Template>> templates_of(std::string_view user);
  // Everyone's templates of a model.
  [[nodiscard]] absl::StatusOr<std::vector<Template>> templates_by(const TemplateModel& model);
  [[nodiscard]] absl::StatusOr<std::vector<UserSummary>> users();  // by name
  // NotFound for an unknown user. What was stored of him is overwritten.
  [[nodiscard]] absl::Status forget(std::string_view user);

  // A key for what belongs to the store and lies beside it: it stays the same when the source
  // changes. `purpose` has 8 characters; "template" and "user-tag" are the store's own.
  [[nodiscard]] absl::StatusOr<Secret> key_for(std::string_view purpose) const;

  // From now on the store opens with this source's key.
  [[nodiscard]] absl::Status change_key(const KeySource& source);
  // A copy that opens with the same source. AlreadyExists where there is a file.
  [[nodiscard]] absl::Status back_up(const std::filesystem::path& path);
  // Opens every template; the first that does not open is the error.
  [[nodiscard]] absl::Status check();

 private:
  TemplateStore(Database database, Secret store_key, Secret key, Secret tag_key)
      : database_(std::move(database)),
        store_key_(std::move(store_key)),
        key_(std::move(key)),
        tag_key_(std::move(tag_key)) {}

  enum class Write { kAdd, kReplaceModels, kNewUser, kReplaceModalities, kMigrate };
  absl::Status write(std::string_view user, const std::vector<NewTemplate>& templates, Write how);
  absl::StatusOr<std::vector<Template>> read(Statement statement);
  absl::StatusOr<std::string> user_name(std::span<const std::byte> tag,
                                        std::span<const std::byte> sealed) const;

  Database database_;
  Secret store_key_;  // what the source's key wraps, and the others are derived from
  Secret key_;        // of templates and names
  Secret tag_key_;    // of the tags by which users are found
};

// Puts a backup in the place of a store, or where there is none. The backup is opened and checked
// first; the store is replaced in one step. No process may have the store open. Errors: those of
// open() and check().
[[nodiscard]] absl::Status restore_store(const std::filesystem::path& backup,
                                         const std::filesystem::path& store,
                                         const KeySource& source);

}  // namespace durward
