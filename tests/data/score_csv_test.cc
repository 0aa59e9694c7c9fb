#include "data/score_csv.h"

#include <gmock/gmock.h>

#include "base/file.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kHeader = "person_enrol,person_probe,score\n";

std::string refusal(std::string_view text) {
  return std::string(parse_score_csv(text).status().message());
}

TEST(ScoreCsv, ScoresArePeoplesByTheNamesOfTheColumns) {
  const ScoreTable table = parse_score_csv(
                               "\xef\xbb\xbfscore,group,person_probe,person_enrol\r\n"
                               "# a remark\n"
                               "0.5,x,ann,ann\n"
                               "\n"
                               "-1.25e-1,x,bob,\"Ann, \"\"A\"\"\"\n"
                               ".75,,bob,bob\r\n")
                               .value();
  EXPECT_THAT(table.people, ElementsAre("ann", "Ann, \"A\"", "bob"));
  ASSERT_EQ(table.scores.size(), 3u);
  EXPECT_EQ(table.scores[1].enrolled, 1);
  EXPECT_EQ(table.scores[1].probed, 2);
  EXPECT_EQ(table.scores[1].score, -.125f);
  EXPECT_EQ(table.scores[2].enrolled, table.scores[2].probed);
  EXPECT_EQ(table.scores[2].score, .75f);
}

TEST(ScoreCsv, WhatIsWrongIsNamedWithItsLine) {
  const auto rows = [](std::string_view text) {
    return std::string(kHeader) + "a,a,1\n" + std::string(text) + "\na,b,0\n";
  };
  for (const char* score : {"nan", "NaN", "inf", "-Infinity", "1e99", "", "0.5x", "one"}) {
    EXPECT_THAT(refusal(rows(absl::StrCat("b,a,", score))),
                HasSubstr(absl::StrCat("line 3: the score is \"", score, "\"; expected a finite")))
        << score;
  }
  EXPECT_THAT(refusal(rows("b,a")), HasSubstr("line 3: it has 2 fields, the first line has 3"));
  EXPECT_THAT(refusal(rows("b,a,1,2")), HasSubstr("line 3: it has 4 fields"));
  EXPECT_THAT(refusal(rows(",a,1")), HasSubstr("line 3: the field \"person_enrol\" is empty"));
  EXPECT_THAT(refusal(rows("b,,1")), HasSubstr("line 3: the field \"person_probe\" is empty"));
  EXPECT_THAT(refusal(rows("\"b,a,1")), HasSubstr("line 3: a quotation mark is not closed"));
  EXPECT_THAT(refusal(rows("b\xff,a,1")), HasSubstr("line 3: not UTF-8"));
  EXPECT_THAT(refusal(rows(std::string(70000, 'x'))), HasSubstr("line 3: longer than"));
}

TEST(ScoreCsv, AColumnThatIsMissingOrTwiceThereIsNamed) {
  EXPECT_THAT(refusal("person_enrol,person_probe\na,b\n"),
              HasSubstr("line 1: the column \"score\" is missing"));
  EXPECT_THAT(refusal("enrol,probe,score\na,b,1\n"),
              HasSubstr("line 1: the column \"person_enrol\" is missing"));
  EXPECT_THAT(refusal("person_enrol,person_probe,score,score\n"),
              HasSubstr("the column \"score\" is named twice"));
}

TEST(ScoreCsv, ListsThatTellNothingAreRefused) {
  EXPECT_THAT(refusal(""), HasSubstr("no line that names its columns"));
  EXPECT_THAT(refusal(kHeader), HasSubstr("it holds no score"));
  EXPECT_THAT(refusal(std::string(kHeader) + "a,a,1\na,a,0\n"),
              HasSubstr("all its scores are of one person, \"a\""));
  EXPECT_THAT(refusal(std::string(kHeader) + "a,a,1\nb,b,1\n"), HasSubstr("no impostor score"));
  EXPECT_THAT(refusal(std::string(kHeader) + "a,b,1\nb,c,1\n"), HasSubstr("no genuine score"));
}

TEST(ScoreCsv, AnyNameThatIsWrittenIsRead) {
  for (const char* name : {"ann", "#1", "Smith, \"J.\"", " led by a blank", "r\xc3\xa9mi", "a b"}) {
    const std::string field = score_csv_name(name).value();
    const ScoreTable table = parse_score_csv(absl::StrCat(std::string(kHeader), field, ",", field,
                                                          ",1\n", field, ",other,0\n"))
                                 .value();
    EXPECT_EQ(table.people[0], name);
  }
  for (const char* name : {"", "two\nlines", "\xff"}) EXPECT_FALSE(score_csv_name(name).ok());
}

class ScoreCsvFile : public TemporaryFolderTest {};

TEST_F(ScoreCsvFile, ErrorsNameIt) {
  const std::filesystem::path path = folder_ / "scores.csv";
  EXPECT_TRUE(absl::IsNotFound(read_score_csv(path).status()));
  ASSERT_TRUE(write_file_atomic(path, kHeader).ok());
  EXPECT_THAT(read_score_csv(path).status().message(), HasSubstr("scores.csv: it holds no score"));
}

}  // namespace
}  // namespace durward
