#include "vault/template_store.h"

#include <sodium.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstring>
#include <optional>

#include "vault/new_database.h"
#include "vault/schema.h"
#include "vault/sealing.h"

namespace durward {
namespace {

static_assert(std::endian::native == std::endian::little, "embeddings are stored little-endian");

constexpr size_t kMaxDims = 4096;

// The whole schema, as sqlite_master has it by name: a file with anything else is refused, since
// triggers, views and indexes of a stranger's would change what our own SQL means.
constexpr const char* kSchema[] = {
    "CREATE TABLE store (id INTEGER PRIMARY KEY, format TEXT NOT NULL, key_kind TEXT NOT NULL, "
    "key_parameters BLOB NOT NULL, sealed_key BLOB NOT NULL)",
    "CREATE TABLE templates (id INTEGER PRIMARY KEY, tag BLOB NOT NULL, modality TEXT NOT NULL, "
    "model TEXT NOT NULL, version TEXT NOT NULL, created INTEGER NOT NULL, sealed BLOB NOT NULL)",
    "CREATE INDEX templates_by_tag ON templates (tag)",
    "CREATE TABLE users (id INTEGER PRIMARY KEY, tag BLOB NOT NULL, name BLOB NOT NULL)",
    "CREATE UNIQUE INDEX users_by_tag ON users (tag)",
};
constexpr std::string_view kFormat = "durward-templates/1";
constexpr std::string_view kTemplateColumns =
    "SELECT t.id, t.tag, t.modality, t.model, t.version, t.created, t.sealed, u.name "
    "FROM templates t LEFT JOIN users u ON u.tag = t.tag ";

struct WrappedKey {
  std::string kind;
  std::vector<std::byte> parameters, sealed;
};

Binding key_binding(const WrappedKey& wrapped) {
  return Binding("durward store key").add(wrapped.kind).add(wrapped.parameters);
}

Binding name_binding(std::span<const std::byte> tag) {
  return Binding("durward user name").add(tag);
}

Binding template_binding(int64_t id, std::span<const std::byte> tag, const TemplateModel& model,
                         int64_t created) {
  return Binding("durward template")
      .add(id)
      .add(tag)
      .add(model.modality)
      .add(model.name)
      .add(model.version)
      .add(created);
}

absl::StatusOr<WrappedKey> wrap_key(const Secret& store_key, const KeySource& source) {
  WrappedKey wrapped{.kind = std::string(source.kind()), .parameters = {}, .sealed = {}};
  DURWARD_ASSIGN_OR_RETURN(wrapped.parameters, source.new_parameters());
  DURWARD_ASSIGN_OR_RETURN(const Secret key, source.key(wrapped.parameters));
  wrapped.sealed = seal(store_key.bytes(), key_binding(wrapped), key);
  return wrapped;
}

absl::StatusOr<Secret> unwrap_key(const WrappedKey& wrapped, const KeySource& source) {
  if (wrapped.kind != source.kind()) {
    return absl::FailedPreconditionError(absl::StrCat("the store's key comes from a ", wrapped.kind,
                                                      ", not from a ", std::string(source.kind())));
  }
  if (wrapped.parameters.size() > KeySource::kMaxParameters) {
    return absl::DataLossError("the parameters of the store's key are too long");
  }
  DURWARD_ASSIGN_OR_RETURN(const Secret key, source.key(wrapped.parameters));
  absl::StatusOr<std::vector<std::byte>> bytes =
      open_sealed(wrapped.sealed, key_binding(wrapped), key);
  if (!bytes.ok() || bytes->size() != Secret::kBytes) {
    return absl::UnauthenticatedError(
        absl::StrCat("this ", wrapped.kind, " does not open the store"));
  }
  absl::StatusOr<Secret> secret =
      Secret::copy(std::span<const std::byte, Secret::kBytes>(bytes->data(), Secret::kBytes));
  wipe(*bytes);
  return secret;
}

absl::Status write_key(Database& database, const WrappedKey& wrapped) {
  DURWARD_ASSIGN_OR_RETURN(
      Statement statement,
      database.prepare("INSERT OR REPLACE INTO store (id, format, key_kind, key_parameters, "
                       "sealed_key) VALUES (1, ?, ?, ?, ?)"));
  return statement.bind(kFormat)
      .bind(wrapped.kind)
      .bind(wrapped.parameters)
      .bind(wrapped.sealed)
      .run();
}

absl::Status write_empty_store(Database& database, const WrappedKey& wrapped) {
  DURWARD_ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database));
  for (const char* sql : kSchema) DURWARD_RETURN_IF_ERROR(database.execute(sql));
  DURWARD_RETURN_IF_ERROR(write_key(database, wrapped));
  return transaction.commit();
}

