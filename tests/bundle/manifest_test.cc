#include "bundle/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "bundle/sample.h"

namespace durward {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Manifest whole_manifest() {
  Manifest manifest = sample_manifest();
  manifest.members = {{"plan.fb", 6, std::string(64, '0'), "application/octet-stream"},
                      {"golden/0.in", 0, std::string(64, 'f'), "application/octet-stream"}};
  return manifest;
}

// The error of the sample's document with the value at a JSON pointer replaced by another.
std::string error_with(std::string_view pointer, json value) {
  json document = json::parse(*manifest_text(whole_manifest()));
  document[json::json_pointer(std::string(pointer))] = std::move(value);
  const auto manifest = parse_manifest(document.dump());
  return manifest.ok() ? "" : std::string(manifest.status().message());
}

std::string error_without(std::string_view object, std::string_view key) {
  json document = json::parse(*manifest_text(whole_manifest()));
  document[json::json_pointer(std::string(object))].erase(std::string(key));
  const auto manifest = parse_manifest(document.dump());
  return manifest.ok() ? "" : std::string(manifest.status().message());
}

TEST(Manifest, IsReadAsItWasWritten) {
  const auto text = manifest_text(whole_manifest());
  ASSERT_TRUE(text.ok()) << text.status();
  const auto manifest = parse_manifest(*text);
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ(*manifest, whole_manifest());
  EXPECT_EQ(*manifest_text(*manifest), *text);
}

TEST(Manifest, BeginsWithItsSchema) {
  EXPECT_THAT(*manifest_text(whole_manifest()),
              StartsWith("{\n  \"schema\": \"durward-bundle/1\",\n"));
}

TEST(Manifest, ThresholdsKeepEveryBit) {
  Manifest manifest = whole_manifest();
  manifest.certificate->points[0].threshold = 0.1 + 0.2;
  manifest.certificate->points[1].threshold = std::numeric_limits<double>::denorm_min();
  EXPECT_EQ(parse_manifest(*manifest_text(manifest))->certificate, manifest.certificate);
}

TEST(Manifest, AModelThatWasNotCalibratedOrEvaluatedHasNulls) {
  Manifest manifest = whole_manifest();
  manifest.lineage.calibration_sha256.reset();
  manifest.certificate.reset();
  EXPECT_EQ(*parse_manifest(*manifest_text(manifest)), manifest);
}

Manifest calibrated_manifest() {
  Manifest manifest = whole_manifest();
  manifest.score_calibration = {.calibration = {{"cosine", "log-seconds"}, {{24.5, 0.25}, -9.75}},
                                .trials_sha256 = std::string(64, 'b'),
                                .people = 300,
                                .genuine_trials = 1500,
                                .impostor_trials = 15000,
                                .cllr = 0.125,
                                .min_cllr = 0.0625};
  return manifest;
}

TEST(Manifest, AScoreCalibrationIsReadAsItWasWritten) {
  const auto text = manifest_text(calibrated_manifest());
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*parse_manifest(*text), calibrated_manifest());
}

TEST(Manifest, OneOfBeforeThereWereScoreCalibrationsStaysAsItIs) {
  const std::string text = *manifest_text(whole_manifest());
  EXPECT_THAT(text, ::testing::Not(HasSubstr("score_calibration")));
  EXPECT_EQ(parse_manifest(text)->score_calibration, std::nullopt);
}

TEST(Manifest, WrongFieldsOfAScoreCalibrationAreNamed) {
  const json good = json::parse(*manifest_text(calibrated_manifest()));
  for (const auto& [pointer, value, error] :
       std::vector<std::tuple<std::string, json, std::string>>{
           {"", json(), "score_calibration: must be an object"},
           {"/features", {"log-seconds", "cosine"}, "score_calibration: the first feature must be"},
           {"/features", json::array(), "score_calibration: the first feature must be"},
           {"/features", {"cosine", "cosine"}, "score_calibration: the feature \"cosine\" has"},
           {"/features", std::vector<json>(9, "cosine"), "score_calibration.features: must be a"},
           {"/weights", {1}, "score_calibration: there are 1 weights for 2 features"},
           {"/weights", {-1, 1}, "score_calibration: a higher score must speak more"},
           {"/weights", {"1", 1}, "score_calibration.weights[0]: must be a number"},
           {"/offset", json(), "score_calibration.offset: must be a number"},
           {"/people", 1, "score_calibration.people: must be a whole number from 2"},
           {"/genuine_trials", 0, "score_calibration.genuine_trials: must be a whole"},
           {"/cllr", -0.5, "score_calibration.cllr: must be at least 0"},
           {"/trials_sha256", "b", "score_calibration.trials_sha256: must be a SHA"},
       }) {
    json document = good;
    document[json::json_pointer("/score_calibration" + pointer)] = value;
    EXPECT_THAT(std::string(parse_manifest(document.dump()).status().message()), StartsWith(error))
        << pointer;
  }
}

