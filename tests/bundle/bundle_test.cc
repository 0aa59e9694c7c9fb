#include "bundle/bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

#include "bundle/sample.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Require = BundleOptions::Require;

absl::StatusOr<Bundle> read(std::string_view bytes, const BundleOptions& options = {}) {
  return Bundle::read(as_bytes(bytes), "a.bundle", options);
}

std::string error_of(std::string_view bytes, const BundleOptions& options = {}) {
  const auto bundle = read(bytes, options);
  return bundle.ok() ? "" : std::string(bundle.status().message());
}

class BundleTest : public TemporaryFolderTest {
 protected:
  const SecretKey key_ = sample_key();
  const std::string signed_ = sample_bundle(&key_), unsigned_ = sample_bundle(nullptr);
  std::vector<Part> parts_ = take_apart(signed_);

  Part& part(std::string_view name) {
    for (Part& part : parts_) {
      if (part.name == name) return part;
    }
    ADD_FAILURE() << name;
    return parts_[0];
  }
  // Replaces a text that stands once in a member.
  void change(std::string_view name, std::string_view from, std::string_view to) {
    std::string& bytes = part(name).bytes;
    const size_t at = bytes.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    bytes.replace(at, from.size(), to);
  }
  void sign_again(const SecretKey& key) {
    part("manifest.sig").bytes =
        signature_text(sign_manifest(as_bytes(part("manifest.json").bytes), key));
  }
  std::string error(const BundleOptions& options = {}) const {
    return error_of(put_together(parts_), options);
  }
};

TEST_F(BundleTest, AFileIsMappedAndReadInPlace) {
  const auto opened =
      Bundle::open(write("a.bundle", signed_), {.trusted_keys = {key_.public_key()}});
  ASSERT_TRUE(opened.ok()) << opened.status();
  const Bundle& bundle = *opened;
  EXPECT_EQ(bundle.signature_state(), SignatureState::kTrusted);
  EXPECT_EQ(bundle.signing_key(), key_.public_key());
  EXPECT_EQ(bundle.manifest().model.name, "tiny");
  EXPECT_EQ(bundle.manifest().certificate, sample_manifest().certificate);
  EXPECT_EQ(as_text(bundle.plan()), "a plan");
  EXPECT_EQ(as_text(*bundle.member("golden/0.out")), "outputs");
  EXPECT_EQ(as_text(*bundle.member("evidence/result.json")), "{}");
  EXPECT_TRUE(bundle.member("exports/tiny.int8.tflite")->empty());
  EXPECT_TRUE(bundle.check_members().ok());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(bundle.plan().data()) % 64, 0u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(bundle.member("golden/0.out")->data()) % 64, 0u);
}

TEST_F(BundleTest, SpansStayValidWhenTheBundleMoves) {
  auto opened = Bundle::open(write("a.bundle", unsigned_));
  ASSERT_TRUE(opened.ok()) << opened.status();
  const auto plan = opened->plan();
  const Bundle moved = *std::move(opened);
  EXPECT_EQ(moved.plan().data(), plan.data());
  EXPECT_EQ(as_text(plan), "a plan");
}

TEST_F(BundleTest, AMemberThatIsNotThereIsNamed) {
  const auto bundle = read(signed_);
  ASSERT_TRUE(bundle.ok());
  for (const std::string_view path : {"exports/other", "manifest.json", "manifest.sig", ""}) {
    EXPECT_TRUE(absl::IsNotFound(bundle->member(path).status())) << path;
  }
}

TEST_F(BundleTest, TheStateOfTheSignatureIsTold) {
  const BundleOptions trusting = {.trusted_keys = {sample_key(9).public_key(), key_.public_key()}};
  EXPECT_EQ(read(unsigned_, trusting)->signature_state(), SignatureState::kUnsigned);
  EXPECT_EQ(read(signed_, trusting)->signature_state(), SignatureState::kTrusted);
  EXPECT_EQ(read(signed_)->signature_state(), SignatureState::kUnknownKey);
  part("manifest.sig").bytes = signature_text(sign_manifest(as_bytes("other"), key_));
  const auto bad = read(put_together(parts_),
                        {.trusted_keys = {key_.public_key()}, .require = Require::kNothing});
  ASSERT_TRUE(bad.ok()) << bad.status();
  EXPECT_EQ(bad->signature_state(), SignatureState::kBad);
}