absl::StatusOr<WrappedKey> read_key(Database& database) {
  DURWARD_ASSIGN_OR_RETURN(
      Statement statement,
      database.prepare("SELECT format, key_kind, key_parameters, sealed_key FROM store"));
  DURWARD_ASSIGN_OR_RETURN(const bool found, statement.step());
  if (!found || statement.text(0) != kFormat) {
    return absl::DataLossError("it is no template store, or one of another version");
  }
  return WrappedKey{statement.text(1), statement.blob(2), statement.blob(3)};
}

absl::Status check_name(std::string_view name, std::string_view what) {
  if (!name.empty() && name.size() <= TemplateStore::kMaxNameBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(std::string(what), " has ", name.size(),
                                                 " bytes instead of 1 to ",
                                                 TemplateStore::kMaxNameBytes));
}

absl::Status check_template(const NewTemplate& one) {
  DURWARD_RETURN_IF_ERROR(check_name(one.model.modality, "the modality"));
  DURWARD_RETURN_IF_ERROR(check_name(one.model.name, "the model's name"));
  DURWARD_RETURN_IF_ERROR(check_name(one.model.version, "the model's version"));
  if (one.embedding.empty() || one.embedding.size() > kMaxDims) {
    return absl::InvalidArgumentError(absl::StrCat("an embedding has ", one.embedding.size(),
                                                   " values instead of 1 to ", kMaxDims));
  }
  if (!std::all_of(one.embedding.begin(), one.embedding.end(),
                   [](float value) { return std::isfinite(value); })) {
    return absl::InvalidArgumentError("a value of an embedding is not finite");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<float>> to_floats(std::span<const std::byte> bytes) {
  if (bytes.empty() || bytes.size() % sizeof(float) != 0) {
    return absl::DataLossError("a template is no embedding");
  }
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

int64_t now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Not counted up, so that an id is never used again.
int64_t random_id() {
  uint64_t id = 0;
  randombytes_buf(&id, sizeof id);
  return static_cast<int64_t>(id >> 1);
}

absl::Status add_user(Database& database, std::string_view user, std::span<const std::byte> tag,
                      const Secret& key) {
  const auto name = std::as_bytes(std::span(user.data(), user.size()));
  DURWARD_ASSIGN_OR_RETURN(
      Statement statement,
      database.prepare("INSERT INTO users (tag, name) VALUES (?, ?) ON CONFLICT (tag) DO NOTHING"));
  return statement.bind(tag).bind(seal(name, name_binding(tag), key)).run();
}

absl::Status add_template(Database& database, std::span<const std::byte> tag,
                          const NewTemplate& one, const Secret& key) {
  const int64_t id = random_id(), created = now();
  const auto values = std::as_bytes(std::span(one.embedding));
  DURWARD_ASSIGN_OR_RETURN(
      Statement statement,
      database.prepare("INSERT INTO templates (id, tag, modality, model, version, created, sealed) "
                       "VALUES (?, ?, ?, ?, ?, ?, ?)"));
  return statement.bind(id)
      .bind(tag)
      .bind(one.model.modality)
      .bind(one.model.name)
      .bind(one.model.version)
      .bind(created)
      .bind(seal(values, template_binding(id, tag, one.model, created), key))
      .run();
}

absl::Status remove_templates(Database& database, std::span<const std::byte> tag,
                              const TemplateModel& model) {
  DURWARD_ASSIGN_OR_RETURN(Statement statement,
                           database.prepare("DELETE FROM templates WHERE tag = ? AND modality = ? "
                                            "AND model = ? AND version = ?"));
  return statement.bind(tag).bind(model.modality).bind(model.name).bind(model.version).run();
}

absl::Status remove_modality(Database& database, std::span<const std::byte> tag,
                             std::string_view modality) {
  DURWARD_ASSIGN_OR_RETURN(
      Statement statement,
      database.prepare("DELETE FROM templates WHERE tag = ? AND modality = ?"));
  return statement.bind(tag).bind(modality).run();
}

}  // namespace

absl::StatusOr<TemplateStore> TemplateStore::create(const std::filesystem::path& path,
                                                    const KeySource& source) {
  DURWARD_ASSIGN_OR_RETURN(const Secret store_key, Secret::generate());
  DURWARD_ASSIGN_OR_RETURN(const WrappedKey wrapped, wrap_key(store_key, source));
  const absl::Status made = make_database(
      path, [&wrapped](Database& database) { return write_empty_store(database, wrapped); });
  if (!made.ok()) return made;
  return open(path, source);
}

absl::StatusOr<TemplateStore> TemplateStore::open(const std::filesystem::path& path,
                                                  const KeySource& source) {
  DURWARD_ASSIGN_OR_RETURN(Database database, Database::open(path, Database::Mode::kExisting));
  absl::Status status = check_schema(database, kSchema, "a template store");
  if (!status.ok()) return with_context(status, path.string());
  const absl::StatusOr<WrappedKey> wrapped = read_key(database);
  if (!wrapped.ok()) return with_context(wrapped.status(), path.string());
  absl::StatusOr<Secret> store_key = unwrap_key(*wrapped, source);
  if (!store_key.ok()) return with_context(store_key.status(), path.string());
  DURWARD_ASSIGN_OR_RETURN(Secret key, derive_key(*store_key, "template"));
  DURWARD_ASSIGN_OR_RETURN(Secret tag_key, derive_key(*store_key, "user-tag"));
  return TemplateStore(std::move(database), *std::move(store_key), std::move(key),
                       std::move(tag_key));
}

absl::Status TemplateStore::enroll(std::string_view user, const std::vector<NewTemplate>& templates,
                                   bool replace) {
  return write(user, templates, replace ? Write::kReplaceModels : Write::kAdd);
}

absl::Status TemplateStore::enroll_new(std::string_view user,
                                       const std::vector<NewTemplate>& templates) {
  return write(user, templates, Write::kNewUser);
}

absl::Status TemplateStore::enroll_again(std::string_view user,
                                         const std::vector<NewTemplate>& templates) {
  return write(user, templates, Write::kReplaceModalities);
}

absl::Status TemplateStore::migrate(std::string_view user,
                                    const std::vector<NewTemplate>& templates) {
  return write(user, templates, Write::kMigrate);
}

absl::Status TemplateStore::write(std::string_view user, const std::vector<NewTemplate>& templates,
                                  Write how) {
  DURWARD_RETURN_IF_ERROR(check_name(user, "the user's name"));
  if (templates.empty()) return absl::InvalidArgumentError("there is no template to enroll");
  for (const NewTemplate& one : templates) DURWARD_RETURN_IF_ERROR(check_template(one));
  const std::vector<std::byte> tag = keyed_tag(user, tag_key_);
  DURWARD_ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database_));
  DURWARD_RETURN_IF_ERROR(add_user(database_, user, tag, key_));
  // What is written until here is undone where this returns.
  const bool is_new = database_.changed_rows() > 0;
  if (how == Write::kNewUser && !is_new) {
    return absl::AlreadyExistsError(
        absl::StrCat("somebody is enrolled as \"", std::string(user), "\" already"));
  }
  if ((how == Write::kReplaceModalities || how == Write::kMigrate) && is_new) {
    return absl::NotFoundError(absl::StrCat("nobody is enrolled as \"", std::string(user), "\""));
  }
  for (const NewTemplate& one : templates) {
    if (how == Write::kReplaceModels || how == Write::kMigrate) {
      DURWARD_RETURN_IF_ERROR(remove_templates(database_, tag, one.model));
    } else if (how == Write::kReplaceModalities) {
      DURWARD_RETURN_IF_ERROR(remove_modality(database_, tag, one.model.modality));
    }
  }
  for (const NewTemplate& one : templates) {
    DURWARD_RETURN_IF_ERROR(add_template(database_, tag, one, key_));
  }
  return transaction.commit();
}

