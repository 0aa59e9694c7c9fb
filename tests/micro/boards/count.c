/* A plugin of QEMU's code generator: counts the instructions between two marks.
 *
 *   gcc -shared -fPIC -o count.so count.c
 *   qemu-system-arm ... -plugin ./count.so,begin=0x1234,end=0x1240
 *
 * `begin` and `end` are the addresses of two functions; when `end` is called, the number goes to
 * standard error. The functions below are those of QEMU's plugin interface, version 1, whose header
 * distributions do not package. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                                  void (*callback)(qemu_plugin_id_t,
                                                                   struct qemu_plugin_tb*));
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb* tb,
                                                 void (*callback)(unsigned int, void*), int flags,
                                                 void* data);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb* tb);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb* tb);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

static uint64_t begin_address, end_address, count;
static int counting;

static void at_begin(unsigned int cpu, void* data) {
  (void)cpu;
  (void)data;
  counting = 1;
  count = 0;
}

static void at_end(unsigned int cpu, void* data) {
  (void)cpu;
  (void)data;
  counting = 0;
  fprintf(stderr, "instructions: %" PRIu64 "\n", count);
}

/* `data`: the number of instructions of the block. */
static void at_block(unsigned int cpu, void* data) {
  (void)cpu;
  if (counting) count += (uintptr_t)data;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb* tb) {
  const uint64_t address = qemu_plugin_tb_vaddr(tb);
  void (*callback)(unsigned int, void*) = address == begin_address ? at_begin
                                          : address == end_address ? at_end
                                                                   : at_block;
  (void)id;
  qemu_plugin_register_vcpu_tb_exec_cb(tb, callback, 0,
                                       (void*)(uintptr_t)qemu_plugin_tb_n_insns(tb));
}

static uint64_t address_of(const char* argument) {
  return strtoull(strchr(argument, '=') + 1, NULL, 0) & ~UINT64_C(1); /* without Thumb's bit */
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id,
                                                               const void* info, int count_of,
                                                               char** arguments) {
  int i;
  (void)info;
  for (i = 0; i < count_of; ++i) {
    if (strncmp(arguments[i], "begin=", 6) == 0) begin_address = address_of(arguments[i]);
    if (strncmp(arguments[i], "end=", 4) == 0) end_address = address_of(arguments[i]);
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  return 0;
}
