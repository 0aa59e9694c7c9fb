// Made-up pictures, and a store of them.
#pragma once

#include <gtest/gtest.h>

#include "base/random.h"
#include "data/image.h"
#include "data/input_spec.h"
#include "pipeline/crops.h"

namespace durward {

// Whole pictures of 16 x 16, values about -1..1.
inline InputSpec small_spec() {
  return {.width = 16,
          .height = 16,
          .mean = {127.5, 127.5, 127.5},
          .std = {128, 128, 128},
          .alignment = Alignment::kNone};
}

inline Image random_picture(uint64_t seed, int width = 16, int height = 16) {
  Random random(seed);
  Image image(width, height);
  for (uint8_t& value : image.rgb) value = static_cast<uint8_t>(256 * random.uniform());
  return image;
}

inline CropStore store_of(int pictures) {
  absl::StatusOr<CropStore> store = CropStore::create(16, 16);
  EXPECT_TRUE(store.ok()) << store.status();
  for (int i = 0; i < pictures; ++i)
    EXPECT_TRUE(store->append(random_picture(static_cast<uint64_t>(i))).ok());
  return *std::move(store);
}

inline Samples samples_of(int pictures) {
  return crop_samples(std::make_shared<const CropStore>(store_of(pictures)), small_spec());
}

}  // namespace durward
