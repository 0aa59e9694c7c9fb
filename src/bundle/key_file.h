// Ed25519 keys in files, as OpenSSL and everybody else has them: PEM (RFC 7468) with the secret key
// as PKCS #8 and the public one as SubjectPublicKeyInfo (RFC 8410).
#pragma once

#include <filesystem>

#include "base/status.h"
#include "bundle/signature.h"

namespace durward {

// InvalidArgument, naming the file, for anything but an Ed25519 key of that kind (a secret one
// under a passphrase included); read_file's errors. What was read of a secret is wiped.
[[nodiscard]] absl::StatusOr<PublicKey> read_public_key(const std::filesystem::path& path);
[[nodiscard]] absl::StatusOr<SecretKey> read_secret_key(const std::filesystem::path& path);

// AlreadyExists where the file is there: no key is ever overwritten. The secret one is readable by
// its owner alone from the first moment.
[[nodiscard]] absl::Status write_public_key(const std::filesystem::path& path,
                                            const PublicKey& key);
[[nodiscard]] absl::Status write_secret_key(const std::filesystem::path& path,
                                            const SecretKey& key);

}  // namespace durward
