// The seed corpus that make_corpus.py wrote, and pickles written by hand for what Python's pickler
// would never write.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "support/folders.h"

namespace durward {

inline std::vector<std::byte> corpus_file(std::string_view name) {
  const auto bytes = read_file(source_folder() / "tests/formats/torch/corpus/torch" / name);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.value_or(std::vector<std::byte>{});
}

inline std::vector<std::byte> to_bytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

template <typename T>
std::string little_endian(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

namespace pickled {

inline std::string text(std::string_view value) {
  return absl::StrCat("X", little_endian(static_cast<uint32_t>(value.size())), std::string(value));
}
inline std::string integer(int64_t value) { return absl::StrCat("\x8a\x08", little_endian(value)); }
inline std::string integers(const std::vector<int64_t>& values) {
  std::string items;
  for (const int64_t value : values) items += integer(value);
  return absl::StrCat("(", items, "t");
}
inline std::string program(std::string_view body) {
  return absl::StrCat("\x80\x02", std::string(body), ".");
}

// A float32 tensor over the storage "0".
inline std::string tensor(int64_t storage_count, int64_t offset, const std::vector<int64_t>& sizes,
                          const std::vector<int64_t>& strides) {
  return absl::StrCat("ctorch._utils\n_rebuild_tensor_v2\n((", text("storage"),
                      "ctorch\nFloatStorage\n", text("0"), text("cpu"), integer(storage_count),
                      "NtQ", integer(offset), integers(sizes), integers(strides), "\x89}tR");
}

}  // namespace pickled

// A legacy checkpoint of one pickled value, with the storage "0" of these floats.
inline std::vector<std::byte> legacy_checkpoint(std::string_view body,
                                                const std::vector<float>& storage) {
  std::string file = pickled::program("\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19");
  file += pickled::program(pickled::integer(1001));
  file += pickled::program(absl::StrCat("}", pickled::text("little_endian"), "\x88s"));
  file += pickled::program(body);
  file += pickled::program(absl::StrCat("]", pickled::text("0"), "a"));
  file += little_endian(static_cast<int64_t>(storage.size()));
  for (const float value : storage) file += little_endian(value);
  return to_bytes(file);
}

}  // namespace durward
