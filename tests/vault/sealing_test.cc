#include "vault/sealing.h"

#include <gtest/gtest.h>

namespace durward {
namespace {

std::vector<std::byte> bytes(std::string_view text) {
  const auto span = std::as_bytes(std::span(text.data(), text.size()));
  return {span.begin(), span.end()};
}

TEST(Sealing, OpensWithTheSameKeyAndBinding) {
  const Secret key = Secret::generate().value();
  const Binding binding = Binding("test").add("ann").add(7);
  const std::vector<std::byte> text = bytes("an embedding");
  const std::vector<std::byte> sealed = seal(text, binding, key);
  EXPECT_EQ(sealed.size(), text.size() + kSealOverhead);
  EXPECT_EQ(open_sealed(sealed, binding, key).value(), text);
  EXPECT_NE(seal(text, binding, key), sealed);  // another nonce
}

TEST(Sealing, AnyOtherBitIsRefused) {
  const Secret key = Secret::generate().value();
  const Binding binding("test");
  std::vector<std::byte> sealed = seal(bytes("x"), binding, key);
  for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    sealed[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_TRUE(absl::IsUnauthenticated(open_sealed(sealed, binding, key).status()));
    sealed[bit / 8] ^= std::byte{1} << (bit % 8);
  }
  for (size_t size = 0; size < sealed.size(); ++size) {
    const std::span<const std::byte> part = std::span(sealed).first(size);
    EXPECT_TRUE(absl::IsUnauthenticated(open_sealed(part, binding, key).status()));
  }
  EXPECT_TRUE(open_sealed(sealed, binding, key).ok());
}

TEST(Sealing, AnotherKeyOrBindingIsRefused) {
  const Secret key = Secret::generate().value(), other = Secret::generate().value();
  const std::vector<std::byte> sealed = seal(bytes("x"), Binding("test").add("ab").add("c"), key);
  EXPECT_FALSE(open_sealed(sealed, Binding("test").add("ab").add("c"), other).ok());
  EXPECT_FALSE(open_sealed(sealed, Binding("test").add("a").add("bc"), key).ok());
  EXPECT_FALSE(open_sealed(sealed, Binding("test").add("ab"), key).ok());
  EXPECT_FALSE(open_sealed(sealed, Binding("testab").add("c"), key).ok());
}

TEST(Sealing, DerivedKeysDifferByPurposeAndAreTheSameAgain) {
  const Secret key = Secret::generate().value();
  const auto derived = [&key](std::string_view purpose) {
    const Secret secret = derive_key(key, purpose).value();
    return std::vector<std::byte>(secret.bytes().begin(), secret.bytes().end());
  };
  EXPECT_EQ(derived("template"), derived("template"));
  EXPECT_NE(derived("template"), derived("user-tag"));
  EXPECT_FALSE(derive_key(key, "short").ok());
}

TEST(Sealing, TagsTellNothingWithoutTheKey) {
  const Secret key = Secret::generate().value(), other = Secret::generate().value();
  EXPECT_EQ(keyed_tag("ann", key), keyed_tag("ann", key));
  EXPECT_NE(keyed_tag("ann", key), keyed_tag("ann", other));
  EXPECT_NE(keyed_tag("ann", key), keyed_tag("bo", key));
}

}  // namespace
}  // namespace durward
