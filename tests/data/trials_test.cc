#include "data/trials.h"

#include <gmock/gmock.h>

#include "data/text_lines.h"
#include "data/trial_row.h"
#include "support/assets.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kJpeg = "\xff\xd8\xff\xe0";  // read_trials opens no picture

// Rows as "enrol|probe|label|person_enrol|person_probe|group".
std::vector<std::string> rows(absl::Status (*parse)(std::string_view, const TrialRowSink&),
                              std::string_view text, absl::Status* status = nullptr) {
  std::vector<std::string> result;
  const absl::Status end = parse(text, [&](const TrialRow& row) {
    std::string line;
    for (const std::string_view field :
         {row.enrol, row.probe,
          row.same_person ? std::string_view(*row.same_person ? "same" : "different")
                          : std::string_view("?"),
          row.person_enrol, row.person_probe, row.group}) {
      if (!line.empty()) line += "|";
      line += field;
    }
    result.push_back(line);
    return absl::OkStatus();
  });
  if (status == nullptr) {
    EXPECT_TRUE(end.ok()) << end;
  } else {
    *status = end;
  }
  return result;
}

std::string parse_error(absl::Status (*parse)(std::string_view, const TrialRowSink&),
                        std::string_view text) {
  absl::Status status;
  (void)rows(parse, text, &status);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << text.substr(0, 200);
  return std::string(status.message());
}

TEST(LfwPairs, BothKindsOfLinesAreRead) {
  EXPECT_THAT(rows(parse_lfw_pairs, "Ann_Lee\t1\t12\nAnn_Lee\t3\tBob\t1\n"),
              ElementsAre("Ann_Lee/Ann_Lee_0001|Ann_Lee/Ann_Lee_0012|same|Ann_Lee|Ann_Lee|",
                          "Ann_Lee/Ann_Lee_0003|Bob/Bob_0001|different|Ann_Lee|Bob|"));
}

TEST(LfwPairs, HeaderLineEndsCommentsAndByteOrderMarkAreNoTrials) {
  const auto expected = rows(parse_lfw_pairs, "A\t1\t2\nB\t1\tA\t1");
  EXPECT_EQ(rows(parse_lfw_pairs, "10\t300\nA\t1\t2\nB\t1\tA\t1"), expected);
  EXPECT_EQ(rows(parse_lfw_pairs, "500\nA\t1\t2\nB\t1\tA\t1\n"), expected);
  EXPECT_EQ(rows(parse_lfw_pairs, "\xef\xbb\xbf# ours\r\n10\t300\r\n\r\nA\t1\t2\r\nB\t1\tA\t1\r\n"),
            expected);
  EXPECT_EQ(rows(parse_lfw_pairs, "A 1 2\nB  1 A   1\n"), expected);
}

TEST(LfwPairs, NamesMayHoldBlanksAndAnyScript) {
  EXPECT_THAT(rows(parse_lfw_pairs, "J\xc3\xbcrg M\t1\t2"),
              ElementsAre("J\xc3\xbcrg M/J\xc3\xbcrg M_0001|J\xc3\xbcrg M/J\xc3\xbcrg M_0002|same|"
                          "J\xc3\xbcrg M|J\xc3\xbcrg M|"));
}

TEST(LfwPairs, ErrorsNameTheLine) {
  EXPECT_THAT(parse_error(parse_lfw_pairs, "A\t1\t2\n10\t300\n"), HasSubstr("line 2"));
  EXPECT_THAT(parse_error(parse_lfw_pairs, "\n\nA\t1\tzwei"), HasSubstr("line 3"));
  EXPECT_THAT(parse_error(parse_lfw_pairs, "A\t0\t1"), HasSubstr("number"));
  EXPECT_THAT(parse_error(parse_lfw_pairs, "A\t1\t99999999999999999999"), HasSubstr("number"));
  EXPECT_THAT(parse_error(parse_lfw_pairs, "../../etc/A\t1\t2"), HasSubstr("path"));
  EXPECT_THAT(parse_error(parse_lfw_pairs, "..\t1\t2"), HasSubstr("path"));
  EXPECT_THAT(parse_error(parse_lfw_pairs, "A\xff\t1\t2"), HasSubstr("UTF-8"));
  EXPECT_THAT(parse_error(parse_lfw_pairs, std::string_view("A\0\t1\t2", 6)), HasSubstr("UTF-8"));
  EXPECT_THAT(parse_error(parse_lfw_pairs, std::string(TextLines::kMaxLineBytes + 1, 'x')),
              HasSubstr("line 1"));
}

