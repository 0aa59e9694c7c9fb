// A key source as it is written on a command line or in a file.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "vault/key_source.h"

namespace durward {

// What a text may be, for messages and help.
inline constexpr char kKeySourceForms[] =
    "file:PATH, keyring:NAME, passphrase-file:PATH or tpm[:TCTI]";

// Relative paths are taken from `folder`; of the working folder where it is empty. InvalidArgument
// for a text of another form; those of reading a passphrase.
[[nodiscard]] absl::StatusOr<std::unique_ptr<KeySource>> key_source_from(
    const std::string& text, const std::filesystem::path& folder = {});

}  // namespace durward
