// A small bundle with a member of every kind, and ways to take bundles apart and put others
// together.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "bundle/bundle_writer.h"
#include "bundle/zip_reader.h"
#include "bundle/zip_writer.h"

namespace durward {

inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

inline std::vector<std::byte> to_bytes(std::string_view text) {
  const auto bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

inline std::string as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Manifest sample_manifest() {
  Manifest manifest;
  manifest.tool_version = "0.1.0";
  manifest.model = {"tiny", std::string(64, 'a')};
  manifest.preprocessing = {{"version", 1}, {"width", 112}, {"height", 112}, {"channels", "RGB"}};
  manifest.certificate = {
      .score = "cosine",
      .method = "smallest threshold with that FAR",
      .trials_sha256 = std::string(64, 'b'),
      .people = 300,
      .genuine_trials = 3000,
      .impostor_trials = 30000,
      .points = {{.far = 1e-3,
                  .threshold = 0.3125,
                  .threshold_interval = {{0.29, 0.34}},
                  .far_bound = 2e-3,
                  .tar = 0.98,
                  .tar_bound = 0.96},
                 {.far = 5e-4,
                  .threshold = 0.4,
                  .threshold_interval = std::nullopt,
                  .far_bound = 1e-3,
                  .tar = 0.97,
                  .tar_bound = 0.95}},
      .refused = {{1e-6, "needs 3000000 impostor trials"}},
      .templates = {{.model_sha256 = std::string(64, 'd'),
                     .losses = {{1e-3, -0.001, 0.002}, {5e-4, 0.001, std::nullopt}}}}};
  manifest.lineage = {std::string(64, 'c'), {{"observer", "mse"}, {"equalized", true}}};
  return manifest;
}

inline BundleWriter sample_writer() {
  BundleWriter writer(sample_manifest());
  EXPECT_TRUE(writer.add("evidence/result.json", "application/json", to_bytes("{}")).ok());
  EXPECT_TRUE(writer.add("exports/tiny.int8.tflite", "application/octet-stream", {}).ok());
  EXPECT_TRUE(writer.add("plan.fb", "application/octet-stream", to_bytes("a plan")).ok());
  EXPECT_TRUE(writer.add("golden/0.in", "application/octet-stream", to_bytes("inputs")).ok());
  EXPECT_TRUE(writer.add("golden/0.out", "application/octet-stream", to_bytes("outputs")).ok());
  return writer;
}

// The same key in every run: seeds count up from `first`.
inline SecretKey sample_key(uint8_t first = 1) {
  std::array<std::byte, SecretKey::kSeedBytes> seed{};
  for (size_t i = 0; i < seed.size(); ++i) seed[i] = static_cast<std::byte>(first + i);
  return SecretKey::from_seed(seed);
}

inline std::string sample_bundle(const SecretKey* key) {
  const auto path = std::filesystem::path(::testing::TempDir()) /
                    absl::StrCat("durward_sample_", ::getpid(), ".bundle");
  EXPECT_TRUE(sample_writer().write(path, key).ok());
  const auto text = read_text_file(path);
  std::filesystem::remove(path);
  return text.ok() ? *text : "";
}

struct Part {
  std::string name, bytes;
};

// The members of a good archive.
inline std::vector<Part> take_apart(std::string_view archive) {
  const auto members = read_zip(as_bytes(archive));
  EXPECT_TRUE(members.ok()) << members.status();
  std::vector<Part> parts;
  if (!members.ok()) return parts;
  for (const ZipMember& member : *members) {
    parts.push_back({std::string(member.name), as_text(member.bytes)});
  }
  return parts;
}

// An archive of these members, whatever they are.
inline std::string put_together(const std::vector<Part>& parts) {
  std::string archive;
  ZipWriter zip([&](std::span<const std::byte> bytes) {
    archive += as_text(bytes);
    return absl::OkStatus();
  });
  for (const Part& part : parts) EXPECT_TRUE(zip.add(part.name, as_bytes(part.bytes)).ok());
  EXPECT_TRUE(zip.finish().ok());
  return archive;
}

}  // namespace durward
