#include "bundle/signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

#include "base/file.h"
#include "bundle/key_file.h"
#include "bundle/sample.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (size_t i = 0; i < digits.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

SecretKey key_of_seed(std::string_view digits) {
  const std::string seed = from_hex(digits);
  return SecretKey::from_seed(as_bytes(seed).first<32>());
}

// RFC 8032, section 7.1, tests 1 to 3.
TEST(Signature, IsThatOfThePublishedVectors) {
  struct Vector {
    std::string_view seed, key, message, signature;
  };
  for (const Vector& vector :
       {Vector{
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e"
            "39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
        Vector{
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f"
            "3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
        Vector{
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67"
            "f760984dc6594a7c15e9716ed28dc027beceea1ec40a"}}) {
    const SecretKey key = key_of_seed(vector.seed);
    EXPECT_EQ(as_text(key.public_key().bytes), from_hex(vector.key));
    const std::string message = from_hex(vector.message);
    const ManifestSignature signature = sign_manifest(as_bytes(message), key);
    EXPECT_EQ(as_text(signature.signature), from_hex(vector.signature));
    EXPECT_TRUE(is_valid(signature, as_bytes(message)));
    EXPECT_FALSE(is_valid(signature, as_bytes(message + "x")));
  }
}

TEST(Signature, OfOneKeyIsNoneOfAnother) {
  ManifestSignature signature = sign_manifest(as_bytes("text"), sample_key(1));
  signature.key = sample_key(2).public_key();
  EXPECT_FALSE(is_valid(signature, as_bytes("text")));
}

// A point of small order verifies signatures of any message in lenient implementations.
TEST(Signature, AKeyOfSmallOrderSignsNothing) {
  ManifestSignature signature;
  signature.key.bytes[0] = signature.signature[0] = std::byte{1};
  EXPECT_FALSE(is_valid(signature, as_bytes("any text")));
}

TEST(Signature, NewKeysDiffer) {
  EXPECT_NE(SecretKey::generate().public_key(), SecretKey::generate().public_key());
}

TEST(SignatureText, IsReadAsItWasWritten) {
  const ManifestSignature signature = sign_manifest(as_bytes("text"), sample_key());
  const std::string text = signature_text(signature);
  const auto again = parse_signature(text);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->key, signature.key);
  EXPECT_EQ(again->signature, signature.signature);
  EXPECT_THAT(text, HasSubstr("\"key_id\": \"" + key_id(signature.key) + "\""));
}

TEST(SignatureText, AnythingElseIsRefused) {
  const std::string text = signature_text(sign_manifest(as_bytes("text"), sample_key()));
  EXPECT_FALSE(parse_signature(text + " ").ok());
  EXPECT_FALSE(parse_signature(" " + text).ok());
  EXPECT_FALSE(parse_signature(text + text).ok());
  for (size_t i = 0; i < text.size(); ++i) {
    EXPECT_FALSE(parse_signature(text.substr(0, i)).ok()) << i;
    std::string changed = text;
    changed[i] = static_cast<char>(std::toupper(changed[i]));
    EXPECT_EQ(parse_signature(changed).ok(), changed == text) << i;
  }
}

class KeyFileTest : public TemporaryFolderTest {
 protected:
  static std::string error_of(const absl::Status& status) { return std::string(status.message()); }
};

TEST_F(KeyFileTest, KeysAreReadAsTheyWereWritten) {
  const SecretKey key = SecretKey::generate();
  ASSERT_TRUE(write_secret_key(folder_ / "k.key", key).ok());
  ASSERT_TRUE(write_public_key(folder_ / "k.pub", key.public_key()).ok());
  EXPECT_EQ(read_secret_key(folder_ / "k.key")->public_key(), key.public_key());
  EXPECT_EQ(*read_public_key(folder_ / "k.pub"), key.public_key());
}

TEST_F(KeyFileTest, ASecretIsItsOwnersAlone) {
  ASSERT_TRUE(write_secret_key(folder_ / "k.key", sample_key()).ok());
  struct stat info {};
  ASSERT_EQ(::stat((folder_ / "k.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
}

TEST_F(KeyFileTest, AKeyIsNeverOverwritten) {
  const auto path = write("k.key", "precious");
  EXPECT_TRUE(absl::IsAlreadyExists(write_secret_key(path, sample_key())));
  EXPECT_TRUE(absl::IsAlreadyExists(write_public_key(path, sample_key().public_key())));
  EXPECT_EQ(*read_text_file(path), "precious");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

// RFC 8410, section 10.1 and 10.3.
TEST_F(KeyFileTest, ThePublishedKeysAreRead) {
  const auto secret_path =
      write("k.key",
            "-----BEGIN PRIVATE KEY-----\n"
            "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
            "-----END PRIVATE KEY-----\n");
  const auto public_path = write("k.pub",
                                 "-----BEGIN PUBLIC KEY-----\n"
                                 "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
                                 "-----END PUBLIC KEY-----\n");
  const auto secret = read_secret_key(secret_path);
  ASSERT_TRUE(secret.ok()) << secret.status();
  EXPECT_EQ(*read_public_key(public_path), secret->public_key());
}

TEST_F(KeyFileTest, AnythingElseIsRefusedAndNamed) {
  ASSERT_TRUE(write_secret_key(folder_ / "k.key", sample_key()).ok());
  ASSERT_TRUE(write_public_key(folder_ / "k.pub", sample_key().public_key()).ok());
  EXPECT_THAT(error_of(read_secret_key(folder_ / "k.pub").status()),
              HasSubstr("k.pub: it is no Ed25519 secret key"));
  EXPECT_THAT(error_of(read_public_key(folder_ / "k.key").status()),
              HasSubstr("k.key: it is no Ed25519 public key"));
  EXPECT_TRUE(absl::IsNotFound(read_secret_key(folder_ / "absent").status()));
  const std::string text = *read_text_file(folder_ / "k.key");
  for (size_t size = 0; size < text.size(); ++size) {
    const auto path = write("cut.key", text.substr(0, size));
    EXPECT_TRUE(absl::IsInvalidArgument(read_secret_key(path).status())) << size;
  }
  // A secret must not appear in what is told about it.
  EXPECT_THAT(error_of(read_secret_key(write("cut.key", text.substr(0, 90))).status()),
              ::testing::Not(HasSubstr(text.substr(40, 20))));
}

}  // namespace
}  // namespace durward
