#include "data/audio_folder.h"

#include <gmock/gmock.h>

#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using AudioFolder = TemporaryFolderTest;

TEST_F(AudioFolder, RecordingsAreFoundByTheirContentInTheOrderOfTheirNames) {
  const std::string wav("RIFF\x24\0\0\0WAVE", 12);
  const auto second = write("84/121123/b.flac", wav);
  const auto first = write("84/121123/a.audio", "OggS and more");
  const auto third = write("85/c.flac", "fLaC");
  const auto text = write("85/transcript.wav", "NOT A RECORDING");
  const auto short_file = write("short.wav", "RIF");
  const auto found = list_recordings(folder_);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(found->files, ElementsAre(first, second, third));
  EXPECT_THAT(found->skipped, ElementsAre(text, short_file));
}

TEST_F(AudioFolder, AFolderWithoutRecordingsSaysWhatItHasInstead) {
  write("a.txt", "words");
  const auto found = list_recordings(folder_);
  EXPECT_TRUE(absl::IsInvalidArgument(found.status()));
  EXPECT_THAT(std::string(found.status().message()),
              ::testing::AllOf(HasSubstr("no recordings"), HasSubstr("a.txt")));
}

}  // namespace
}  // namespace durward
