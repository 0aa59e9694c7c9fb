#include "base/sha256.h"

#include <gtest/gtest.h>

#include <string_view>

namespace durward {
namespace {

// FIPS 180-2, appendix B.1.
TEST(Sha256, OfAbcIsThePublishedDigest) {
  const std::string_view text = "abc";
  EXPECT_EQ(sha256_hex(std::as_bytes(std::span(text))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, OfPiecesIsThatOfTheWhole) {
  const std::string text(1000, 'x');
  const auto bytes = std::as_bytes(std::span(text));
  for (const size_t cut : {0, 1, 64, 999, 1000}) {
    Sha256 digest;
    digest.update(bytes.first(cut));
    digest.update(bytes.subspan(cut));
    EXPECT_EQ(digest.hex(), sha256_hex(bytes)) << cut;
  }
}

}  // namespace
}  // namespace durward
