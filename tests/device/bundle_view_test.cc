// The bundle in tests/run/data is one that `durward compress` wrote of the model of
// tests/apps/tiny_model.py with pictures of 16x16 pixels.
#include "device/bundle_view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "device/golden_check.h"
#include "engine/aligned_bytes.h"
#include "support/folders.h"

namespace durward::device {
namespace {

const std::string kBundle = source_folder() / "tests/run/data/tiny.bundle";

std::vector<std::byte> bundle_bytes() {
  std::ifstream file(kBundle, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

TEST(BundleView, FindsTheMembers) {
  MappedBytes file;
  BundleView bundle;
  std::string reason;
  ASSERT_TRUE(MappedBytes::open(kBundle, file, reason)) << reason;
  ASSERT_TRUE(BundleView::read(file.bytes(), bundle, reason)) << reason;
  EXPECT_EQ(bundle.model_name(), "tiny");
  EXPECT_EQ(bundle.plan().size(), 13120u);  // as unzip lists it
  EXPECT_EQ(bundle.member("golden/2.input0")->size(), 16u * 16 * 3 * 4);
  EXPECT_EQ(bundle.member("golden/3.input0"), std::nullopt);
  EXPECT_EQ(bundle.member("manifest.json"), std::nullopt);
}

TEST(BundleView, ComputesTheGoldenVectorsAndSeesEveryOtherByte) {
  std::vector<std::byte> bytes = bundle_bytes();
  const AlignedBytes aligned(bytes);
  BundleView bundle;
  std::string reason;
  ASSERT_TRUE(BundleView::read(aligned.bytes(), bundle, reason)) << reason;
  std::unique_ptr<Session> session;
  ASSERT_TRUE(Session::create(bundle.plan(), {}, session).ok());
  const FindMember find = [&](const std::string& path) { return bundle.member(path); };
  const GoldenOutcome outcome = check_golden(*session, find);
  EXPECT_EQ(outcome.problem, "");
  EXPECT_EQ(outcome.vectors, 3);
  EXPECT_EQ(outcome.bytes, 3 * 32 * 4);

  for (const size_t byte : {size_t{0}, size_t{77}, size_t{127}}) {
    std::vector<std::byte> changed;
    const FindMember find_changed = [&](const std::string& path) {
      auto member = bundle.member(path);
      if (path != "golden/1.output0") return member;
      changed.assign(member->begin(), member->end());
      changed[byte] ^= std::byte{1};
      return std::optional<std::span<const std::byte>>(changed);
    };
    const GoldenOutcome differs = check_golden(*session, find_changed);
    EXPECT_EQ(differs.vectors, 1);
    EXPECT_TRUE(differs.problem.starts_with("golden vector 1: output 0 differs from byte " +
                                            std::to_string(byte) + " on"))
        << differs.problem;
  }
  const FindMember without_input = [&](const std::string& path) {
    return path == "golden/0.input0" ? std::nullopt : bundle.member(path);
  };
  EXPECT_NE(check_golden(*session, without_input).problem, "");
}

TEST(BundleView, RefusesWhateverIsCutShort) {
  const std::vector<std::byte> bytes = bundle_bytes();
  std::string reason;
  for (size_t size = 0; size < bytes.size(); size += 1 + size / 40) {
    BundleView bundle;
    EXPECT_FALSE(BundleView::read(std::span(bytes).first(size), bundle, reason)) << size;
    EXPECT_NE(reason, "");
  }
}

// Bits that nothing depends on may differ (times, padding, CRC-32, texts of the manifest); no bit
// of a member may.
TEST(BundleView, NoBitOfAMemberMayDiffer) {
  std::vector<std::byte> bytes = bundle_bytes();
  BundleView whole;
  std::string reason;
  ASSERT_TRUE(BundleView::read(bytes, whole, reason));
  const auto begin_of = [&](std::span<const std::byte> member) {
    return static_cast<size_t>(member.data() - bytes.data());
  };
  for (const std::span<const std::byte> member :
       {whole.plan(), *whole.member("golden/0.input0"), *whole.member("evidence/result.json")}) {
    for (size_t i = 0; i < member.size(); i += 97) {
      const size_t at = begin_of(member) + i;
      bytes[at] ^= std::byte{4};
      BundleView bundle;
      EXPECT_FALSE(BundleView::read(bytes, bundle, reason)) << at;
      EXPECT_NE(reason.find("SHA-256"), std::string::npos) << reason;
      bytes[at] ^= std::byte{4};
    }
  }
}

TEST(BundleView, SaysWhyAFileCannotBeRead) {
  MappedBytes file;
  std::string reason;
  EXPECT_FALSE(MappedBytes::open("/no/such.bundle", file, reason));
  EXPECT_EQ(reason, "cannot read /no/such.bundle: No such file or directory");
  EXPECT_FALSE(MappedBytes::open("/", file, reason));
  EXPECT_EQ(reason, "cannot read /: it is not a regular file");
}

}  // namespace
}  // namespace durward::device