// Well-formed and ill-formed sequences of the Unicode standard, table 3-7 and its examples.
TEST(Utf8, FollowsTheTableOfWellFormedSequences) {
  for (const char* good : {"", "abc", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8_text(good)) << good;
  }
  for (const char* bad :
       {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\x80", "\xed\xa0\x80", "\xe2\x82",
        "\xf0\x8f\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc2"}) {
    EXPECT_FALSE(is_utf8_text(bad)) << bad;
  }
}

TEST(TrialCsv, ColumnsAreFoundByName) {
  EXPECT_THAT(
      rows(parse_trial_csv,
           "group,probe,label,enrol,score\nold,b.jpg,1,a.jpg,0.3\nyoung,d.jpg,Impostor,c,\n"),
      ElementsAre("a.jpg|b.jpg|same|||old", "c|d.jpg|different|||young"));
}

TEST(TrialCsv, PersonsStandInForLabels) {
  EXPECT_THAT(rows(parse_trial_csv, "enrol,probe,person_enrol,person_probe\na,b,Ann,Bob\n"),
              ElementsAre("a|b|?|Ann|Bob|"));
}

TEST(TrialCsv, QuotedFieldsMayHoldCommasAndQuotes) {
  EXPECT_THAT(rows(parse_trial_csv, "\"enrol\",probe,label\r\n\"a,\"\"1\"\".jpg\",b,0\r\n"),
              ElementsAre("a,\"1\".jpg|b|different|||"));
}

TEST(TrialCsv, ErrorsNameTheLine) {
  EXPECT_THAT(parse_error(parse_trial_csv, ""), HasSubstr("columns"));
  EXPECT_THAT(parse_error(parse_trial_csv, "enrol,probe\na,b\n"), HasSubstr("label"));
  EXPECT_THAT(parse_error(parse_trial_csv, "enrol,probe,label,person_enrol\n"),
              HasSubstr("person_probe"));
  EXPECT_THAT(parse_error(parse_trial_csv, "enrol,probe,label,label\n"), HasSubstr("twice"));
  EXPECT_THAT(parse_error(parse_trial_csv, "enrol,probe,label\na,b,1\na,b\n"), HasSubstr("line 3"));
  EXPECT_THAT(parse_error(parse_trial_csv, "enrol,probe,label\na,b,maybe\n"), HasSubstr("maybe"));
  EXPECT_THAT(parse_error(parse_trial_csv, "enrol,probe,label\n,b,1\n"), HasSubstr("enrol"));
  EXPECT_THAT(parse_error(parse_trial_csv, "enrol,probe,label\n\"a,b,1\n"), HasSubstr("quotation"));
  EXPECT_THAT(parse_error(parse_trial_csv, "enrol,probe,label\n\"a\"x,b,1\n"),
              HasSubstr("quotation"));
}

class ReadTrials : public TemporaryFolderTest {
 protected:
  void write_pictures(std::initializer_list<const char*> names) {
    for (const char* name : names) write(name, kJpeg);
  }
  std::string error(const std::filesystem::path& path) {
    const auto list = read_trials(path);
    EXPECT_FALSE(list.ok());
    return std::string(list.status().message());
  }
};

TEST_F(ReadTrials, LfwPicturesAreFoundBesideTheListOrInASubfolder) {
  for (const auto& [set, root] :
       {std::pair<std::string, std::string>("beside/", ""), {"below/", "lfw/"}}) {
    for (const char* picture : {"Ann/Ann_0001.jpg", "Ann/Ann_0002.png", "Bob/Bob_0001.jpg"}) {
      write(set + root + picture, kJpeg);
    }
    const auto path = write(set + "pairs.txt", "Ann\t1\t2\nAnn\t1\tBob\t1\n");
    const auto list = read_trials(path);
    ASSERT_TRUE(list.ok()) << list.status();
    ASSERT_EQ(list->images.size(), 3u);
    EXPECT_EQ(list->images[1].path, path.parent_path() / root / "Ann/Ann_0002.png");
    EXPECT_THAT(list->persons, ElementsAre("Ann", "Bob"));
    EXPECT_EQ(list->images[2].person, 1);
    ASSERT_EQ(list->trials.size(), 2u);
    EXPECT_TRUE(list->trials[0].same_person);
    EXPECT_FALSE(list->trials[1].same_person);
    EXPECT_EQ(list->trials[1].enrol, 0);
    EXPECT_EQ(list->trials[1].probe, 2);
    EXPECT_EQ(list->trial_count(), 2);
  }
}