absl::StatusOr<std::string> TemplateStore::user_name(std::span<const std::byte> tag,
                                                     std::span<const std::byte> sealed) const {
  absl::StatusOr<std::vector<std::byte>> name = open_sealed(sealed, name_binding(tag), key_);
  if (!name.ok()) return with_context(name.status(), "the name of a user");
  return std::string(reinterpret_cast<const char*>(name->data()), name->size());
}

absl::StatusOr<std::vector<Template>> TemplateStore::read(Statement statement) {
  std::vector<Template> templates;
  for (;;) {
    DURWARD_ASSIGN_OR_RETURN(const bool more, statement.step());
    if (!more) return templates;
    Template one;
    one.id = statement.integer(0);
    const std::vector<std::byte> tag = statement.blob(1);
    one.model = {statement.text(2), statement.text(3), statement.text(4)};
    one.created = statement.integer(5);
    absl::StatusOr<std::vector<std::byte>> values =
        open_sealed(statement.blob(6), template_binding(one.id, tag, one.model, one.created), key_);
    if (!values.ok()) return with_context(values.status(), absl::StrCat("template ", one.id));
    absl::StatusOr<std::vector<float>> embedding = to_floats(*values);
    wipe(*values);
    if (!embedding.ok()) return embedding.status();
    one.embedding = *std::move(embedding);
    DURWARD_ASSIGN_OR_RETURN(one.user, user_name(tag, statement.blob(7)));
    templates.push_back(std::move(one));
  }
}

