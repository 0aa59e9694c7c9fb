#include "engine/c99_program.h"

static int count_and_go_on(void* context) {
  ++*(int*)context;
  return 0;
}

durward_code run_in_c99(const void* plan, size_t plan_bytes, const void* input, size_t input_bytes,
                        void* output, size_t output_bytes, int* asked) {
  const durward_options options = {sizeof(options), NULL, 0, 1, 0};
  const durward_input in = {input, input_bytes};
  const durward_output out = {output, output_bytes};
  durward_deadline deadline = {count_and_go_on, NULL};
  durward_session* session = NULL;
  char text[80];
  const durward_message message = {text, sizeof(text)};
  durward_code code = durward_session_create(plan, plan_bytes, &options, &session, &message);
  if (code != DURWARD_OK) return code;
  deadline.context = asked;
  code = durward_session_run(session, &in, 1, &out, 1, &deadline, &message);
  durward_session_destroy(session);
  return code;
}
