#include "device/isa_limits.h"

namespace durward::device {

IsaLimit int8_limit(Isa isa) {
  switch (isa) {
    case Isa::kPortable:
      return {0, "depends on the compiler"};
    case Isa::kAvx2:
      return {32,
              "two vpmaddwd of 16 products of 16 bits a cycle: Intel 64 and IA-32 Architectures "
              "Optimization Reference Manual, ports 0 and 1 since Haswell"};
    case Isa::kAvxVnni:
      return {64,
              "two vpdpbusd of 32 products a cycle, ymm: Intel 64 and IA-32 Architectures "
              "Optimization Reference Manual, ports 0 and 1 since Alder Lake"};
    case Isa::kAvx512Vnni:
      return {128,
              "two vpdpbusd of 64 products a cycle, zmm: Intel 64 and IA-32 Architectures "
              "Optimization Reference Manual, servers with ports 0 and 5"};
    case Isa::kAmx:
      return {1024,
              "a tdpbusd of 16x16x64 products every 16 cycles: Intel 64 and IA-32 Architectures "
              "Optimization Reference Manual, chapter on AMX (2048 int8 operations a cycle)"};
    case Isa::kNeon:
      return {8,
              "one smull or smlal of 8 products a cycle: Arm Cortex-A72 Software Optimization "
              "Guide, ASIMD multiply long, pipeline F0"};
    case Isa::kNeonDotprod:
      return {32,
              "two sdot of 16 products a cycle: Arm Cortex-A76 Software Optimization Guide, "
              "ASIMD dot product, pipelines V0 and V1"};
    case Isa::kNeonI8mm:
      return {64,
              "two smmla of 32 products a cycle: Arm Neoverse N2 Software Optimization Guide, "
              "ASIMD matrix multiply-accumulate, two pipelines"};
  }
  return {};
}

}  // namespace durward::device
