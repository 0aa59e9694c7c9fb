/* Loads a plan, says what it is, and runs it once on zeros: all that C needs of the engine. */
#include <durward/engine.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MAX_PORTS 8
#define MAX_PLAN_BYTES (1L << 30)

/* A file in memory: `data` is the first multiple of DURWARD_PLAN_ALIGNMENT in `memory`. */
typedef struct {
  void* memory;
  void* data;
  size_t bytes;
} plan_file;

/* 0 where the file cannot be read. Free `memory` either way. */
static int read_plan(const char* path, plan_file* plan) {
  FILE* file = fopen(path, "rb");
  long size = -1;
  int whole = 0;
  if (file == NULL) return 0;
  if (fseek(file, 0, SEEK_END) == 0) size = ftell(file);
  if (size > 0 && size <= MAX_PLAN_BYTES && fseek(file, 0, SEEK_SET) == 0) {
    char* memory = malloc((size_t)size + DURWARD_PLAN_ALIGNMENT);
    plan->memory = memory;
    if (memory != NULL) {
      plan->data = memory + (DURWARD_PLAN_ALIGNMENT - (uintptr_t)memory % DURWARD_PLAN_ALIGNMENT);
      plan->bytes = (size_t)size;
      whole = fread(plan->data, 1, plan->bytes, file) == plan->bytes;
    }
  }
  fclose(file);
  return whole;
}

static void print_port(const char* kind, const durward_port* port) {
  int32_t i;
  printf("%s '%s': %lu bytes, type %d, shape", kind, port->name, (unsigned long)port->bytes,
         (int)port->type);
  for (i = 0; i < port->rank; ++i) printf(" %ld", (long)port->shape[i]);
  if (port->scale > 0) printf(", %g * (q - %d)", (double)port->scale, (int)port->zero_point);
  printf("\n");
}

/* Ends a run that takes longer than a second. */
static int a_second_passed(void* begin) {
  return clock() - *(const clock_t*)begin > CLOCKS_PER_SEC;
}

/* Runs the session on zeros. The buffers, inputs first, are the caller's to free. */
static durward_code run_once(durward_session* session, void* buffers[2 * MAX_PORTS],
                             const durward_message* message) {
  const size_t input_count = durward_session_input_count(session);
  const size_t output_count = durward_session_output_count(session);
  durward_input inputs[MAX_PORTS];
  durward_output outputs[MAX_PORTS];
  durward_port port = {0};
  clock_t begin = clock();
  durward_deadline deadline = {a_second_passed, NULL};
  size_t i;
  if (input_count > MAX_PORTS || output_count > MAX_PORTS) return DURWARD_INVALID_ARGUMENT;
  port.struct_bytes = sizeof(port);
  for (i = 0; i < input_count; ++i) {
    durward_session_input(session, i, &port);
    print_port("input", &port);
    buffers[i] = calloc(port.bytes, 1);
    if (buffers[i] == NULL) return DURWARD_OUT_OF_MEMORY;
    inputs[i].data = buffers[i];
    inputs[i].bytes = port.bytes;
  }
  for (i = 0; i < output_count; ++i) {
    void* data = NULL;
    durward_session_output(session, i, &port);
    print_port("output", &port);
    data = calloc(port.bytes, 1);
    if (data == NULL) return DURWARD_OUT_OF_MEMORY;
    buffers[input_count + i] = data;
    outputs[i].data = data;
    outputs[i].bytes = port.bytes;
  }
  deadline.context = &begin;
  return durward_session_run(session, inputs, input_count, outputs, output_count, &deadline,
                             message);
}

int main(int count, char** arguments) {
  const durward_options options = {sizeof(options), NULL, 0, 1, 0};
  char text[200] = "";
  const durward_message message = {text, sizeof(text)};
  durward_session* session = NULL;
  durward_code code;
  plan_file plan = {0};
  void* buffers[2 * MAX_PORTS] = {0};
  size_t i;
  if (count != 2 || !read_plan(arguments[1], &plan)) {
    fprintf(stderr, "usage: engine-c PLAN, the plan.fb of a bundle\n");
    free(plan.memory);
    return 1;
  }
  code = durward_session_create(plan.data, plan.bytes, &options, &session, &message);
  if (code == DURWARD_OK) code = run_once(session, buffers, &message);
  if (code == DURWARD_OK) {
    printf("ran on %s; arena %lu, scratch %lu, packed weights %lu bytes\n",
           durward_session_isa(session), (unsigned long)durward_session_arena_bytes(session),
           (unsigned long)durward_session_scratch_bytes(session),
           (unsigned long)durward_session_packed_bytes(session));
  } else {
    fprintf(stderr, "engine-c: %s\n", text[0] != '\0' ? text : durward_code_text(code));
  }
  durward_session_destroy(session); /* before the plan, which it reads */
  for (i = 0; i < 2 * MAX_PORTS; ++i) free(buffers[i]);
  free(plan.memory);
  return code == DURWARD_OK ? 0 : 1;
}