TEST_F(ReadTrials, AbsentPicturesAreCountedAndTheFirstTenNamed) {
  std::string text;
  for (int i = 2; i <= 13; ++i) absl::StrAppend(&text, "Ann\t1\t", i, "\n");
  write("Ann/Ann_0001.jpg", kJpeg);
  const auto path = write("pairs.txt", text);
  EXPECT_TRUE(absl::IsNotFound(read_trials(path).status()));
  const std::string message = error(path);
  EXPECT_THAT(message, HasSubstr("12 of its 13"));
  EXPECT_THAT(message, HasSubstr("Ann_0011.jpg"));
  EXPECT_THAT(message, ::testing::Not(HasSubstr("Ann_0012.jpg")));
}

TEST_F(ReadTrials, CsvPathsBeginAtTheListAndOnePictureHasOneIndex) {
  write_pictures({"p/a.jpg", "p/b.jpg", "p/c.jpg"});
  const auto path = write("list.csv",
                          "enrol,probe,label,group\np/a.jpg,p/b.jpg,1,x\n./p//a.jpg,p/c.jpg,0,y\n"
                          "p/a.jpg,p/b.jpg,1,x\n");
  const auto list = read_trials(path);
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(list->images.size(), 3u);
  EXPECT_EQ(list->images[0].path, folder_ / "p/a.jpg");
  EXPECT_EQ(list->duplicates, 1);
  ASSERT_EQ(list->trials.size(), 2u);
  EXPECT_THAT(list->groups, ElementsAre("x", "y"));
  EXPECT_EQ(list->trials[1].group, 1);
}

TEST_F(ReadTrials, GenuineTrialsJoinPicturesToPersons) {
  write_pictures({"a", "b", "c", "d", "e"});
  const auto path = write("list.csv", "enrol,probe,label\na,b,0\nb,c,1\nd,c,1\na,e,0\ne,d,0\n");
  const auto list = read_trials(path);
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_THAT(list->persons, ElementsAre("a", "b", "e"));
  std::vector<int32_t> persons;
  for (const TrialImage& image : list->images) persons.push_back(image.person);
  EXPECT_THAT(persons, ElementsAre(0, 1, 1, 1, 2));
}

TEST_F(ReadTrials, ContradictionsNameFileAndLine) {
  write_pictures({"a", "b", "c"});
  const std::pair<const char*, const char*> cases[] = {
      {"enrol,probe,label\na,a,1\n", "itself"},
      {"enrol,probe,label\na,b,1\na,b,0\n", "line 2"},
      {"enrol,probe,label\na,b,1\nb,c,1\nc,a,0\n", "line 4"},
      {"enrol,probe,label,person_enrol,person_probe\na,b,1,Ann,Bob\n", "contradicts"},
      {"enrol,probe,person_enrol,person_probe\na,b,Ann,Bob\na,c,Bob,Bob\n", "line 3"},
      {"enrol,probe,label\n", "no trial"},
  };
  for (const auto& [text, named] : cases) {
    const std::string message = error(write("list.csv", text));
    EXPECT_THAT(message, HasSubstr("list.csv"));
    EXPECT_THAT(message, HasSubstr(named));
  }
}

TEST_F(ReadTrials, AFolderOfPeopleIsAllPairs) {
  write_pictures(
      {"people/Bob/1.jpg", "people/Ann/2.jpg", "people/Ann/more/1.jpg", "people/loose.jpg"});
  write("people/Ann/notes.txt", "words");
  // The way the folder is written does not matter.
  for (const auto& path : {folder_ / "people", folder_ / "people/", folder_ / "./people"}) {
    const auto list = read_trials(path);
    ASSERT_TRUE(list.ok()) << list.status();
    EXPECT_TRUE(list->all_pairs);
    EXPECT_TRUE(list->trials.empty());
    EXPECT_EQ(list->trial_count(), 3);
    EXPECT_THAT(list->persons, ElementsAre("Ann", "Bob"));
    EXPECT_EQ(list->images[2].person, 1);
    EXPECT_EQ(list->skipped.size(), 2u);
  }
  EXPECT_THAT(error(write("flat/1.jpg", kJpeg).parent_path()), HasSubstr("subfolder"));
}

// The published protocol: 600 pairs in each fold, half of them genuine.
TEST(ReadTrialsOfLfw, FoldsOneAndTwoHaveTheirPublishedSize) {
  const auto path = asset("faces/lfw_pairs_folds1-2.txt");
  if (!path) GTEST_SKIP() << "needs the shared assets: faces/lfw_pairs_folds1-2.txt";
  const auto list = read_trials(*path);
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(list->trials.size(), 1200u);
  EXPECT_EQ(std::count_if(list->trials.begin(), list->trials.end(),
                          [](const ListedTrial& trial) { return trial.same_person; }),
            600);
}

}  // namespace
}  // namespace durward
