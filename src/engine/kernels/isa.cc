#include "engine/kernels/isa.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace durward {

#if defined(__x86_64__)
namespace {

constexpr Isa kIsas[] = {Isa::kPortable, Isa::kAvx2, Isa::kAvxVnni, Isa::kAvx512Vnni, Isa::kAmx};

// XCR0: which registers the operating system saves.
uint64_t saved_registers() {
  uint32_t low = 0, high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t{high} << 32) | low;
}

struct Features {
  bool avx2 = false, avx_vnni = false, avx512_vnni = false, amx = false;
};

// Bits as in Intel's Software Developer's Manual, volume 2A, CPUID.
Features detect() {
  Features found;
  uint32_t a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return found;
  const bool os_saves = ((c >> 27) & 1) != 0;
  const bool fma = ((c >> 12) & 1) != 0;
  if (!os_saves || __get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return found;
  const uint32_t subleaves = a, b7 = b, c7 = c, d7 = d;
  const uint64_t saved = saved_registers();
  constexpr uint64_t kAvxState = 0x6, kAvx512State = 0xe6, kTileState = 0x60000;
  if ((saved & kAvxState) != kAvxState) return found;
  found.avx2 = fma && ((b7 >> 5) & 1) != 0;
  if (subleaves >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0) {
    found.avx_vnni = found.avx2 && ((a >> 4) & 1) != 0;
  }
  const bool foundation_bw_dq_vl = ((b7 >> 16) & 1) != 0 && ((b7 >> 30) & 1) != 0 &&
                                   ((b7 >> 17) & 1) != 0 && ((b7 >> 31) & 1) != 0;
  const bool vbmi = ((c7 >> 1) & 1) != 0;
  found.avx512_vnni = (saved & kAvx512State) == kAvx512State && foundation_bw_dq_vl && vbmi &&
                      ((c7 >> 11) & 1) != 0;
  if (found.avx512_vnni && (saved & kTileState) == kTileState && ((d7 >> 24) & 1) != 0 &&
      ((d7 >> 25) & 1) != 0) {
    // Linux gives tile registers to those who ask: arch_prctl(ARCH_REQ_XCOMP_PERM, XTILEDATA).
    constexpr long kRequestPermission = 0x1023, kTileData = 18;
    found.amx = syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  }
  return found;
}

}  // namespace

bool available(Isa isa) noexcept {
  static const Features features = detect();
  switch (isa) {
    case Isa::kPortable:
      return true;
    case Isa::kAvx2:
      return features.avx2;
    case Isa::kAvxVnni:
      return features.avx_vnni;
    case Isa::kAvx512Vnni:
      return features.avx512_vnni;
    case Isa::kAmx:
      return features.amx;
    default:
      return false;
  }
}
#elif defined(__aarch64__)
namespace {
constexpr Isa kIsas[] = {Isa::kPortable, Isa::kNeon, Isa::kNeonDotprod, Isa::kNeonI8mm};
}

bool available(Isa isa) noexcept {
  switch (isa) {
    case Isa::kPortable:
    case Isa::kNeon:  // part of every AArch64 that runs Linux
      return true;
    case Isa::kNeonDotprod:
      return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
    case Isa::kNeonI8mm:
      return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0 &&
             (getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0;
    default:
      return false;
  }
}
#else
namespace {
constexpr Isa kIsas[] = {Isa::kPortable};
}
bool available(Isa isa) noexcept { return isa == Isa::kPortable; }
#endif

std::span<const Isa> isas() noexcept { return kIsas; }

const char* name(Isa isa) noexcept {
  switch (isa) {
    case Isa::kPortable:
      return "portable";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvxVnni:
      return "avx-vnni";
    case Isa::kAvx512Vnni:
      return "avx512-vnni";
    case Isa::kAmx:
      return "amx";
    case Isa::kNeon:
      return "neon";
    case Isa::kNeonDotprod:
      return "neon-dotprod";
    case Isa::kNeonI8mm:
      return "neon-i8mm";
  }
  return "unknown";
}

}  // namespace durward
