#include "data/presentations.h"

#include <gmock/gmock.h>

#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kJpegStart = "\xff\xd8\xff\xe0";  // no picture is opened

// "image|species" of each.
std::vector<std::string> rows(const PresentationList& list) {
  std::vector<std::string> result;
  for (const ListedPresentation& one : list.presentations) {
    result.push_back(absl::StrCat(
        one.image.filename().string(), "|",
        one.species ? list.species[static_cast<size_t>(*one.species)] : std::string(kLive)));
  }
  return result;
}

TEST(PresentationCsv, SpeciesAreNamedAsTheyAppearAndLiveIsNone) {
  const auto list = parse_presentation_csv(
      "camera,image,species\r\n1,a.jpg,replay\r\n1,\"b, c.jpg\",live\r\n2,./d.jpg,print\r\n"
      "2,e.jpg,replay\r\n");
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_THAT(list->species, ElementsAre("replay", "print"));
  EXPECT_THAT(rows(*list),
              ElementsAre("a.jpg|replay", "b, c.jpg|live", "d.jpg|print", "e.jpg|replay"));
}

TEST(PresentationCsv, ErrorsNameTheLine) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"picture,species\na,live\n", "line 1"},
      {"image,species,image\na,live,a\n", "line 1"},
      {"image,species\na,live\nb\n", "line 3"},
      {"image,species\na,\n", "line 2"},
      {"image,species\n\"a,live\n", "line 2"},
      {"image,species\na,live\n./a,print\n", "already in line 2"},
      {"image,species\n", "no presentation"},
      {"", "no presentation"},
  };
  for (const auto& [text, named] : cases) {
    const auto list = parse_presentation_csv(text);
    EXPECT_TRUE(absl::IsInvalidArgument(list.status())) << text;
    EXPECT_THAT(std::string(list.status().message()), HasSubstr(std::string(named)));
  }
}

using Presentations = TemporaryFolderTest;

TEST_F(Presentations, OfAFolderAreNamedByItsSubfolders) {
  write("live/camera 1/a.jpg", kJpegStart);
  write("print/b.jpg", kJpegStart);
  write("replay/phone/c.jpg", kJpegStart);
  write("replay/notes.txt", "no picture");
  write("beside.jpg", kJpegStart);
  const auto list = read_presentations(folder_);
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_THAT(rows(*list), ElementsAre("a.jpg|live", "b.jpg|print", "c.jpg|replay"));
  EXPECT_EQ(list->skipped.size(), 2u);
}

TEST_F(Presentations, OfAListAreRelativeToItOrToTheGivenFolder) {
  const auto csv = write("list.csv", "image,species\nsub/a.jpg,live\n");
  EXPECT_TRUE(absl::IsNotFound(read_presentations(csv).status()));
  write("sub/a.jpg", kJpegStart);
  EXPECT_EQ(read_presentations(csv)->presentations[0].image, folder_ / "sub/a.jpg");
  write("else/sub/a.jpg", kJpegStart);
  EXPECT_EQ(read_presentations(csv, folder_ / "else")->presentations[0].image,
            folder_ / "else" / "sub/a.jpg");
}

TEST_F(Presentations, WhatIsNoListIsRefusedByName) {
  for (const auto& path :
       {write("pairs.txt", "a\t1\t2\n"), write("beside/a.jpg", kJpegStart).parent_path()}) {
    const auto list = read_presentations(path);
    EXPECT_TRUE(absl::IsInvalidArgument(list.status())) << list.status();
    EXPECT_THAT(std::string(list.status().message()), HasSubstr(path.string()));
  }
}

}  // namespace
}  // namespace durward
