#include "formats/torch/zip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "formats/torch/byte_reader.h"
#include "formats/torch/corpus.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

std::string error_of(std::span<const std::byte> file) {
  const auto members = read_zip_members(file);
  return members.ok() ? "" : std::string(members.status().message());
}

// One stored member by the letter of APPNOTE 6.3.10, all sizes and offsets in zip64 fields, as
// torch writes them beyond 4 GiB.
struct Zip64 {
  uint64_t bytes = 5, offset = 0;
  uint64_t directory_offset = 0, directory_bytes = 0, entries = 1, end_offset = 0;
  std::string file;

  static std::string fields(std::initializer_list<uint64_t> values) {
    std::string text;
    for (const uint64_t value : values) text += little_endian(value);
    return text;
  }
  // Builds the file, after which the fields of the end record may be changed and written again.
  static Zip64 make(uint64_t member_bytes = 5, uint64_t member_offset = 0) {
    Zip64 zip;
    const std::string ones(4, '\xff');
    zip.file = absl::StrCat("PK\x03\x04", std::string(14, '\0'), ones, ones,
                            std::string("\1\0\0\0", 4), "ahello");
    zip.directory_offset = zip.file.size();
    absl::StrAppend(&zip.file, "PK\x01\x02", std::string(16, '\0'), ones, ones,
                    std::string("\1\0\x1c\0", 4), std::string(10, '\0'), ones, "a",
                    std::string("\1\0\x18\0", 4),
                    fields({member_bytes, member_bytes, member_offset}));
    zip.directory_bytes = zip.file.size() - zip.directory_offset;
    zip.end_offset = zip.file.size();
    return zip;
  }
  std::vector<std::byte> finish() const {
    return to_bytes(absl::StrCat(file, "PK\x06\x06", fields({44}), std::string(12, '\0'),
                                 fields({entries, entries, directory_bytes, directory_offset}),
                                 "PK\x06\x07", std::string(4, '\0'), fields({end_offset}),
                                 std::string(4, '\0'), "PK\x05\x06", std::string(4, '\0'),
                                 std::string(12, '\xff'), std::string(2, '\0')));
  }
};

size_t position_of(const std::vector<std::byte>& file, std::string_view text) {
  const size_t at = as_text(file).rfind(text);
  EXPECT_NE(at, std::string::npos);
  return at;
}

TEST(Zip, StoredMembersAreFoundByName) {
  const auto file = corpus_file("zip_small.pt");
  const auto members = read_zip_members(file);
  ASSERT_TRUE(members.ok()) << members.status();
  EXPECT_EQ(members->size(), 4u);
  EXPECT_EQ(as_text(members->at("archive/byteorder").bytes), "little");
  EXPECT_EQ(as_text(members->at("archive/version").bytes), "3\n");
}

TEST(Zip, Zip64FieldsAreUsed) {
  const auto file = Zip64::make().finish();
  const auto members = read_zip_members(file);
  ASSERT_TRUE(members.ok()) << members.status();
  EXPECT_EQ(as_text(members->at("a").bytes), "hello");
}

TEST(Zip, Zip64FieldsThatLieOutsideAreErrors) {
  constexpr uint64_t kHuge = ~uint64_t{0};
  for (const uint64_t far : {uint64_t{1000}, kHuge, kHuge / 2, kHuge - 3}) {
    EXPECT_NE(error_of(Zip64::make(far, 0).finish()), "") << far;
    EXPECT_NE(error_of(Zip64::make(5, far).finish()), "") << far;
    Zip64 zip = Zip64::make();
    zip.directory_offset = far;
    EXPECT_NE(error_of(zip.finish()), "") << far;
    zip = Zip64::make();
    zip.directory_bytes = far;
    EXPECT_NE(error_of(zip.finish()), "") << far;
    zip = Zip64::make();
    zip.entries = far;
    EXPECT_NE(error_of(zip.finish()), "") << far;
    zip = Zip64::make();
    zip.end_offset = far;
    EXPECT_NE(error_of(zip.finish()), "") << far;
  }
}

TEST(Zip, ACommentIsAllowed) {
  auto file = corpus_file("zip_small.pt");
  const auto end = position_of(file, "PK\x05\x06");
  file[end + 20] = std::byte{2};
  file.push_back(std::byte{'P'});
  file.push_back(std::byte{'K'});
  EXPECT_TRUE(read_zip_members(file).ok());
}

TEST(Zip, ACompressedMemberIsMarked) {
  const auto file = corpus_file("zip_compressed.pt");
  const auto members = read_zip_members(file);
  ASSERT_TRUE(members.ok()) << members.status();
  EXPECT_FALSE(members->at("archive/data.pkl").stored);
}

TEST(Zip, AnEncryptedMemberIsMarked) {
  auto file = corpus_file("zip_small.pt");
  const size_t last_entry = position_of(file, "PK\x01\x02");
  file[last_entry + 8] |= std::byte{1};
  const auto members = read_zip_members(file);
  ASSERT_TRUE(members.ok()) << members.status();
  EXPECT_FALSE(members->at("archive/version").stored);
  EXPECT_TRUE(members->at("archive/data.pkl").stored);
}

TEST(Zip, AMemberThatAppearsTwiceIsRefused) {
  Zip64 zip = Zip64::make();
  zip.file += zip.file.substr(zip.directory_offset);
  zip.directory_bytes *= 2;
  zip.end_offset = zip.file.size();
  zip.entries = 2;
  EXPECT_THAT(error_of(zip.finish()), HasSubstr("appears twice"));
}

TEST(Zip, AHeaderWithAnotherNameIsRefused) {
  auto file = corpus_file("zip_small.pt");
  const size_t at = as_text(file).find("archive/data/0");
  file[at + 13] = std::byte{'1'};
  EXPECT_THAT(error_of(file), HasSubstr("another name"));
}

TEST(Zip, NoArchiveIsAnError) {
  EXPECT_NE(error_of({}), "");
  EXPECT_NE(error_of(std::vector<std::byte>(100'000, std::byte{'P'})), "");
}

}  // namespace
}  // namespace durward
