// micro_random_models FOLDER COUNT SEED: exports of random plans, FOLDER/random0 and so on, whose
// golden vectors the engine computes here: for scripts/test-micro.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "micro/engine_golden.h"
#include "micro/random_plan.h"

namespace durward {
namespace {

constexpr int kCallsPerPlan = 3 * RandomPlan::kKinds;

bool write_model(const std::filesystem::path& folder, const std::string& name, uint64_t seed) {
  const AlignedBytes plan(random_plan(seed, kCallsPerPlan));
  std::unique_ptr<Session> session;
  if (!Session::create(plan.bytes(), {}, session).ok()) return false;
  const auto files = export_c(session->plan(), name, engine_golden(*session, 1, seed), {});
  if (!files.ok()) return false;
  for (const CFile& file : files->files) {
    const std::filesystem::path path = folder / name / file.name;
    std::filesystem::create_directories(path.parent_path());
    if (!(std::ofstream(path, std::ios::binary) << file.text)) return false;
  }
  return true;
}

}  // namespace
}  // namespace durward

int main(int count, char** arguments) {
  if (count != 4) {
    std::fprintf(stderr, "usage: micro_random_models FOLDER COUNT SEED\n");
    return 2;
  }
  const uint64_t seed = std::strtoull(arguments[3], nullptr, 10);
  for (int i = 0; i < std::atoi(arguments[2]); ++i) {
    const std::string name = "random" + std::to_string(i);
    if (!durward::write_model(arguments[1], name, seed + static_cast<uint64_t>(i))) {
      std::fprintf(stderr, "micro_random_models: cannot write %s\n", name.c_str());
      return 1;
    }
  }
  return 0;
}
