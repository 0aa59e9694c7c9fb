/* Movement of elements: operand a of the loop is the input, b the output. */
#ifndef DURWARD_COPY_H
#define DURWARD_COPY_H

#include "loop.h"

typedef struct {
  dw_loop loop;
  int32_t first_a, first_b;
  int32_t element_bytes; /* 1, 2, 4 or 8; both operands begin at a multiple of it */
} dw_copy_call;
void dw_copy(const dw_copy_call* call, const void* input, void* output);

/* The same for int8, each element through a table of 256. */
void dw_copy_lookup(const dw_copy_call* call, const int8_t* table, const int8_t* input,
                    int8_t* output);

void dw_fill(const void* value, int32_t element_bytes, int32_t count, void* output);

/* Rows of what is held of an image to its start. */
void dw_slide(int8_t* held, int32_t from, int32_t bytes);

#endif