TEST_F(BundleTest, WhatIsRequiredOfTheSignatureHolds) {
  const BundleOptions trusting = {.trusted_keys = {key_.public_key()},
                                  .require = Require::kTrustedSignature};
  EXPECT_EQ(error_of(signed_, trusting), "");
  EXPECT_THAT(error_of(unsigned_, trusting), HasSubstr("a.bundle: it is unsigned"));
  EXPECT_THAT(error_of(signed_, {.trusted_keys = {sample_key(2).public_key()},
                                 .require = Require::kTrustedSignature}),
              HasSubstr("a.bundle: it is signed by a key that is not trusted"));
  part("manifest.sig").bytes = signature_text(sign_manifest(as_bytes("other"), key_));
  for (const Require require : {Require::kNoBadSignature, Require::kTrustedSignature}) {
    EXPECT_THAT(error({.trusted_keys = {key_.public_key()}, .require = require}),
                HasSubstr("a.bundle: manifest.sig: the signature is not one of this manifest"));
  }
}

TEST_F(BundleTest, ATamperedManifestHasABadSignature) {
  change("manifest.json", "0.3125", "0.0125");
  EXPECT_THAT(error(), HasSubstr("manifest.sig: the signature is not one of this manifest"));
}

TEST_F(BundleTest, AnAttackersOwnSignatureIsAnUnknownKeys) {
  change("manifest.json", "0.3125", "0.0125");
  sign_again(sample_key(2));
  EXPECT_EQ(error(), "");
  EXPECT_THAT(error({.trusted_keys = {key_.public_key()}, .require = Require::kTrustedSignature}),
              HasSubstr("not trusted"));
}

// The key that the signature names is what is compared, not its id.
TEST_F(BundleTest, ASignatureUnderATrustedNameByAnotherKeyIsBad) {
  ManifestSignature forged = sign_manifest(as_bytes(parts_[0].bytes), sample_key(2));
  forged.key = key_.public_key();
  part("manifest.sig").bytes = signature_text(forged);
  EXPECT_THAT(error({.trusted_keys = {key_.public_key()}}),
              HasSubstr("is not one of this manifest"));
}

TEST_F(BundleTest, EveryFlippedBitOfThePlanIsFoundAtOnce) {
  for (size_t bit = 0; bit < 8 * part("plan.fb").bytes.size(); ++bit) {
    parts_ = take_apart(signed_);
    part("plan.fb").bytes[bit / 8] =
        static_cast<char>(part("plan.fb").bytes[bit / 8] ^ 1 << bit % 8);
    EXPECT_THAT(error(), HasSubstr("a.bundle: plan.fb: its SHA-256 is another than the manifest's"))
        << bit;
  }
}

TEST_F(BundleTest, OtherChangedMembersAreFoundWhenTheyAreAskedFor) {
  for (const std::string_view name : {"golden/0.in", "golden/0.out", "evidence/result.json"}) {
    parts_ = take_apart(signed_);
    part(name).bytes[0] ^= 1;
    const std::string changed = put_together(parts_);
    const auto bundle = read(changed);
    ASSERT_TRUE(bundle.ok()) << bundle.status();
    for (const absl::Status& status : {bundle->member(name).status(), bundle->check_members()}) {
      EXPECT_TRUE(absl::IsDataLoss(status));
      EXPECT_THAT(std::string(status.message()),
                  HasSubstr(absl::StrCat("a.bundle: ", std::string(name),
                                         ": its SHA-256 is another than the manifest's")));
    }
  }
}

TEST_F(BundleTest, AWrongCrcIsFoundWhenAllIsChecked) {
  // In the local header and the directory alike, the bytes and their digest being right.
  std::string changed = unsigned_;
  const size_t local = changed.find("plan.fb\x35\xd9") - 30;  // the name, then the extra field
  const size_t entry = changed.rfind("plan.fb") - 46;
  changed[local + 14] ^= 1;
  changed[entry + 16] ^= 1;
  const auto bundle = read(changed);
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_THAT(std::string(bundle->check_members().message()),
              HasSubstr("a.bundle: plan.fb: its CRC-32 is another than the archive's"));
}

TEST_F(BundleTest, MembersThatTheManifestDoesNotNameAreRefused) {
  parts_.insert(parts_.end() - 1, {"evidence/more.json", "{}"});
  EXPECT_THAT(error(), HasSubstr("evidence/more.json: the manifest does not name this member"));
}

TEST_F(BundleTest, MembersThatAreMissingAreNamed) {
  parts_.erase(parts_.end() - 2);
  EXPECT_THAT(error(),
              HasSubstr("evidence/result.json: the manifest names this member, but it is"));
}

TEST_F(BundleTest, MembersInAnotherOrderAreRefused) {
  std::swap(parts_[2], parts_[3]);
  EXPECT_THAT(error(), HasSubstr("golden/0.out: the manifest names golden/0.in in its place"));
}

