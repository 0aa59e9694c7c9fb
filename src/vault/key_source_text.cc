#include "vault/key_source_text.h"

#include "base/file.h"
#include "vault/tpm.h"

namespace durward {
namespace {

constexpr int64_t kMaxPassphraseFileBytes = 1026;  // 1024 and a line end

absl::StatusOr<std::unique_ptr<KeySource>> passphrase_in(const std::filesystem::path& path) {
  DURWARD_ASSIGN_OR_RETURN(std::string text, read_text_file(path, kMaxPassphraseFileBytes));
  std::string_view passphrase = text;
  if (passphrase.ends_with('\n')) passphrase.remove_suffix(1);
  auto source = passphrase_source(passphrase);
  wipe(std::as_writable_bytes(std::span(text)));
  return source;
}

}  // namespace

absl::StatusOr<std::unique_ptr<KeySource>> key_source_from(const std::string& text,
                                                           const std::filesystem::path& folder) {
  const size_t colon = text.find(':');
  const std::string kind = text.substr(0, colon);
  const std::string rest = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (kind == "tpm") return tpm_source(rest);
  if (!rest.empty()) {
    if (kind == "file") return key_file_source(folder / rest);
    if (kind == "keyring") return keyring_source(rest);
    if (kind == "passphrase-file") return passphrase_in(folder / rest);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("key source \"", text, "\": expected ", kKeySourceForms));
}

}  // namespace durward
