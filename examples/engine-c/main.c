/* Loads a plan, says what it is, and runs it once on zeros: all that C needs of the engine. */
#include <durward/engine.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_PORTS 8

/* Memory at a multiple of DURWARD_PLAN_ALIGNMENT bytes, never freed: the program ends first. */
static void* aligned_memory(size_t bytes) {
  char* memory = malloc(bytes + DURWARD_PLAN_ALIGNMENT);
  if (memory == NULL) return NULL;
  return memory + (DURWARD_PLAN_ALIGNMENT - (uintptr_t)memory % DURWARD_PLAN_ALIGNMENT);
}

static void* read_file(const char* path, size_t* bytes) {
  FILE* file = fopen(path, "rb");
  void* data = NULL;
  long size = -1;
  if (file == NULL) return NULL;
  if (fseek(file, 0, SEEK_END) == 0) size = ftell(file);
  if (size > 0 && fseek(file, 0, SEEK_SET) == 0) data = aligned_memory((size_t)size);
  if (data != NULL && fread(data, 1, (size_t)size, file) != (size_t)size) data = NULL;
  fclose(file);
  *bytes = size > 0 ? (size_t)size : 0;
  return data;
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

static int run_once(durward_session* session, const durward_message* message) {
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
    void* data;
    durward_session_input(session, i, &port);
    print_port("input", &port);
    data = aligned_memory(port.bytes);
    if (data == NULL) return DURWARD_OUT_OF_MEMORY;
    memset(data, 0, port.bytes);
    inputs[i].data = data;
    inputs[i].bytes = port.bytes;
  }
  for (i = 0; i < output_count; ++i) {
    durward_session_output(session, i, &port);
    print_port("output", &port);
    outputs[i].data = aligned_memory(port.bytes);
    outputs[i].bytes = port.bytes;
    if (outputs[i].data == NULL) return DURWARD_OUT_OF_MEMORY;
  }
  deadline.context = &begin;
  return durward_session_run(session, inputs, input_count, outputs, output_count, &deadline,
                             message);
}

int main(int count, char** arguments) {
  const durward_options options = {sizeof(options), NULL, 0};
  char text[200] = "";
  const durward_message message = {text, sizeof(text)};
  durward_session* session = NULL;
  durward_code code;
  size_t bytes = 0;
  void* plan = count == 2 ? read_file(arguments[1], &bytes) : NULL;
  if (plan == NULL) {
    fprintf(stderr, "usage: engine-c PLAN, the plan.fb of a bundle\n");
    return 1;
  }
  code = durward_session_create(plan, bytes, &options, &session, &message);
  if (code == DURWARD_OK) code = run_once(session, &message);
  if (code == DURWARD_OK) {
    printf("ran on %s; arena %lu, scratch %lu, packed weights %lu bytes\n",
           durward_session_isa(session), (unsigned long)durward_session_arena_bytes(session),
           (unsigned long)durward_session_scratch_bytes(session),
           (unsigned long)durward_session_packed_bytes(session));
  } else {
    fprintf(stderr, "engine-c: %s\n", text[0] != '\0' ? text : durward_code_text(code));
  }
  durward_session_destroy(session);
  return code == DURWARD_OK ? 0 : 1;
}
