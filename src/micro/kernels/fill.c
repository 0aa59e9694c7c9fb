#include "copy.h"

void dw_fill(const void* value, int32_t element_bytes, int32_t count, void* output) {
  int8_t* to = (int8_t*)output;
  int32_t i;
  if (element_bytes == 1) {
    dw_fill_bytes(to, *(const int8_t*)value, count);
    return;
  }
  for (i = 0; i < count; ++i, to += element_bytes) {
    dw_copy_bytes(to, (const int8_t*)value, element_bytes);
  }
}
