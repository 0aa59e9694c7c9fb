#include "bundle/bundle_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>

#include "bundle/sample.h"
#include "support/folders.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

class BundleWriterTest : public TemporaryFolderTest {
 protected:
  size_t files() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }
  // Whether the program says that the file is a good archive; skipped where it is not installed.
  static bool accepts(const std::string& command) {
    return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
  }
  const SecretKey key_ = sample_key();
};

TEST_F(BundleWriterTest, TheOrderOfAddingDoesNotMatter) {
  BundleWriter forward(sample_manifest()), backward(sample_manifest());
  const std::vector<std::string> paths = {"evidence/a", "exports/a", "exports/b", "golden/z",
                                          "plan.fb"};
  for (const std::string& path : paths) {
    ASSERT_TRUE(forward.add(path, "a/b", to_bytes(path)).ok());
  }
  for (auto path = paths.rbegin(); path != paths.rend(); ++path) {
    ASSERT_TRUE(backward.add(*path, "a/b", to_bytes(*path)).ok());
  }
  ASSERT_TRUE(forward.write(folder_ / "forward", &key_).ok());
  ASSERT_TRUE(backward.write(folder_ / "backward", &key_).ok());
  EXPECT_EQ(*read_text_file(folder_ / "forward"), *read_text_file(folder_ / "backward"));
}

// make_corpus.py wrote these by docs/bundle.md alone, with Python's hashlib and zlib and OpenSSL.
TEST_F(BundleWriterTest, TheBytesAreThoseOfTheDocumentedFormat) {
  const std::filesystem::path corpus = source_folder() / "tests/bundle/corpus/bundle";
  EXPECT_EQ(sample_bundle(nullptr), *read_text_file(corpus / "unsigned.bundle"));
  EXPECT_EQ(sample_bundle(&key_), *read_text_file(corpus / "signed.bundle"));
}

TEST_F(BundleWriterTest, FilesAreCopiedAsTheyAre) {
  const std::string large(3'000'000, 'x');
  BundleWriter writer = sample_writer();
  ASSERT_TRUE(writer.add_file("exports/large.onnx", "a/b", write("large.onnx", large)).ok());
  ASSERT_TRUE(writer.add_file("exports/empty.onnx", "a/b", write("empty.onnx", "")).ok());
  ASSERT_TRUE(writer.write(folder_ / "a.bundle", &key_).ok());
  const auto bundle = Bundle::open(folder_ / "a.bundle");
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_EQ(as_text(*bundle->member("exports/large.onnx")), large);
  EXPECT_TRUE(bundle->member("exports/empty.onnx")->empty());
  EXPECT_TRUE(bundle->check_members().ok());
}

TEST_F(BundleWriterTest, AFileThatChangedIsNotBundled) {
  for (const std::string_view now : {"longer than before", "short", "befors"}) {
    BundleWriter writer = sample_writer();
    ASSERT_TRUE(writer.add_file("exports/a", "a/b", write("a", "before")).ok());
    write("a", now);
    const absl::Status status = writer.write(folder_ / "a.bundle");
    EXPECT_TRUE(absl::IsAborted(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("changed while it was being bundled"));
    EXPECT_EQ(files(), 1u);
  }
}

TEST_F(BundleWriterTest, WrongMembersAreRefused) {
  BundleWriter writer = sample_writer();
  for (const std::string_view path :
       {"manifest.json", "manifest.sig", "other", "other/a", "golden", "golden/", "golden/../a",
        "plan.fb", "Golden/0.in", "golden/0.IN", "/golden/a", "exports/a b"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(writer.add(std::string(path), "a/b", {}))) << path;
  }
  EXPECT_TRUE(absl::IsNotFound(writer.add_file("exports/a", "a/b", folder_ / "absent")));
}

TEST_F(BundleWriterTest, ABundleWithoutAPlanIsNotWritten) {
  BundleWriter writer(sample_manifest());
  ASSERT_TRUE(writer.add("golden/0.in", "a/b", {}).ok());
  EXPECT_THAT(std::string(writer.write(folder_ / "a.bundle").message()),
              HasSubstr("a bundle needs a plan"));
  EXPECT_EQ(files(), 0u);
}

TEST_F(BundleWriterTest, AManifestThatCannotBeReadIsNotWritten) {
  Manifest manifest = sample_manifest();
  manifest.certificate->points[1].far = 2;
  BundleWriter writer(manifest);
  ASSERT_TRUE(writer.add("plan.fb", "a/b", {}).ok());
  EXPECT_THAT(std::string(writer.write(folder_ / "a.bundle").message()),
              HasSubstr("manifest.json: certificate.points[1].far: must be between 0 and 1"));
  EXPECT_EQ(files(), 0u);
}

TEST_F(BundleWriterTest, AFullDiskLeavesTheOldBundleAndNothingElse) {
  const auto path = write("a.bundle", "old");
  BundleWriter writer = sample_writer();
  ASSERT_TRUE(writer.add("exports/large", "a/b", std::vector<std::byte>(100'000)).ok());
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{50'000, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::Status status = writer.write(path);
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_EQ(*read_text_file(path), "old");
  EXPECT_EQ(files(), 1u);
}

TEST_F(BundleWriterTest, SigningReplacesTheSignatureAndNothingElse) {
  const auto path = write("a.bundle", sample_bundle(nullptr));
  const SecretKey other = sample_key(2);
  ASSERT_TRUE(sign_bundle(*Bundle::open(path), other, path).ok());
  EXPECT_EQ(*read_text_file(path), sample_bundle(&other));
  ASSERT_TRUE(sign_bundle(*Bundle::open(path), key_, path).ok());
  EXPECT_EQ(*read_text_file(path), sample_bundle(&key_));
}

TEST_F(BundleWriterTest, ADamagedBundleIsNotSigned) {
  std::vector<Part> parts = take_apart(sample_bundle(nullptr));
  parts.back().bytes[0] ^= 1;  // evidence, which opening does not check
  const auto path = write("a.bundle", put_together(parts));
  const auto bundle = Bundle::open(path);
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_TRUE(absl::IsDataLoss(sign_bundle(*bundle, key_, folder_ / "b.bundle")));
  EXPECT_EQ(files(), 1u);
}

TEST_F(BundleWriterTest, PythonAndUnzipReadIt) {
  const auto path = write("a.bundle", sample_bundle(&key_));
  if (!accepts("python3 --version") || !accepts("unzip -v")) {
    GTEST_SKIP() << "python3 or unzip is not installed";
  }
  EXPECT_TRUE(accepts("python3 -m zipfile -t " + path.string()));
  EXPECT_TRUE(accepts("unzip -tq " + path.string()));
  EXPECT_FALSE(accepts("unzip -tq " + write("none", "no archive").string()));
}

}  // namespace
}  // namespace durward
