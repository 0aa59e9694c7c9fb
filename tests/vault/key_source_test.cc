#include "vault/key_source.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

class KeySourceTest : public TemporaryFolderTest {};

std::vector<std::byte> bytes_of(const KeySource& source, std::span<const std::byte> parameters) {
  const absl::StatusOr<Secret> key = source.key(parameters);
  EXPECT_TRUE(key.ok()) << key.status();
  return key.ok() ? std::vector<std::byte>(key->bytes().begin(), key->bytes().end())
                  : std::vector<std::byte>();
}

TEST_F(KeySourceTest, AKeyFileIsTheOwnersAloneAndNeverOverwritten) {
  const std::filesystem::path path = folder_ / "key";
  ASSERT_TRUE(write_new_key_file(path).ok());
  struct stat about {};
  ASSERT_EQ(::stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777, 0600u);
  EXPECT_EQ(about.st_size, 32);
  EXPECT_TRUE(absl::IsAlreadyExists(write_new_key_file(path)));
  const auto source = key_file_source(path);
  EXPECT_EQ(bytes_of(*source, {}), bytes_of(*source, {}));
  EXPECT_NE(bytes_of(*source, {}), std::vector<std::byte>(32));
}

TEST_F(KeySourceTest, WhatIsNoKeyFileIsRefused) {
  const std::filesystem::path path = write("key", std::string(32, 'k'));
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  absl::Status status = key_file_source(path)->key({}).status();
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("chmod 600"));
  for (const size_t size : {0u, 31u, 33u}) {
    const std::filesystem::path other = write("other", std::string(size, 'k'));
    ASSERT_EQ(::chmod(other.c_str(), 0600), 0);
    EXPECT_TRUE(absl::IsInvalidArgument(key_file_source(other)->key({}).status()));
  }
  EXPECT_TRUE(absl::IsInvalidArgument(key_file_source(folder_)->key({}).status()));
  EXPECT_TRUE(absl::IsNotFound(key_file_source(folder_ / "none")->key({}).status()));
}

TEST_F(KeySourceTest, APassphraseGivesTheSameKeyForTheSameSaltOnly) {
  const auto source = passphrase_source("correct horse").value();
  const auto other = passphrase_source("correct horsf").value();
  const std::vector<std::byte> salt = source->new_parameters().value();
  const std::vector<std::byte> key = bytes_of(*source, salt);
  EXPECT_EQ(bytes_of(*source, salt), key);
  EXPECT_NE(bytes_of(*other, salt), key);
  EXPECT_NE(bytes_of(*source, source->new_parameters().value()), key);
}

// As the argon2 program has it: echo -n 'correct horse' | argon2 0123456789abcdef -id -t 1 -k 8
// -p 1 -l 32 -r.
TEST_F(KeySourceTest, APassphraseIsHashedAsArgon2idHasIt) {
  const auto source = passphrase_source("correct horse").value();
  std::vector<std::byte> parameters;
  for (const char c : std::string_view("0123456789abcdef")) {
    parameters.push_back(static_cast<std::byte>(c));
  }
  for (const uint64_t number : {uint64_t{1}, uint64_t{8192}}) {
    for (int shift = 0; shift < 64; shift += 8) {
      parameters.push_back(static_cast<std::byte>(number >> shift));
    }
  }
  std::string hex;
  for (const std::byte byte : bytes_of(*source, parameters)) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += kDigits[static_cast<unsigned>(byte) >> 4];
    hex += kDigits[static_cast<unsigned>(byte) & 15];
  }
  EXPECT_EQ(hex, "33b8f0d06408e0a7dcc5ffb13e575f35162db4ff3db1c73d5d501801c699d14d");
}

TEST_F(KeySourceTest, HostilePassphraseParametersAreRefused) {
  const auto source = passphrase_source("x").value();
  std::vector<std::byte> good = source->new_parameters().value();
  std::vector<std::byte> parameters = good;
  parameters.pop_back();
  EXPECT_TRUE(absl::IsInvalidArgument(source->key(parameters).status()));
  parameters = good;
  parameters[16] = std::byte{17};  // passes
  EXPECT_TRUE(absl::IsInvalidArgument(source->key(parameters).status()));
  parameters = good;
  parameters[31] = std::byte{1};  // 2^56 bytes of memory
  EXPECT_THAT(std::string(source->key(parameters).status().message()), HasSubstr("at most"));
  parameters = good;
  std::fill(parameters.begin() + 16, parameters.end(), std::byte{0});
  EXPECT_TRUE(absl::IsInvalidArgument(source->key(parameters).status()));
}

TEST_F(KeySourceTest, PassphrasesHaveALength) {
  EXPECT_TRUE(absl::IsInvalidArgument(passphrase_source("").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(passphrase_source(std::string(1025, 'x')).status()));
}

TEST_F(KeySourceTest, AKeyInTheKernelsKeyringIsFoundByItsName) {
  const std::string name = "test-" + folder_.filename().string();
  const Secret key = Secret::generate().value();
  const absl::Status put = put_key_into_keyring(name, key);
  if (!put.ok()) GTEST_SKIP() << "this system has no keyring for the tests: " << put;
  EXPECT_THAT(bytes_of(*keyring_source(name), {}), ElementsAreArray(key.bytes()));
  EXPECT_TRUE(absl::IsNotFound(keyring_source(name + "-other")->key({}).status()));
}

}  // namespace
}  // namespace durward
