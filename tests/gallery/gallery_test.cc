#include "gallery/gallery.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

std::vector<float> direction(Random& random, int dims) {
  std::vector<float> values(static_cast<size_t>(dims));
  for (float& value : values) {
    value = static_cast<float>(random.uniform() + random.uniform() + random.uniform() - 1.5);
  }
  return values;
}

// The same person again: about the cosine that face models give.
std::vector<float> near(const std::vector<float>& embedding, Random& random) {
  std::vector<float> values = direction(random, static_cast<int>(embedding.size()));
  for (size_t i = 0; i < values.size(); ++i) values[i] = embedding[i] + 0.8F * values[i];
  return values;
}

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    ab += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    aa += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    bb += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  return ab / std::sqrt(aa * bb);
}

struct People {
  std::vector<std::vector<float>> embeddings;
  Gallery gallery;
};

People people(int count, int dims, uint64_t seed, Isa highest = kFastestIsa) {
  Random random(seed);
  People all{{}, Gallery::create(dims, highest).value()};
  for (int i = 0; i < count; ++i) {
    all.embeddings.push_back(direction(random, dims));
    EXPECT_TRUE(all.gallery.add(all.embeddings.back()).ok());
  }
  return all;
}

// What rounds first halves and drops templates finds what the whole int8 vectors give: with a
// gallery that holds a template alone nothing is dropped.
TEST(Gallery, FindsWhatEveryTemplateAloneScores) {
  for (const int dims : {7, 128, 192, 256, 512}) {
    const People all = people(1000, dims, static_cast<uint64_t>(dims));
    Random random(99);
    for (int probe = 0; probe < 10; ++probe) {
      const std::vector<float> embedding =
          probe % 2 == 0 ? near(all.embeddings[static_cast<size_t>(probe * 100)], random)
                         : direction(random, dims);
      std::vector<Gallery::Match> expected;
      for (size_t row = 0; row < all.embeddings.size(); ++row) {
        Gallery alone = Gallery::create(dims).value();
        ASSERT_TRUE(alone.add(all.embeddings[row]).ok());
        expected.push_back(
            {static_cast<int64_t>(row), alone.search(embedding, 1).value()[0].score});
      }
      std::stable_sort(expected.begin(), expected.end(),
                       [](const auto& a, const auto& b) { return a.score > b.score; });
      for (const int count : {1, 5, 50}) {
        EXPECT_EQ(all.gallery.search(embedding, count).value(),
                  std::vector(expected.begin(), expected.begin() + count));
      }
    }
  }
}

TEST(Gallery, ScoresAreTheCosinesOfTheEmbeddings) {
  const People all = people(300, 512, 5);
  Random random(6);
  const std::vector<float> probe = near(all.embeddings[17], random);
  const std::vector<Gallery::Match> found = all.gallery.search(probe, 300).value();
  ASSERT_EQ(found.size(), 300u);
  EXPECT_EQ(found[0].row, 17);
  for (const Gallery::Match& match : found) {
    EXPECT_NEAR(static_cast<double>(match.score),
                cosine(probe, all.embeddings[static_cast<size_t>(match.row)]), 2e-3);
  }
}

// Recall of the nearest template against float, of probes of people who are enrolled.
TEST(Gallery, FindsWhomFloatFinds) {
  const People all = people(2000, 512, 8);
  Random random(9);
  int equal = 0;
  constexpr int kProbes = 2000;
  for (int probe = 0; probe < kProbes; ++probe) {
    const std::vector<float> embedding = near(all.embeddings[static_cast<size_t>(probe)], random);
    size_t nearest = 0;
    double best = -2;
    for (size_t row = 0; row < all.embeddings.size(); row += 1) {
      // A twentieth of all, and the right one, are enough to be wrong about.
      if (row % 20 != 0 && row != static_cast<size_t>(probe)) continue;
      const double score = cosine(embedding, all.embeddings[row]);
      if (score > best) {
        best = score;
        nearest = row;
      }
    }
    equal += all.gallery.search(embedding, 1).value()[0].row == static_cast<int64_t>(nearest);
  }
  EXPECT_GE(equal, kProbes * 999 / 1000);
}

TEST(Gallery, IsTheSameOnAnyInstructionSetAndNumberOfThreads) {
  const People one = people(70000, 128, 3, Isa::kPortable);
  const People other = people(70000, 128, 3);
  Random random(4);
  for (int probe = 0; probe < 3; ++probe) {
    const std::vector<float> embedding = direction(random, 128);
    const std::vector<Gallery::Match> expected = one.gallery.search(embedding, 20).value();
    EXPECT_EQ(other.gallery.search(embedding, 20, 1).value(), expected);
    EXPECT_EQ(other.gallery.search(embedding, 20, 3).value(), expected);
  }
}

TEST(Gallery, OfEqualScoresTheEarlierIsFirst) {
  Gallery gallery = Gallery::create(4).value();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(gallery.add(std::vector<float>{1, 2, 3, 4}).ok());
  const std::vector<Gallery::Match> found =
      gallery.search(std::vector<float>{4, 3, 2, 1}, 3).value();
  ASSERT_EQ(found.size(), 3u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(found[static_cast<size_t>(i)].row, i);
}

TEST(Gallery, AnEmptyOneFindsNobody) {
  const Gallery gallery = Gallery::create(4).value();
  EXPECT_TRUE(gallery.search(std::vector<float>{1, 0, 0, 0}, 5)->empty());
}

TEST(Gallery, WhatIsNoEmbeddingIsRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(Gallery::create(0).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Gallery::create(4097).status()));
  Gallery gallery = Gallery::create(2).value();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  for (const std::vector<float>& values : std::vector<std::vector<float>>{
           {}, {1}, {1, 2, 3}, {1, nan}, {infinity, 1}, {0, 0}, {1e-45F, 0}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(gallery.add(values)));
    EXPECT_TRUE(absl::IsInvalidArgument(gallery.search(values, 1).status()));
  }
  EXPECT_EQ(gallery.size(), 0);
  EXPECT_THAT(std::string(gallery.add(std::vector<float>{1}).message()),
              HasSubstr("has 1 values instead of 2"));
}

}  // namespace
}  // namespace durward
