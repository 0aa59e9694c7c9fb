/* What a C99 program does with the engine, for the tests. */
#ifndef DURWARD_TESTS_C99_PROGRAM_H
#define DURWARD_TESTS_C99_PROGRAM_H

#include "durward/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Runs a plan of one input and one output of the given sizes; the deadline is asked `*asked` times.
 */
durward_code run_in_c99(const void* plan, size_t plan_bytes, const void* input, size_t input_bytes,
                        void* output, size_t output_bytes, int* asked);

#ifdef __cplusplus
}
#endif

#endif
