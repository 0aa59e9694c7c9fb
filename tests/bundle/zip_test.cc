#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bundle/crc32.h"
#include "bundle/sample.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

// Places of fields in a local header, a directory entry and the end record (APPNOTE 6.3.10).
constexpr size_t kLocalMethod = 8, kLocalSize = 22, kLocalName = 30;
constexpr size_t kFlags = 8, kMethod = 10, kTime = 12, kPackedSize = 20, kSize = 24, kExtra = 30,
                 kComment = 32, kAttributes = 38, kOffset = 42, kName = 46;
constexpr size_t kEndDisk = 4, kEndCount = 10, kEndSize = 12, kEndOffset = 16, kEndComment = 20;

// Two members, with a way to change fields by their places.
class Archive {
 public:
  Archive() : bytes_(put_together({{"one", "first"}, {"two", "second one"}})) {}

  size_t local(size_t index) const { return nth("PK\x03\x04", index); }
  size_t entry(size_t index) const { return nth("PK\x01\x02", index); }
  size_t end() const { return bytes_.size() - 22; }

  Archive& set(size_t at, uint64_t value, int count) {
    for (int i = 0; i < count; ++i) bytes_[at + i] = static_cast<char>(value >> (8 * i));
    return *this;
  }
  uint32_t get(size_t at, int count) const {
    uint32_t value = 0;
    for (int i = count - 1; i >= 0; --i) value = value << 8 | static_cast<uint8_t>(bytes_[at + i]);
    return value;
  }
  // The name in the directory and in the local header.
  Archive& rename(size_t index, std::string_view name) {
    bytes_.replace(local(index) + kLocalName, name.size(), name);
    bytes_.replace(entry(index) + kName, name.size(), name);
    return *this;
  }
  // Puts bytes somewhere before the directory and lets the end record know.
  Archive& insert(size_t at, std::string_view bytes) {
    bytes_.insert(at, bytes);
    return set(end() + kEndOffset, get(end() + kEndOffset, 4) + bytes.size(), 4);
  }
  std::string error() const {
    const auto members = read_zip(as_bytes(bytes_));
    return members.ok() ? "" : std::string(members.status().message());
  }
  std::string bytes_;

 private:
  size_t nth(std::string_view signature, size_t index) const {
    size_t at = bytes_.find(signature);
    for (; index > 0; --index) at = bytes_.find(signature, at + 1);
    return at;
  }
};

// The check value of the CRC catalogue (CRC-32/ISO-HDLC).
TEST(Crc32, OfTheDigitsIsThePublishedValue) {
  EXPECT_EQ(crc32(as_bytes("123456789")), 0xcbf43926u);
  EXPECT_EQ(crc32({}), 0u);
}

TEST(Crc32, OfPiecesIsThatOfTheWhole) {
  const std::string text = "The quick brown fox jumps over the lazy dog";
  EXPECT_EQ(crc32(as_bytes(text)), 0x414fa339u);  // published with the pangram
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(crc32(as_bytes(text.substr(cut)), crc32(as_bytes(text.substr(0, cut)))), 0x414fa339u);
  }
}

TEST(Zip, MembersAreReadAsTheyWereWritten) {
  const std::vector<Part> parts = {{"a", ""}, {"b/c.d", std::string(1000, 'x')}, {"e", "\0\1"}};
  const std::string archive = put_together(parts);
  const auto members = read_zip(as_bytes(archive));
  ASSERT_TRUE(members.ok()) << members.status();
  ASSERT_EQ(members->size(), 3u);
  for (size_t i = 0; i < parts.size(); ++i) {
    EXPECT_EQ((*members)[i].name, parts[i].name);
    EXPECT_EQ(as_text((*members)[i].bytes), parts[i].bytes);
    EXPECT_EQ((*members)[i].crc32, crc32(as_bytes(parts[i].bytes)));
  }
}

TEST(Zip, EveryMemberIsAlignedForEveryLengthOfNamesAndBytes) {
  for (size_t length = 1; length < 140; ++length) {
    const std::string archive = put_together(
        {{std::string(length, 'a'), std::string(length, 'x')}, {"b", "y"}, {"c", "z"}});
    const auto members = read_zip(as_bytes(archive));
    ASSERT_TRUE(members.ok()) << members.status();
    for (const ZipMember& member : *members) {
      EXPECT_EQ((member.bytes.data() - as_bytes(archive).data()) % 64, 0) << length;
    }
  }
}

TEST(Zip, AnArchiveWithoutMembersIsRead) {
  const auto members = read_zip(as_bytes(put_together({})));
  ASSERT_TRUE(members.ok());
  EXPECT_TRUE(members->empty());
}

TEST(Zip, TheWriterRefusesUnsafeAndRepeatedNames) {
  ZipWriter zip([](auto) { return absl::OkStatus(); });
  for (const std::string_view name : {"", "/a", "a/", "a//b", "../a", "a/../b", "a/.b", ".", "..",
                                      "a\\b", "c:a", "a\nb", "a b", "\xc3\xa4", "a\x7f"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(zip.add(name, {}))) << name;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(zip.add(std::string_view("a\0b", 3), {})));
  EXPECT_TRUE(absl::IsInvalidArgument(zip.add(std::string(256, 'a'), {})));
  EXPECT_TRUE(zip.add(std::string(255, 'a'), {}).ok());
  EXPECT_TRUE(zip.add("Model-1_2+3.onnx", {}).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(zip.add("model-1_2+3.ONNX", {})));
}

