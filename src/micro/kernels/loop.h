/* A nest of loops over two operands, outermost dimension first. */
#ifndef DURWARD_LOOP_H
#define DURWARD_LOOP_H

#include "durward_kernel.h"

#define DW_MAX_RANK 16

/* In elements; a stride of 0 repeats an element. */
typedef struct {
  int32_t size, stride_a, stride_b;
} dw_dimension;

typedef struct {
  int32_t rank; /* 1 to DW_MAX_RANK */
  const dw_dimension* dims;
} dw_loop;

/* Where the next row, a walk along the last dimension, begins in both operands. */
typedef struct {
  const dw_loop* loop;
  int32_t position[DW_MAX_RANK];
  int32_t a, b;
} dw_walk;

static inline void dw_begin(dw_walk* walk, const dw_loop* loop) {
  int32_t i;
  walk->loop = loop;
  for (i = 0; i < loop->rank; ++i) walk->position[i] = 0;
  walk->a = walk->b = 0;
}

/* 0 behind the last row. */
static inline int dw_next(dw_walk* walk) {
  int32_t i;
  for (i = walk->loop->rank - 2; i >= 0; --i) {
    const dw_dimension* d = &walk->loop->dims[i];
    walk->a += d->stride_a;
    walk->b += d->stride_b;
    if (++walk->position[i] < d->size) return 1;
    walk->a -= d->stride_a * d->size;
    walk->b -= d->stride_b * d->size;
    walk->position[i] = 0;
  }
  return 0;
}

static inline const dw_dimension* dw_row(const dw_loop* loop) {
  return &loop->dims[loop->rank - 1];
}

#endif
