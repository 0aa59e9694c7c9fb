// The seeds of the fuzz target, whole and damaged: read or refused, and what is read can be
// written.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/random.h"
#include "formats/onnx/reader.h"
#include "formats/onnx/writer.h"
#include "support/folders.h"

namespace durward {
namespace {

using Bytes = std::vector<std::byte>;

std::vector<std::filesystem::path> seeds() {
  std::set<std::filesystem::path> paths;  // sorted, so that every run is the same
  const std::filesystem::path folder = source_folder() / "tests/formats/onnx/corpus/onnx";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.insert(entry.path());
  return {paths.begin(), paths.end()};
}

// One to four bytes replaced, removed or repeated.
Bytes damaged(Bytes bytes, Random& random) {
  for (uint64_t edits = 1 + random.below(4); edits > 0 && !bytes.empty(); --edits) {
    const auto at = bytes.begin() + static_cast<int64_t>(random.below(bytes.size()));
    switch (random.below(3)) {
      case 0:
        *at = static_cast<std::byte>(random.below(256));
        break;
      case 1:
        bytes.erase(at);
        break;
      default:
        bytes.insert(at, *at);
    }
  }
  return bytes;
}

TEST(DamagedOnnx, SeedsAreReadOrRefusedForTheirReason) {
  const std::set<std::string> refused = {"external.onnx", "nhwc_unsupported.onnx"};
  ASSERT_GE(seeds().size(), 8u);
  for (const std::filesystem::path& path : seeds()) {
    const auto graph = read_onnx(path);
    EXPECT_EQ(graph.ok(), !refused.contains(path.filename().string())) << graph.status();
    if (graph.ok()) {
      const auto written = write_onnx(*graph);
      ASSERT_TRUE(written.ok()) << path << written.status();
      EXPECT_TRUE(read_onnx(std::as_bytes(std::span(*written))).ok()) << path;
    }
  }
}

TEST(DamagedOnnx, EveryDamageIsReadOrRefused) {
  Random random(3);
  int read = 0, not_read = 0;
  for (const std::filesystem::path& path : seeds()) {
    const auto seed = read_file(path);
    ASSERT_TRUE(seed.ok()) << seed.status();
    for (int trial = 0; trial < 1000; ++trial) {
      const auto graph = read_onnx(damaged(*seed, random));
      if (!graph.ok()) {
        EXPECT_NE(graph.status().code(), absl::StatusCode::kInternal) << graph.status();
        EXPECT_FALSE(graph.status().message().empty());
        ++not_read;
        continue;
      }
      const auto written = export_onnx(*graph, {.all_activations = true});
      EXPECT_TRUE(written.ok() || !written.status().message().empty());
      ++read;
    }
  }
  // The damage is neither so small that nothing is noticed nor so large that all stops early.
  EXPECT_GT(read, 100);
  EXPECT_GT(not_read, 100);
}

}  // namespace
}  // namespace durward
