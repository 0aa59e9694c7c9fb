#include "data/touch.h"

#include <gmock/gmock.h>

#include "support/assets.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TouchFolder : public TemporaryFolderTest {};

TEST_F(TouchFolder, JoinsWhatWasMeasuredOfEachRepetition) {
  write("Walking_Touch_with_label.csv", "1,2,5\n3,4,5\n");
  write("Walking_Sensor_with_label.csv", "7,5\nNaN,5\n");
  write("Sitting_Touch_with_label.csv", "5,6,4\n5,6,5\n5,8,4\n");
  write("Sitting_Sensor_with_label.csv", "1,4.0\n2,5.0\n3,4.0\n");
  write("notes.txt", "");
  const auto set = read_touch_folder(folder_, TouchSource::kBoth);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_THAT(set->postures, ElementsAre("Sitting", "Walking"));
  EXPECT_THAT(set->features, ElementsAre("timing-1", "timing-2", "motion-1"));
  EXPECT_THAT(set->row(2), ElementsAre(5, 8, 3));
  EXPECT_EQ(set->repetitions[2].repetition, 1);  // person 4's second
  EXPECT_EQ(set->repetitions[1].repetition, 0);
  EXPECT_EQ(set->repetitions[3].posture, 1);
  EXPECT_EQ(set->missing, 1);
  EXPECT_THAT(people_of(*set), ElementsAre(4, 5));
  const TouchSet few = select_people(*set, [](int32_t person) { return person == 5; });
  EXPECT_EQ(few.repetitions.size(), 3U);
  EXPECT_THAT(few.row(0), ElementsAre(5, 6, 2));
  EXPECT_EQ(few.missing, 1);
}

TEST_F(TouchFolder, IsReadForOneKindOfFeaturesAlone) {
  write("Sitting_Touch_with_label.csv", "5,6,4\n");
  const auto set = read_touch_folder(folder_, TouchSource::kTiming);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_THAT(set->features, ElementsAre("timing-1", "timing-2"));
}

TEST_F(TouchFolder, IsRefusedWhereFilesDoNotFitEachOther) {
  const auto message = [&](TouchSource source) {
    return std::string(read_touch_folder(folder_, source).status().message());
  };
  EXPECT_THAT(message(TouchSource::kBoth), HasSubstr("no file is named POSTURE_Touch"));
  write("Sitting_Touch_with_label.csv", "5,6,4\n5,6,4\n");
  EXPECT_THAT(message(TouchSource::kBoth), HasSubstr("Sitting_Sensor_with_label.csv"));
  write("Sitting_Sensor_with_label.csv", "5,4\n");
  EXPECT_THAT(message(TouchSource::kBoth), HasSubstr("1 rows, the posture's other file has 2"));
  write("Sitting_Sensor_with_label.csv", "5,4\n5,3\n");
  EXPECT_THAT(message(TouchSource::kBoth), HasSubstr("row 2 is of person 3"));
  write("Walking_Touch_with_label.csv", "5,6,7,4\n");
  EXPECT_THAT(message(TouchSource::kTiming), HasSubstr("3 features, Sitting has 2"));
  EXPECT_FALSE(read_touch_folder(folder_ / "none", TouchSource::kBoth).ok());
}

// Numbers from the data set's description.
TEST(TouchAssets, AreReadWhole) {
  const auto folder = asset("touch");
  if (!folder) GTEST_SKIP() << "the shared touch data is not there";
  const auto set = read_touch_folder(*folder, TouchSource::kBoth);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_THAT(set->postures, ElementsAre("Sitting", "Standing", "Walking"));
  EXPECT_EQ(set->features.size(), 142U);
  EXPECT_EQ(set->repetitions.size(), 8550U);
  EXPECT_EQ(set->missing, 1847);
  EXPECT_EQ(people_of(*set).size(), 95U);
  for (const TouchRepetition& repetition : set->repetitions) {
    ASSERT_LT(repetition.repetition, 30);
  }
}

}  // namespace
}  // namespace durward