TEST(Zip, TheWriterHoldsMembersToTheirSizes) {
  ZipWriter zip([](auto) { return absl::OkStatus(); });
  EXPECT_TRUE(absl::IsResourceExhausted(zip.begin("huge", kMaxBundleBytes, 0)));
  EXPECT_TRUE(absl::IsResourceExhausted(zip.begin("negative", -1, 0)));
  ASSERT_TRUE(zip.begin("a", 3, 0).ok());
  EXPECT_TRUE(zip.write(as_bytes("xy")).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(zip.begin("b", 1, 0)));
  EXPECT_TRUE(absl::IsFailedPrecondition(zip.finish()));
  EXPECT_TRUE(absl::IsFailedPrecondition(zip.write(as_bytes("xy"))));
}

TEST(Zip, MoreMembersThanTheLimitAreRefusedByBoth) {
  ZipWriter zip([](auto) { return absl::OkStatus(); });
  for (size_t i = 0; i < kMaxMembers; ++i) ASSERT_TRUE(zip.add(absl::StrCat(i), {}).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(zip.add("more", {})));
  Archive archive;
  archive.set(archive.end() + kEndCount - 2, 4097, 2).set(archive.end() + kEndCount, 4097, 2);
  EXPECT_THAT(archive.error(), HasSubstr("4097 members, more than the limit of 4096"));
}

TEST(HostileZip, ACompressedMemberIsRefused) {
  Archive archive;
  archive.set(archive.entry(1) + kMethod, 8, 2).set(archive.local(1) + kLocalMethod, 8, 2);
  EXPECT_THAT(archive.error(), HasSubstr("two: it is compressed (method 8)"));
}

TEST(HostileZip, AnEncryptedMemberIsRefused) {
  Archive archive;
  archive.set(archive.entry(0) + kFlags, 1, 2);
  EXPECT_THAT(archive.error(), HasSubstr("one: it is encrypted"));
}

TEST(HostileZip, ADataDescriptorIsRefused) {
  Archive archive;
  archive.set(archive.entry(0) + kFlags, 8, 2).set(archive.local(0) + 6, 8, 2);
  EXPECT_THAT(archive.error(), HasSubstr("one: its directory entry has a field"));
}

TEST(HostileZip, HugeSizesAreRefused) {
  for (const uint32_t size : {11u, 0x7fffffffu, 0x80000000u, 0xfffffff0u, 0xffffffffu}) {
    Archive archive;
    archive.set(archive.entry(1) + kSize, size, 4).set(archive.entry(1) + kPackedSize, size, 4);
    EXPECT_THAT(archive.error(), HasSubstr("two: its local header does not agree")) << size;
    archive.set(archive.local(1) + kLocalSize, size, 4).set(archive.local(1) + 18, size, 4);
    EXPECT_THAT(archive.error(), HasSubstr("two: it reaches beyond")) << size;
  }
}

TEST(HostileZip, TwoSizesThatDifferAreRefused) {
  Archive archive;
  archive.set(archive.entry(1) + kSize, 0xffffffff, 4);
  EXPECT_THAT(archive.error(), HasSubstr("two: it is stored, but its two sizes differ"));
}

TEST(HostileZip, OverlappingMembersAreRefused) {
  Archive archive;
  archive.set(archive.entry(1) + kOffset, archive.local(0), 4);
  EXPECT_THAT(archive.error(), HasSubstr("two: it overlaps the member before it"));
  archive.set(archive.entry(1) + kOffset, archive.local(1) - 1, 4);
  EXPECT_THAT(archive.error(), HasSubstr("two: it overlaps the member before it"));
}

TEST(HostileZip, AMemberThatSwallowsTheNextIsRefused) {
  Archive archive;
  const uint32_t size = archive.get(archive.entry(0) + kSize, 4) + 1;
  for (const size_t at : {archive.entry(0) + kSize, archive.entry(0) + kPackedSize,
                          archive.local(0) + kLocalSize, archive.local(0) + kLocalSize - 4}) {
    archive.set(at, size, 4);
  }
  EXPECT_THAT(archive.error(), HasSubstr("two: it overlaps"));
}

TEST(HostileZip, OffsetsThatLieOutsideAreRefused) {
  for (const uint32_t offset : {0x7fffffffu, 0x80000000u, 0xfffffff0u, 0xffffffffu}) {
    Archive archive;
    archive.set(archive.entry(1) + kOffset, offset, 4);
    EXPECT_THAT(archive.error(), HasSubstr("two: bytes that belong to no member")) << offset;
    archive = Archive();
    archive.set(archive.end() + kEndOffset, offset, 4);
    EXPECT_THAT(archive.error(), HasSubstr("its central directory does not lie right before"));
    archive = Archive();
    archive.set(archive.end() + kEndSize, offset, 4);
    EXPECT_THAT(archive.error(), HasSubstr("its central directory does not lie right before"));
  }
}