TEST(Manifest, AnotherSchemaIsNamedBeforeAnythingElseIsRead) {
  const auto manifest = parse_manifest(R"({"schema": "durward-bundle/2", "news": []})");
  EXPECT_TRUE(absl::IsUnimplemented(manifest.status()));
  EXPECT_THAT(std::string(manifest.status().message()),
              HasSubstr("schema: \"durward-bundle/2\" is unknown; this version reads "
                        "\"durward-bundle/1\""));
  for (const std::string_view text : {"{}", R"({"schema": 1})", "[]", "null", "3"}) {
    EXPECT_THAT(std::string(parse_manifest(text).status().message()), StartsWith("schema: "));
  }
}

TEST(Manifest, WrongFieldsAreNamed) {
  const json digest_too_short = std::string(63, 'a'), upper_digest = std::string(64, 'A');
  for (const auto& [pointer, value, error] :
       std::vector<std::tuple<std::string, json, std::string>>{
           {"/tool_version", "", "tool_version: must be a text of 1 to 1024 bytes"},
           {"/tool_version", 1, "tool_version: must be a text"},
           {"/tool_version", std::string(1025, 'x'), "tool_version: must be a text"},
           {"/model", 3, "model: must be an object"},
           {"/model/name", "a\nb", "model.name: must be a text"},
           {"/model/name",
            "a\xc2\x9b"
            "2J",
            "model.name: must be a text"},
           {"/model/source_sha256", digest_too_short, "model.source_sha256: must be a SHA-256"},
           {"/model/source_sha256", upper_digest, "model.source_sha256: must be a SHA-256"},
           {"/preprocessing", json::array(), "preprocessing: must be an object"},
           {"/certificate", "good", "certificate: must be an object"},
           {"/certificate/score", "", "certificate.score: must be a text"},
           {"/certificate/method", json(), "certificate.method: must be a text"},
           {"/certificate/trials_sha256", json(), "certificate.trials_sha256: must be a SHA"},
           {"/certificate/people", 0, "certificate.people: must be a whole"},
           {"/certificate/impostor_trials", 0, "certificate.impostor_trials: must be a whole"},
           {"/certificate/genuine_trials", 2.5, "certificate.genuine_trials: must be a whole"},
           {"/certificate/genuine_trials", UINT64_MAX, "certificate.genuine_trials: must be a"},
           {"/certificate/points", json::object(), "certificate.points: must be a list"},
           {"/certificate/points/1/far", 1.0, "certificate.points[1].far: must be between 0 and"},
           {"/certificate/points/1/far", 0, "certificate.points[1].far: must be between 0 and 1"},
           {"/certificate/points/1/far", "0.1", "certificate.points[1].far: must be a number"},
           {"/certificate/points/0/threshold", json(),
            "certificate.points[0].threshold: must be a number"},
           {"/certificate/points/0/threshold_interval", json::array({1}),
            "certificate.points[0].threshold_interval: must be null or"},
           {"/certificate/points/0/threshold_interval", json::array({2, 1}),
            "certificate.points[0].threshold_interval: must be null"},
           {"/certificate/points/0/threshold_interval", json::array({1, 2, 3}),
            "certificate.points[0].threshold_interval: must be"},
           {"/certificate/points/0/threshold_interval/1", "x",
            "certificate.points[0].threshold_interval[1]: must be a number"},
           {"/certificate/points/0/far_bound", -1e-3,
            "certificate.points[0].far_bound: must be from 0 to 1"},
           {"/certificate/points/0/tar", 1.5, "certificate.points[0].tar: must be from 0 to 1"},
           {"/certificate/points/0/tar_bound", json(),
            "certificate.points[0].tar_bound: must be a number"},
           {"/certificate/refused/0/far", 2, "certificate.refused[0].far: must be between"},
           {"/certificate/refused/0/reason", "", "certificate.refused[0].reason: must be a text"},
           {"/certificate/templates/0/model_sha256", digest_too_short,
            "certificate.templates[0].model_sha256: must be a SHA-256"},
           {"/certificate/templates/0/losses/1/tar_loss", json(),
            "certificate.templates[0].losses[1].tar_loss: must be a number"},
           {"/certificate/templates/0/losses/0/loss_bound", "none",
            "certificate.templates[0].losses[0].loss_bound: must be a number"},
           {"/lineage/calibration_sha256", "none", "lineage.calibration_sha256: must be a SHA-256"},
           {"/lineage/choices", "all", "lineage.choices: must be an object"},
           {"/members/0/path", "../plan.fb", "members[0].path: the member name \"../plan.fb\" is"},
           {"/members/0/bytes", -1,
            "members[0].bytes: must be a whole number from 0 to 2147483647"},
           {"/members/0/bytes", 4294967296, "members[0].bytes: must be a whole number"},
           {"/members/0/bytes", 1e300, "members[0].bytes: must be a whole number"},
           {"/members/1/sha256", 5, "members[1].sha256: must be a SHA-256"},
           {"/members/1/media_type", "text", "members[1].media_type: must be a media type"},
           {"/members/1/media_type", "text/", "members[1].media_type: must be a media type"},
           {"/members/1/media_type", "a/b c", "members[1].media_type: must be a media type"},
           {"/surprise", 1, "surprise: is unknown"},
           {"/certificate/surprise", 1, "certificate.surprise: is unknown"},
           {"/certificate/points/0/surprise", 1, "certificate.points[0].surprise: is unknown"},
           {"/lineage/surprise", 1, "lineage.surprise: is unknown"}}) {
    EXPECT_THAT(error_with(pointer, value), StartsWith(error)) << pointer;
  }
}

