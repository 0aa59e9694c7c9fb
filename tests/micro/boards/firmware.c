/* The least firmware that runs a model: what its linked size says is what the model takes, with the
 * compiler's own functions, of flash and RAM. MODEL is its name, INPUT_BYTES and OUTPUT_BYTES are
 * of all ports together. */
#include <stdint.h>

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

int JOIN(MODEL, _init)(void);
void JOIN(MODEL, _run)(void* a, void* b, void* c, void* d);

extern uint32_t stack_end[], bss_start[], bss_end[];

static uint64_t inputs[(INPUT_BYTES + 7) / 8], outputs[4][(OUTPUT_BYTES + 7) / 8];

void reset(void);

__attribute__((section(".vectors"), used)) static void (*const vectors[2])(void) = {
    (void (*)(void))stack_end, reset};

void reset(void) {
  uint32_t* word;
  for (word = bss_start; word < bss_end; ++word) *word = 0;
  if (JOIN(MODEL, _init)() != 0) return;
  for (;;) JOIN(MODEL, _run)(inputs, outputs[0], outputs[1], outputs[2]);
}
