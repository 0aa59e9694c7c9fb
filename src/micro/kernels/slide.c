#include "copy.h"

void dw_slide(int8_t* held, int32_t from, int32_t bytes) {
  /* To lower addresses: each byte is read before it is written over. */
  dw_copy_bytes(held, held + from, bytes);
}
