#include "vault/tpm.h"

#include <sodium.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#include <algorithm>

namespace durward {
namespace {

absl::Status tpm_error(absl::StatusCode code, std::string_view what, TSS2_RC rc) {
  return absl::Status(code, absl::StrCat(std::string(what), ": ", Tss2_RC_Decode(rc)));
}

absl::Status unavailable(std::string_view what, TSS2_RC rc) {
  return tpm_error(absl::StatusCode::kUnavailable, what, rc);
}

template <typename Type>
struct EsysFree {
  void operator()(Type* value) const { Esys_Free(value); }
};
template <typename Type>
using EsysPointer = std::unique_ptr<Type, EsysFree<Type>>;

// A connection, and what is to be flushed from the TPM at its end.
class Connection {
 public:
  static absl::StatusOr<Connection> open(const std::string& tcti) {
    TSS2_TCTI_CONTEXT* transport = nullptr;
    TSS2_RC rc = Tss2_TctiLdr_Initialize(tcti.empty() ? nullptr : tcti.c_str(), &transport);
    if (rc != TSS2_RC_SUCCESS) return unavailable("no TPM answers", rc);
    ESYS_CONTEXT* context = nullptr;
    rc = Esys_Initialize(&context, transport, nullptr);
    Connection connection(transport, context);
    if (rc != TSS2_RC_SUCCESS) return unavailable("no TPM answers", rc);
    rc = Esys_Startup(context, TPM2_SU_CLEAR);
    if (rc != TSS2_RC_SUCCESS && rc != TPM2_RC_INITIALIZE) {
      return unavailable("the TPM does not start", rc);
    }
    return connection;
  }

  Connection(Connection&& other) noexcept
      : transport_(std::exchange(other.transport_, nullptr)),
        context_(std::exchange(other.context_, nullptr)),
        handles_(std::move(other.handles_)) {}
  ~Connection() {
    if (context_ == nullptr && transport_ == nullptr) return;
    for (auto handle = handles_.rbegin(); handle != handles_.rend(); ++handle) {
      Esys_FlushContext(context_, *handle);
    }
    Esys_Finalize(&context_);
    Tss2_TctiLdr_Finalize(&transport_);
  }

  [[nodiscard]] ESYS_CONTEXT* context() const { return context_; }
  ESYS_TR keep(ESYS_TR handle) {
    handles_.push_back(handle);
    return handle;
  }

 private:
  Connection(TSS2_TCTI_CONTEXT* transport, ESYS_CONTEXT* context)
      : transport_(transport), context_(context) {}

  TSS2_TCTI_CONTEXT* transport_;
  ESYS_CONTEXT* context_;
  std::vector<ESYS_TR> handles_;
};

// TCG's template of an ECC storage key (TCG EK Credential Profile, "SRK", low range): the TPM makes
// the same key of it each time, until its owner's hierarchy is cleared.
TPM2B_PUBLIC storage_template() {
  TPM2B_PUBLIC key{};
  key.publicArea.type = TPM2_ALG_ECC;
  key.publicArea.nameAlg = TPM2_ALG_SHA256;
  key.publicArea.objectAttributes = TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_RESTRICTED |
                                    TPMA_OBJECT_DECRYPT | TPMA_OBJECT_NODA | TPMA_OBJECT_FIXEDTPM |
                                    TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN;
  auto& ecc = key.publicArea.parameters.eccDetail;
  ecc.symmetric.algorithm = TPM2_ALG_AES;
  ecc.symmetric.keyBits.aes = 128;
  ecc.symmetric.mode.aes = TPM2_ALG_CFB;
  ecc.scheme.scheme = TPM2_ALG_NULL;
  ecc.curveID = TPM2_ECC_NIST_P256;
  ecc.kdf.scheme = TPM2_ALG_NULL;
  return key;
}

TPM2B_PUBLIC sealed_template() {
  TPM2B_PUBLIC data{};
  data.publicArea.type = TPM2_ALG_KEYEDHASH;
  data.publicArea.nameAlg = TPM2_ALG_SHA256;
  data.publicArea.objectAttributes =
      TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_NODA;
  data.publicArea.parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL;
  return data;
}

absl::StatusOr<ESYS_TR> storage_key(Connection& connection) {
  const TPM2B_SENSITIVE_CREATE sensitive{};
  const TPM2B_PUBLIC storage = storage_template();
  const TPM2B_DATA outside{};
  const TPML_PCR_SELECTION registers{};
  ESYS_TR key = ESYS_TR_NONE;
  const TSS2_RC rc = Esys_CreatePrimary(connection.context(), ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD,
                                        ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &storage, &outside,
                                        &registers, &key, nullptr, nullptr, nullptr, nullptr);
  if (rc != TSS2_RC_SUCCESS) return unavailable("the TPM makes no storage key", rc);
  return connection.keep(key);
}

// Salted with the storage key; what goes in and comes out first is encrypted.
absl::StatusOr<ESYS_TR> encrypted_session(Connection& connection, ESYS_TR salt_key) {
  TPMT_SYM_DEF cipher{};
  cipher.algorithm = TPM2_ALG_AES;
  cipher.keyBits.aes = 128;
  cipher.mode.aes = TPM2_ALG_CFB;
  ESYS_TR session = ESYS_TR_NONE;
  TSS2_RC rc = Esys_StartAuthSession(connection.context(), salt_key, ESYS_TR_NONE, ESYS_TR_NONE,
                                     ESYS_TR_NONE, ESYS_TR_NONE, nullptr, TPM2_SE_HMAC, &cipher,
                                     TPM2_ALG_SHA256, &session);
  if (rc != TSS2_RC_SUCCESS) return unavailable("the TPM opens no session", rc);
  connection.keep(session);
  constexpr TPMA_SESSION kAttributes =
      TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_ENCRYPT | TPMA_SESSION_DECRYPT;
  rc = Esys_TRSess_SetAttributes(connection.context(), session, kAttributes, 0xff);
  if (rc != TSS2_RC_SUCCESS) return unavailable("the TPM encrypts no session", rc);
  return session;
}

struct SealedObject {
  TPM2B_PUBLIC description{};
  TPM2B_PRIVATE sealed{};
};

absl::StatusOr<std::vector<std::byte>> marshal(const SealedObject& object) {
  std::vector<std::byte> bytes(KeySource::kMaxParameters);
  auto* data = reinterpret_cast<uint8_t*>(bytes.data());
  size_t used = 0;
  TSS2_RC rc = Tss2_MU_TPM2B_PUBLIC_Marshal(&object.description, data, bytes.size(), &used);
  if (rc == TSS2_RC_SUCCESS) {
    rc = Tss2_MU_TPM2B_PRIVATE_Marshal(&object.sealed, data, bytes.size(), &used);
  }
  if (rc != TSS2_RC_SUCCESS) return unavailable("the TPM's answer is too long", rc);
  bytes.resize(used);
  return bytes;
}

absl::StatusOr<SealedObject> unmarshal(std::span<const std::byte> bytes) {
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  SealedObject object;
  size_t used = 0;
  TSS2_RC rc = Tss2_MU_TPM2B_PUBLIC_Unmarshal(data, bytes.size(), &used, &object.description);
  if (rc == TSS2_RC_SUCCESS) {
    rc = Tss2_MU_TPM2B_PRIVATE_Unmarshal(data, bytes.size(), &used, &object.sealed);
  }
  if (rc != TSS2_RC_SUCCESS || used != bytes.size()) {
    return absl::InvalidArgumentError("the store's TPM parameters are none");
  }
  return object;
}

class TpmSource final : public KeySource {
 public:
  explicit TpmSource(std::string tcti) : tcti_(std::move(tcti)) {}

