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

TEST(Preprocessing, AnInputHasTheShapeOfOnePartial) {
  EXPECT_EQ(input_shape(*preprocessing_preset("ge2e")), (std::vector<int64_t>{1, 160, 40}));
}

TEST(Preprocessing, TheKindSaysWhatIsDescribed) {
  const std::string voice = to_json(VoiceSpec{}), image = to_json(InputSpec{});
  EXPECT_TRUE(std::holds_alternative<VoiceSpec>(*parse_preprocessing(voice, "a")));
  EXPECT_TRUE(std::holds_alternative<InputSpec>(*parse_preprocessing(image, "a")));
  std::string named = image;
  named.insert(1, "\"kind\": \"image\",");
  EXPECT_EQ(parse_preprocessing(named, "a").value(), Preprocessing(InputSpec{}));
  named.replace(named.find("\"image\""), 7, "\"smell\"");
  const auto unknown = parse_preprocessing(named, "a");
  EXPECT_TRUE(absl::IsInvalidArgument(unknown.status()));
  EXPECT_THAT(std::string(unknown.status().message()), HasSubstr("\"kind\""));
}

TEST(Preprocessing, AnUnknownPresetListsPicturesAndVoices) {
  const auto preset = preprocessing_preset("x-vector");
  EXPECT_TRUE(absl::IsNotFound(preset.status()));
  EXPECT_THAT(std::string(preset.status().message()),
              ::testing::AllOf(HasSubstr("mobilefacenet-prelu"), HasSubstr("ge2e")));
}

}  // namespace
}  // namespace durward