TEST_F(BundleTest, AnotherSizeThanTheManifestsIsRefused) {
  part("evidence/result.json").bytes += " ";
  EXPECT_THAT(error(), HasSubstr("evidence/result.json: it has 3 bytes; the manifest says 2"));
}

TEST_F(BundleTest, TheManifestMustBeFirst) {
  std::swap(parts_[0], parts_[1]);
  EXPECT_THAT(error(), HasSubstr("manifest.json: it is not the first member: this is no bundle"));
  EXPECT_THAT(error_of(put_together({})), HasSubstr("this is no bundle"));
}

TEST_F(BundleTest, TheSignatureMustBeLast) {
  std::rotate(parts_.begin() + 1, parts_.end() - 1, parts_.end());
  EXPECT_THAT(error(), HasSubstr("manifest.sig: "));
}

TEST_F(BundleTest, ThePlanMustBeThereAndFirst) {
  Manifest manifest = *parse_manifest(parts_[0].bytes);
  std::swap(manifest.members[0], manifest.members[1]);
  std::swap(parts_[1], parts_[2]);
  parts_[0].bytes = *manifest_text(manifest);
  sign_again(key_);
  EXPECT_THAT(error(), HasSubstr("plan.fb must be the first member after the manifest"));
  manifest.members.clear();
  parts_ = {{"manifest.json", *manifest_text(manifest)}};
  EXPECT_THAT(error(), HasSubstr("plan.fb: it is not there"));
}

TEST_F(BundleTest, MembersElsewhereAreRefused) {
  Manifest manifest = *parse_manifest(parts_[0].bytes);
  manifest.members.back().path = part("evidence/result.json").name = "surprise/result.json";
  parts_[0].bytes = *manifest_text(manifest);
  sign_again(key_);
  EXPECT_THAT(error(), HasSubstr("surprise/result.json: it is not in golden/, exports/ or"));
}

TEST_F(BundleTest, AnUnknownSchemaIsNamed) {
  change("manifest.json", "durward-bundle/1", "durward-bundle/7");
  EXPECT_THAT(error(),
              AllOf(HasSubstr("a.bundle: manifest.json: schema: "), HasSubstr("durward-bundle/7")));
  EXPECT_TRUE(absl::IsUnimplemented(read(put_together(parts_)).status()));
}

TEST_F(BundleTest, AWrongFieldIsNamed) {
  change("manifest.json", "0.0005", "1.0005");
  EXPECT_THAT(error(),
              HasSubstr("a.bundle: manifest.json: certificate.points[1].far: must be between"));
}

TEST_F(BundleTest, ASignatureThatIsNoneIsRefused) {
  for (const std::string_view text : {"", "{}", "x"}) {
    part("manifest.sig").bytes = text;
    EXPECT_THAT(error({.require = Require::kNothing}),
                HasSubstr("manifest.sig: it is no signature"));
  }
}

TEST_F(BundleTest, FilesThatCannotBeReadAreNamed) {
  EXPECT_TRUE(absl::IsNotFound(Bundle::open(folder_ / "absent").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Bundle::open(folder_).status()));
  EXPECT_TRUE(absl::IsDataLoss(Bundle::open(write("empty", "")).status()));
  const auto path = write("a.bundle", signed_);
  const auto small = Bundle::open(path, {.max_bytes = 100});
  EXPECT_TRUE(absl::IsResourceExhausted(small.status()));
  EXPECT_THAT(std::string(small.status().message()), HasSubstr("a.bundle"));
}

TEST_F(BundleTest, EveryTruncationIsRefused) {
  for (size_t size = 0; size < signed_.size(); ++size) {
    const auto bundle = read(signed_.substr(0, size), {.require = Require::kNothing});
    EXPECT_TRUE(absl::IsDataLoss(bundle.status())) << size;
  }
}

// Whatever the flipped bit is in, a header, padding, a member or the signature, and without any
// trust in keys.
TEST_F(BundleTest, EveryFlippedBitIsFound) {
  std::string changed = signed_;
  for (size_t at = 0; at < changed.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      changed[at] ^= static_cast<char>(1 << bit);
      const auto bundle = read(changed, {.require = Require::kNothing});
      EXPECT_FALSE(bundle.ok() && bundle->check_members().ok()) << at << ", bit " << bit;
      changed[at] ^= static_cast<char>(1 << bit);
    }
  }
}

TEST_F(BundleTest, BytesBeforeAndAfterAreRefused) {
  EXPECT_NE(error_of("x" + signed_), "");
  EXPECT_NE(error_of(signed_ + "x"), "");
  EXPECT_NE(error_of(signed_ + signed_), "");
}

}  // namespace
}  // namespace durward