  std::string_view kind() const override { return "TPM"; }

  absl::StatusOr<std::vector<std::byte>> new_parameters() const override {
    DURWARD_ASSIGN_OR_RETURN(Connection connection, Connection::open(tcti_));
    DURWARD_ASSIGN_OR_RETURN(const ESYS_TR storage, storage_key(connection));
    DURWARD_ASSIGN_OR_RETURN(const ESYS_TR session, encrypted_session(connection, storage));
    DURWARD_ASSIGN_OR_RETURN(const Secret secret, Secret::generate());
    TPM2B_SENSITIVE_CREATE sensitive{};
    TPM2B_SENSITIVE_DATA& data = sensitive.sensitive.data;
    data.size = Secret::kBytes;
    std::copy(secret.bytes().begin(), secret.bytes().end(),
              reinterpret_cast<std::byte*>(data.buffer));
    const TPM2B_PUBLIC sealed = sealed_template();
    const TPM2B_DATA outside{};
    const TPML_PCR_SELECTION registers{};
    TPM2B_PRIVATE* secret_part = nullptr;
    TPM2B_PUBLIC* public_part = nullptr;
    const TSS2_RC rc = Esys_Create(connection.context(), storage, session, ESYS_TR_NONE,
                                   ESYS_TR_NONE, &sensitive, &sealed, &outside, &registers,
                                   &secret_part, &public_part, nullptr, nullptr, nullptr);
    sodium_memzero(&sensitive, sizeof sensitive);
    const EsysPointer<TPM2B_PRIVATE> keep_secret(secret_part);
    const EsysPointer<TPM2B_PUBLIC> keep_public(public_part);
    if (rc != TSS2_RC_SUCCESS) return unavailable("the TPM seals no key", rc);
    return marshal({*public_part, *secret_part});
  }

  absl::StatusOr<Secret> key(std::span<const std::byte> parameters) const override {
    DURWARD_ASSIGN_OR_RETURN(const SealedObject object, unmarshal(parameters));
    DURWARD_ASSIGN_OR_RETURN(Connection connection, Connection::open(tcti_));
    DURWARD_ASSIGN_OR_RETURN(const ESYS_TR storage, storage_key(connection));
    DURWARD_ASSIGN_OR_RETURN(const ESYS_TR session, encrypted_session(connection, storage));
    ESYS_TR loaded = ESYS_TR_NONE;
    TSS2_RC rc = Esys_Load(connection.context(), storage, session, ESYS_TR_NONE, ESYS_TR_NONE,
                           &object.sealed, &object.description, &loaded);
    if (rc != TSS2_RC_SUCCESS) {
      return tpm_error(absl::StatusCode::kUnauthenticated,
                       "another TPM sealed the store's key, or this one before it was cleared", rc);
    }
    connection.keep(loaded);
    TPM2B_SENSITIVE_DATA* data = nullptr;
    rc = Esys_Unseal(connection.context(), loaded, session, ESYS_TR_NONE, ESYS_TR_NONE, &data);
    const EsysPointer<TPM2B_SENSITIVE_DATA> keep_data(data);
    if (rc != TSS2_RC_SUCCESS) return unavailable("the TPM unseals no key", rc);
    if (data->size != Secret::kBytes) {
      return absl::InvalidArgumentError("what the TPM unsealed is no key");
    }
    absl::StatusOr<Secret> secret =
        Secret::copy(std::as_bytes(std::span(data->buffer, data->size)).first<Secret::kBytes>());
    sodium_memzero(data, sizeof *data);
    return secret;
  }

 private:
  std::string tcti_;
};

}  // namespace

std::unique_ptr<KeySource> tpm_source(std::string tcti) {
  return std::make_unique<TpmSource>(std::move(tcti));
}

}  // namespace durward
