#include "copy.h"

#define COPY_ELEMENTS(TYPE)                                                 \
  do {                                                                      \
    const TYPE* const in = (const TYPE*)input + call->first_a;              \
    TYPE* const out = (TYPE*)output + call->first_b;                        \
    dw_begin(&walk, &call->loop);                                           \
    do {                                                                    \
      for (i = 0; i < row->size; ++i) {                                     \
        out[walk.b + i * row->stride_b] = in[walk.a + i * row->stride_a];   \
      }                                                                     \
    } while (dw_next(&walk));                                               \
  } while (0)

void dw_copy(const dw_copy_call* call, const void* input, void* output) {
  const dw_dimension* row = dw_row(&call->loop);
  dw_walk walk;
  int32_t i;
  switch (call->element_bytes) {
    case 1:
      COPY_ELEMENTS(uint8_t);
      break;
    case 2:
      COPY_ELEMENTS(uint16_t);
      break;
    case 4:
      COPY_ELEMENTS(uint32_t);
      break;
    default:
      COPY_ELEMENTS(uint64_t);
      break;
  }
}
