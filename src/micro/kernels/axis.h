/* [outer, length, inner]: each vector along the middle is treated on its own. */
#ifndef DURWARD_AXIS_H
#define DURWARD_AXIS_H

#include "durward_kernel.h"

typedef struct {
  int32_t outer, length, inner;
} dw_axis;

#endif
