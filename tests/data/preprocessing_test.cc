#include "data/preprocessing.h"

#include <gmock/gmock.h>

#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

using PreprocessingFile = TemporaryFolderTest;

TEST_F(PreprocessingFile, EveryPresetSurvivesBeingWrittenAndRead) {
  for (const std::string_view name : preprocessing_preset_names()) {
    const auto preset = preprocessing_preset(name);
    ASSERT_TRUE(preset.ok());
    ASSERT_TRUE(write_preprocessing(folder_ / "spec.json", *preset).ok());
    const auto read = read_preprocessing(folder_ / "spec.json");
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, *preset) << name;
  }
}

TEST_F(PreprocessingFile, AFileThatIsNoneIsRefusedByItsName) {
  const auto path = write("spec.json", "[]");
  const auto read = read_preprocessing(path);
  EXPECT_TRUE(absl::IsInvalidArgument(read.status()));
  EXPECT_THAT(std::string(read.status().message()), HasSubstr(path.string()));
}

TEST(Preprocessing, AnInputHasTheShapeOfOnePicture) {
  EXPECT_EQ(input_shape(*preprocessing_preset("mobilefacenet-torch")),
            (std::vector<int64_t>{1, 112, 96, 3}));
}

}  // namespace
}  // namespace durward