TEST(Manifest, EveryFieldIsRequired) {
  const json document = json::parse(*manifest_text(whole_manifest()));
  for (const auto& [object, path] : std::vector<std::pair<std::string, std::string>>{
           {"", ""},
           {"/model", "model."},
           {"/lineage", "lineage."},
           {"/certificate", "certificate."},
           {"/certificate/points/0", "certificate.points[0]."},
           {"/certificate/refused/0", "certificate.refused[0]."},
           {"/certificate/templates/0", "certificate.templates[0]."},
           {"/certificate/templates/0/losses/0", "certificate.templates[0].losses[0]."},
           {"/members/1", "members[1]."}}) {
    for (const auto& [key, unused] : document[json::json_pointer(object)].items()) {
      EXPECT_THAT(error_without(object, key), StartsWith(path + key + ": ")) << object;
    }
  }
}

TEST(Manifest, WhatTheReaderRefusesIsNotWritten) {
  Manifest manifest = whole_manifest();
  manifest.certificate->points[1].threshold = std::numeric_limits<double>::quiet_NaN();
  const auto text = manifest_text(manifest);
  EXPECT_TRUE(absl::IsInvalidArgument(text.status()));
  EXPECT_THAT(std::string(text.status().message()),
              StartsWith("certificate.points[1].threshold: "));
}

TEST(HostileManifest, TextThatIsNoJsonIsRefused) {
  for (const std::string_view text : {"", "{", "{\"schema\": \"durward-bundle/1\"} x", "\xff",
                                      "{\"a\": 1e999}", "{\"a\": NaN}"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(parse_manifest(text).status())) << text;
  }
  const std::string text = *manifest_text(whole_manifest());
  for (size_t size = 0; size + 1 < text.size(); ++size) {  // the last byte is a line's end
    EXPECT_FALSE(parse_manifest(text.substr(0, size)).ok()) << size;
  }
}

TEST(HostileManifest, AKeyThatAppearsTwiceIsRefused) {
  std::string text = *manifest_text(whole_manifest());
  text.insert(1, "\"tool_version\": \"9\",");
  EXPECT_THAT(std::string(parse_manifest(text).status().message()),
              HasSubstr("the key \"tool_version\" appears twice"));
}

TEST(HostileManifest, DeepNestingIsRefused) {
  for (const size_t depth : {33u, 1'000'000u}) {
    const std::string text = std::string(depth, '[') + std::string(depth, ']');
    EXPECT_THAT(std::string(parse_manifest(text).status().message()),
                HasSubstr("nested deeper than 32"));
  }
  json choices = json::object();
  for (int i = 0; i < 29; ++i) choices = {{"a", choices}};  // in two more objects
  EXPECT_EQ(error_with("/lineage/choices", choices), "");
}

TEST(HostileManifest, AHugeTextIsRefused) {
  const auto manifest = parse_manifest(std::string((size_t{4} << 20) + 1, ' '));
  EXPECT_THAT(std::string(manifest.status().message()), HasSubstr("more than the limit"));
}

}  // namespace
}  // namespace durward
