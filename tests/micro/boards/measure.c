/* Stands between a self-test and the model (ld --wrap): marks where a run begins and ends for the
 * counter (count.c), and tells how deep the stack was. MODEL is the model's name. */
#include <stdint.h>
#include <stdio.h>

#define JOIN_(a, b, c) a##b##c
#define JOIN(a, b, c) JOIN_(a, b, c)
#define REAL_RUN JOIN(__real_, MODEL, _run)
#define WRAPPED_RUN JOIN(__wrap_, MODEL, _run)

/* Ports are pointers: the first four go in registers, whatever they point to. */
void REAL_RUN(void* a, void* b, void* c, void* d);
void WRAPPED_RUN(void* a, void* b, void* c, void* d);

__attribute__((noinline)) void count_begin(void) { __asm volatile(""); }
__attribute__((noinline)) void count_end(void) { __asm volatile(""); }

enum { STACK_WORDS = 4096, PATTERN = 0x5a5aa5a5 };

void WRAPPED_RUN(void* a, void* b, void* c, void* d) {
  static int runs;
  volatile uint32_t* const here = (volatile uint32_t*)__builtin_frame_address(0);
  int word;
  for (word = 64; word < STACK_WORDS; ++word) here[-word] = PATTERN;
  count_begin();
  REAL_RUN(a, b, c, d);
  count_end();
  for (word = STACK_WORDS - 1; word >= 64 && here[-word] == PATTERN; --word) {
  }
  if (runs++ == 0) printf("stack: %d bytes\n", word * 4);
}
