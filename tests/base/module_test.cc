#include "base/module.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

// Any shared library will do: the C library's mathematics.
constexpr const char* kLibrary = "libm.so.6";

TEST(ModuleFunction, IsTheFunctionOfThatName) {
  const auto function = module_function(kLibrary, "cos");
  ASSERT_TRUE(function.ok()) << function.status();
  EXPECT_EQ(reinterpret_cast<double (*)(double)>(*function)(0), 1);
}

TEST(ModuleFunction, SaysWhatIsMissingAndWhatToDo) {
  const auto no_file = module_function("/nowhere/libdurward_none.so", "anything");
  EXPECT_TRUE(absl::IsUnavailable(no_file.status()));
  EXPECT_THAT(std::string(no_file.status().message()),
              testing::AllOf(HasSubstr("libdurward_none.so"), HasSubstr("DURWARD_MODULES")));
  const auto no_function = module_function(kLibrary, "durward_no_such_function");
  EXPECT_TRUE(absl::IsUnavailable(no_function.status()));
  EXPECT_THAT(std::string(no_function.status().message()), HasSubstr("durward_no_such_function"));
}

using ModuleFolderTest = TemporaryFolderTest;

TEST_F(ModuleFolderTest, AFolderThatIsNamedGoesBeforeTheBuild) {
  ::setenv("DURWARD_MODULES", folder_.c_str(), 1);
  const auto function = module_function(kLibrary, "cos");
  ::unsetenv("DURWARD_MODULES");
  EXPECT_TRUE(absl::IsUnavailable(function.status()));
  EXPECT_THAT(std::string(function.status().message()), HasSubstr(folder_.string()));
}

}  // namespace
}  // namespace durward
