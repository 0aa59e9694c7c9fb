/* What has to hold for the kernels to compute what the model was validated with. */
#ifndef DURWARD_RUNTIME_CHECK_H
#define DURWARD_RUNTIME_CHECK_H

#include "durward_kernel.h"

/* 1 where floats are rounded to nearest even and a product and a sum are rounded one by one. */
int dw_arithmetic_is_right(void);

/* FNV-1a over bytes, from the sum of what was before; begin with DW_CHECKSUM_START. A change within
 * one byte is found for certain. */
#define DW_CHECKSUM_START 2166136261u
uint32_t dw_checksum(uint32_t sum, const void* data, uint32_t bytes);

#endif
