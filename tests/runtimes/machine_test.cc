#include "runtimes/machine.h"

#include <gtest/gtest.h>

namespace durward {
namespace {

TEST(Machine, SaturatesInt8SumsWithAvx2Alone) {
  const auto saturates = [](const char* flags) {
    return saturates_int8_sums(parse_cpuinfo(flags));
  };
  EXPECT_TRUE(saturates("processor : 0\nflags : fpu sse2 avx avx2 fma\n"));
  EXPECT_TRUE(saturates("processor : 0\nflags : avx2 avx512f avx512bw\n"));
  EXPECT_FALSE(saturates("processor : 0\nflags : avx2 fma avx_vnni\n"));
  EXPECT_FALSE(saturates("processor : 0\nflags : avx2 avx512f avx512_vnni\n"));
  EXPECT_FALSE(saturates("processor : 0\nFeatures : fp asimd asimddp\n"));
}

}  // namespace
}  // namespace durward
