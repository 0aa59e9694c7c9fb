// The seeds of plan_fuzz are plans of every kind of call, as this version writes them. After a
// change of the format that is meant: DURWARD_WRITE_SEEDS=1 engine_test --gtest_filter=PlanCorpus.*
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "engine/every_call.h"
#include "engine/hand_plan.h"
#include "support/folders.h"

namespace durward {
namespace {

std::map<std::string, std::vector<std::byte>> seeds() {
  std::map<std::string, std::vector<std::byte>> result;
  for (const KernelCall& call : every_call()) {
    result.try_emplace("kind_" + std::to_string(call.index()), plan_of(call).bytes());
  }
  const HandPlan streamed = small_streamed_plan();
  result["streamed"] = write_plan(in_bands(streamed.plan()));
  return result;
}

TEST(PlanCorpus, IsWhatThisVersionWrites) {
  for (const auto& [name, bytes] : seeds()) {
    const std::string path = source_folder() / "tests/engine/corpus/plan" / (name + ".plan");
    const auto* text = reinterpret_cast<const char*>(bytes.data());
    if (std::getenv("DURWARD_WRITE_SEEDS") != nullptr) {
      std::ofstream(path, std::ios::binary).write(text, static_cast<std::streamsize>(bytes.size()));
    }
    std::ifstream file(path, std::ios::binary);
    const std::string committed{std::istreambuf_iterator<char>(file), {}};
    EXPECT_TRUE(committed == std::string(text, bytes.size())) << path;
  }
}

}  // namespace
}  // namespace durward
