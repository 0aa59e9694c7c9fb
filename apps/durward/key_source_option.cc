#include "key_source_option.h"

#include "base/file.h"

namespace durward {
namespace {

constexpr int64_t kMaxPassphraseFileBytes = 1026;  // 1024 and a line end

absl::StatusOr<std::unique_ptr<KeySource>> passphrase_of(const std::string& path) {
  DURWARD_ASSIGN_OR_RETURN(std::string text, read_text_file(path, kMaxPassphraseFileBytes));
  std::string_view passphrase = text;
  if (passphrase.ends_with('\n')) passphrase.remove_suffix(1);
  auto source = passphrase_source(passphrase);
  wipe(std::as_writable_bytes(std::span(text)));
  return source;
}

absl::StatusOr<std::unique_ptr<KeySource>> key_source_of(const std::string& text) {
  const size_t colon = text.find(':');
  const std::string kind = text.substr(0, colon);
  const std::string rest = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (kind == "tpm") return tpm_source(rest);
  if (!rest.empty()) {
    if (kind == "file") return key_file_source(rest);
    if (kind == "keyring") return keyring_source(rest);
    if (kind == "passphrase-file") return passphrase_of(rest);
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--key ", text, ": expected file:PATH, keyring:NAME, passphrase-file:PATH or tpm[:TCTI]"));
}

}  // namespace

void StoreOptions::add_to(CLI::App& command) {
  command.add_option("--store", store, "the template store")->type_name("FILE");
  command
      .add_option("--key", key,
                  "where its key comes from: file:PATH, keyring:NAME, passphrase-file:PATH or "
                  "tpm[:TCTI]")
      ->type_name("SOURCE");
}

absl::StatusOr<TemplateStore> StoreOptions::open() const {
  DURWARD_ASSIGN_OR_RETURN(const std::unique_ptr<KeySource> source, key_source_of(key));
  return TemplateStore::open(store, *source);
}

}  // namespace durward