absl::StatusOr<std::vector<Template>> TemplateStore::templates_of(std::string_view user) {
  DURWARD_ASSIGN_OR_RETURN(Statement statement,
                           database_.prepare(absl::StrCat(std::string(kTemplateColumns),
                                                          "WHERE t.tag = ? ORDER BY t.created")));
  statement.bind(keyed_tag(user, tag_key_));
  DURWARD_ASSIGN_OR_RETURN(std::vector<Template> templates, read(std::move(statement)));
  if (templates.empty()) {
    return absl::NotFoundError(absl::StrCat("nobody is enrolled as \"", std::string(user), "\""));
  }
  return templates;
}

absl::StatusOr<std::vector<Template>> TemplateStore::templates_by(const TemplateModel& model) {
  DURWARD_ASSIGN_OR_RETURN(
      Statement statement,
      database_.prepare(absl::StrCat(std::string(kTemplateColumns),
                                     "WHERE t.modality = ? AND t.model = ? AND t.version = ?")));
  statement.bind(model.modality).bind(model.name).bind(model.version);
  return read(std::move(statement));
}

absl::StatusOr<std::vector<UserSummary>> TemplateStore::users() {
  DURWARD_ASSIGN_OR_RETURN(
      Statement statement,
      database_.prepare("SELECT u.tag, u.name, (SELECT count(*) FROM templates t WHERE t.tag = "
                        "u.tag) FROM users u"));
  std::vector<UserSummary> users;
  for (;;) {
    DURWARD_ASSIGN_OR_RETURN(const bool more, statement.step());
    if (!more) break;
    DURWARD_ASSIGN_OR_RETURN(std::string name, user_name(statement.blob(0), statement.blob(1)));
    users.push_back({std::move(name), statement.integer(2)});
  }
  std::sort(users.begin(), users.end(),
            [](const UserSummary& a, const UserSummary& b) { return a.name < b.name; });
  return users;
}

absl::Status TemplateStore::forget(std::string_view user) {
  const std::vector<std::byte> tag = keyed_tag(user, tag_key_);
  DURWARD_ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database_));
  DURWARD_ASSIGN_OR_RETURN(Statement templates,
                           database_.prepare("DELETE FROM templates WHERE tag = ?"));
  DURWARD_RETURN_IF_ERROR(templates.bind(tag).run());
  DURWARD_ASSIGN_OR_RETURN(Statement users, database_.prepare("DELETE FROM users WHERE tag = ?"));
  DURWARD_RETURN_IF_ERROR(users.bind(tag).run());
  if (database_.changed_rows() == 0) {
    return absl::NotFoundError(absl::StrCat("nobody is enrolled as \"", std::string(user), "\""));
  }
  return transaction.commit();
}

absl::StatusOr<Secret> TemplateStore::key_for(std::string_view purpose) const {
  return derive_key(store_key_, purpose);
}

absl::Status TemplateStore::change_key(const KeySource& source) {
  DURWARD_ASSIGN_OR_RETURN(const WrappedKey wrapped, wrap_key(store_key_, source));
  DURWARD_ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database_));
  DURWARD_RETURN_IF_ERROR(write_key(database_, wrapped));
  return transaction.commit();
}

absl::Status TemplateStore::back_up(const std::filesystem::path& path) {
  return make_database(path, [&](Database& copy) { return database_.copy_to(copy); });
}

absl::Status TemplateStore::check() {
  DURWARD_RETURN_IF_ERROR(users().status());
  DURWARD_ASSIGN_OR_RETURN(Statement statement, database_.prepare(kTemplateColumns));
  return read(std::move(statement)).status();
}

absl::Status restore_store(const std::filesystem::path& backup, const std::filesystem::path& store,
                           const KeySource& source) {
  DURWARD_ASSIGN_OR_RETURN(TemplateStore checked, TemplateStore::open(backup, source));
  DURWARD_RETURN_IF_ERROR(with_context(checked.check(), backup.string()));
  if (!std::filesystem::exists(store)) return checked.back_up(store);
  DURWARD_ASSIGN_OR_RETURN(Database from, Database::open(backup, Database::Mode::kExisting));
  DURWARD_ASSIGN_OR_RETURN(Database to, Database::open(store, Database::Mode::kExisting));
  return from.copy_to(to);
}

}  // namespace durward
