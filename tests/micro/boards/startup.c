/* Start-up of a Cortex-M board in QEMU: the vector table, and what comes before main. Input, output
 * and the exit code go through semihosting (newlib's rdimon). */
#include <stdint.h>
#include <stdlib.h>

extern uint32_t stack_end[], bss_start[], bss_end[];
extern void initialise_monitor_handles(void);
int main(void);

void reset(void);
void fault(void);

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    (void (*)(void))stack_end, reset, fault, fault, fault, fault, fault};

/* Floating point and Helium are off after a reset. */
static void enable_coprocessors(void) {
  volatile uint32_t* const cpacr = (volatile uint32_t*)0xe000ed88;
  *cpacr |= 0xfu << 20;
  __asm volatile("dsb\n\tisb");
}

__attribute__((noreturn)) static void run(void) {
  initialise_monitor_handles();
  exit(main());
}

void reset(void) {
  uint32_t* word;
  enable_coprocessors();
  for (word = bss_start; word < bss_end; ++word) *word = 0;
  run();
}

/* Ends QEMU with an error: SYS_EXIT, ADP_Stopped_InternalError. */
void fault(void) {
  register uint32_t operation __asm("r0") = 0x18, reason __asm("r1") = 0x20024;
  __asm volatile("bkpt 0xab" : : "r"(operation), "r"(reason));
  for (;;) {
  }
}
