// What other runtimes' arithmetic depends on.
#pragma once

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

namespace durward {

// Whether ONNX Runtime and OpenVINO add up products of bytes in pairs of 16 bits, which large ones
// saturate (vpmaddubsw): on x86 without VNNI. What they compute there is not what the model says.
[[nodiscard]] inline bool peers_saturate() {
#if defined(__x86_64__)
  std::ifstream file("/proc/cpuinfo");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return text.find("avx512_vnni") == std::string::npos &&
         text.find("avx_vnni") == std::string::npos;
#else
  return false;
#endif
}

inline constexpr const char* kPeersSaturate =
    "ONNX Runtime and OpenVINO saturate sums of bytes on processors without VNNI, as this one";

}  // namespace durward