TEST(HostileZip, BytesBetweenMembersAreRefused) {
  Archive archive;
  archive.insert(archive.local(1), std::string(64, 'x'));
  archive.set(archive.entry(1) + kOffset, archive.local(1), 4);
  EXPECT_THAT(archive.error(), HasSubstr("two: bytes that belong to no member stand before it"));
}

TEST(HostileZip, BytesBeforeTheFirstMemberAreRefused) {
  Archive archive;
  archive.insert(0, std::string(64, 'x'));
  for (const size_t i : {0, 1}) archive.set(archive.entry(i) + kOffset, archive.local(i), 4);
  EXPECT_THAT(archive.error(), HasSubstr("one: bytes that belong to no member stand before it"));
}

TEST(HostileZip, BytesBeforeTheDirectoryAreRefused) {
  Archive archive;
  archive.insert(archive.entry(0), "x");
  EXPECT_THAT(archive.error(),
              HasSubstr("bytes that belong to no member stand before its central directory"));
}

TEST(HostileZip, BytesAfterTheEndAreRefused) {
  for (const std::string_view more : {"x", "PK\x05\x06"}) {
    Archive archive;
    archive.bytes_ += more;
    EXPECT_THAT(archive.error(), HasSubstr("it is cut short, or bytes follow it"));
  }
}

TEST(HostileZip, ACommentIsRefused) {
  Archive archive;
  archive.set(archive.end() + kEndComment, 1, 2);
  EXPECT_THAT(archive.error(), HasSubstr("a field that a bundle's never has"));
  // A comment that is itself an end record of an empty archive.
  archive.bytes_ += put_together({});
  EXPECT_NE(archive.error(), "");
}

TEST(HostileZip, OtherDisksAreRefused) {
  Archive archive;
  archive.set(archive.end() + kEndDisk, 1, 2);
  EXPECT_THAT(archive.error(), HasSubstr("a field that a bundle's never has"));
}

TEST(HostileZip, FieldsThatABundleNeverHasAreRefused) {
  for (const size_t field : {kTime, kAttributes, kAttributes + 3, size_t{4}, size_t{6}}) {
    Archive archive;
    archive.set(archive.entry(1) + field, 0x15, 1);
    EXPECT_THAT(archive.error(), HasSubstr("two: its directory entry has a field")) << field;
  }
  for (const size_t field : {kExtra, kComment}) {
    Archive archive;
    archive.set(archive.entry(0) + field, 1, 2);
    EXPECT_THAT(archive.error(), HasSubstr("one: its directory entry has a field")) << field;
  }
}

TEST(HostileZip, LocalHeadersThatSayOtherThanTheDirectoryAreRefused) {
  const size_t first = Archive().local(0);
  const size_t second = Archive().local(1);
  for (size_t at = first; at < second; ++at) {
    if (at >= 64 && at < 64 + 5) continue;  // the bytes of the member itself
    Archive archive;
    archive.set(at, ~archive.get(at, 1), 1);
    EXPECT_THAT(archive.error(), HasSubstr("one: its local header does not agree")) << at;
  }
}

TEST(HostileZip, NamesThatAppearTwiceAreRefused) {
  EXPECT_THAT(Archive().rename(1, "one").error(), HasSubstr("one: a member of this name"));
  EXPECT_THAT(Archive().rename(1, "ONE").error(), HasSubstr("ONE: a member of this name"));
}

TEST(HostileZip, UnsafeNamesAreRefused) {
  using namespace std::string_view_literals;
  for (const std::string_view name :
       {"../"sv, "/ab"sv, "a/."sv, "..\\"sv, "a\\b"sv, "a:b"sv, "a\nb"sv, "a\0b"sv, "a//"sv,
        "ab/"sv, "a\x1b["sv, "\xff\xff\xff"sv}) {
    EXPECT_THAT(Archive().rename(0, name).error(), HasSubstr("is not safe")) << name;
  }
}

TEST(HostileZip, MoreOrFewerEntriesThanItSaysAreRefused) {
  for (const auto& [count, error] :
       {std::pair(1, "has more entries than it says"), {3, "is cut short or damaged"}}) {
    Archive archive;
    archive.set(archive.end() + kEndCount, count, 2).set(archive.end() + kEndCount - 2, count, 2);
    EXPECT_THAT(archive.error(), HasSubstr(error));
  }
}

TEST(HostileZip, EveryTruncationIsRefused) {
  const Archive whole;
  for (size_t size = 0; size < whole.bytes_.size(); ++size) {
    EXPECT_TRUE(absl::IsDataLoss(read_zip(as_bytes(whole.bytes_).first(size)).status())) << size;
  }
}

TEST(HostileZip, TheWritersOfOtherProgramsMakeNoBundles) {
  EXPECT_THAT(Archive().error(), "");  // the base of all the above is good
  EXPECT_NE(read_zip(as_bytes(std::string(100'000, 'P'))).status(), absl::OkStatus());
}

}  // namespace
}  // namespace durward
