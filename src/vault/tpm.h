// A TPM 2.0 as the source of a store's key: 32 random bytes that this TPM alone unseals.
#pragma once

#include <memory>
#include <string>

#include "vault/key_source.h"

namespace durward {

// `tcti` says how to reach it as tpm2-tss writes it: "device:/dev/tpmrm0", "swtpm:path=/run/tpm";
// empty for the library's own default. Each use opens and closes the connection. The key is sealed
// under the storage primary of the owner's hierarchy (ECC P-256, TCG's template), without a
// password; the session that carries it is salted and encrypted, so that it cannot be read on the
// bus. Errors of key() and new_parameters(): Unavailable where no TPM answers; key():
// Unauthenticated where another TPM, or this one before it was cleared, sealed it.
[[nodiscard]] std::unique_ptr<KeySource> tpm_source(std::string tcti);

}  // namespace durward
