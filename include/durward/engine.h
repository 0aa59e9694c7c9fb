/* Durward's engine from C: runs a compiled model, the plan.fb of a bundle, on integer kernels that
 * give the same bits on every machine. docs/engine.md is the guide, examples/engine-c a program.
 *
 * No function throws, prints, exits or keeps state outside a session. A null pointer where an
 * object is needed gives DURWARD_INVALID_ARGUMENT, or 0 or NULL from functions that return no code.
 * Different sessions may be used by different threads at the same time, also over the same plan;
 * one session by one thread at a time, with one exception: durward_session_scrub.
 *
 * Structs begin with their size as the caller knows it, so that later versions can append fields:
 *     durward_options options = {sizeof(options)};
 */
#ifndef DURWARD_ENGINE_H
#define DURWARD_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define DURWARD_NOEXCEPT noexcept
extern "C" {
#else
#define DURWARD_NOEXCEPT
#endif

/* Raised by changes that callers notice; fields and functions are appended without. */
#define DURWARD_ENGINE_API 1

/* A plan's bytes begin at a multiple of this. */
#define DURWARD_PLAN_ALIGNMENT 64

typedef int32_t durward_code;
enum {
  DURWARD_OK = 0,
  DURWARD_INVALID_ARGUMENT = 1, /* a null pointer, a struct of an unknown size, no such port */
  DURWARD_MALFORMED_PLAN = 2,   /* not the bytes of a plan */
  DURWARD_UNKNOWN_VERSION = 3,  /* a plan that this engine is too old or too new for */
  DURWARD_UNALIGNED = 4,        /* the plan's memory */
  DURWARD_INVALID_PLAN = 5,     /* a plan that would leave its memory */
  DURWARD_NO_SUCH_ISA = 6,      /* unknown, or not of this machine */
  DURWARD_OUT_OF_MEMORY = 7,    /* or more than max_bytes */
  DURWARD_WRONG_BUFFERS = 8,    /* number, size, alignment or overlap of the buffers of a run */
  DURWARD_DEADLINE = 9,         /* a run that was told to stop */
  DURWARD_NO_THREADS = 10,      /* more than an engine has, or than the system gives */
  DURWARD_DAMAGED = 11,         /* memory that does not hold any more what it held */
  DURWARD_NO_SCRUB = 12         /* a session that was made without */
};

typedef int32_t durward_type;
enum {
  DURWARD_FLOAT32 = 0,
  DURWARD_INT8 = 1,
  DURWARD_UINT8 = 2,
  DURWARD_INT16 = 3,
  DURWARD_INT32 = 4,
  DURWARD_INT64 = 5,
  DURWARD_BOOL = 6 /* a byte: 0 or 1 */
};

typedef struct durward_session durward_session;

/* Where an error is explained: a sentence for people, cut to `bytes` and always ended by a zero.
 * Empty after success. Functions that take one take NULL as well. */
typedef struct durward_message {
  char* text;
  size_t bytes;
} durward_message;

typedef struct durward_options {
  size_t struct_bytes; /* sizeof(durward_options) */
  const char* isa;     /* use no faster instruction set than this; NULL: all that the machine has */
  uint64_t max_bytes;  /* of arena, scratch memory and packed weights together; 0: no limit */
  uint64_t threads;    /* that compute a run, its caller's counted: 1 to 8; 0: 1. The outputs are
                          the same for any number. */
  uint64_t scrub;      /* not 0: durward_session_scrub is wanted */
} durward_options;

typedef struct durward_port {
  size_t struct_bytes; /* sizeof(durward_port) */
  const char* name;    /* it and the shape live as long as the session */
  durward_type type;
  int32_t rank;
  const int64_t* shape; /* NHWC */
  size_t bytes;         /* of a buffer for it */
  float scale;          /* of a quantised port: value = scale * (q - zero_point); else 0 */
  int32_t zero_point;
} durward_port;

typedef struct durward_input {
  const void* data;
  size_t bytes;
} durward_input;

typedef struct durward_output {
  void* data;
  size_t bytes;
} durward_output;

/* Asked between two steps of a run, each a layer or some rows of one; anything but 0 ends it. */
typedef struct durward_deadline {
  int (*passed)(void* context);
  void* context;
} durward_deadline;

/* DURWARD_ENGINE_API of the library, the version of Durward ("0.1.0"), and that of the plans which
 * it runs. */
uint32_t durward_engine_api(void) DURWARD_NOEXCEPT;
const char* durward_engine_version(void) DURWARD_NOEXCEPT;
uint32_t durward_engine_plan_version(void) DURWARD_NOEXCEPT;
/* What a code means, in a few words; never NULL. */
const char* durward_code_text(durward_code code) DURWARD_NOEXCEPT;

/* The instruction sets of this architecture, slower ones first: the name of one, NULL behind the
 * last. */
const char* durward_engine_isa(size_t index) DURWARD_NOEXCEPT;
/* Whether this machine has it. */
int durward_engine_has_isa(const char* isa) DURWARD_NOEXCEPT;

/* Verifies the plan, takes all memory and packs the weights: whatever can fail fails here. The
 * plan's bytes are not copied and outlive the session unchanged. `options` may be NULL. `*session`
 * is NULL after an error. */
durward_code durward_session_create(const void* plan, size_t plan_bytes,
                                    const durward_options* options, durward_session** session,
                                    const durward_message* message) DURWARD_NOEXCEPT;
void durward_session_destroy(durward_session* session) DURWARD_NOEXCEPT; /* NULL does nothing */

size_t durward_session_input_count(const durward_session* session) DURWARD_NOEXCEPT;
size_t durward_session_output_count(const durward_session* session) DURWARD_NOEXCEPT;
durward_code durward_session_input(const durward_session* session, size_t index,
                                   durward_port* port) DURWARD_NOEXCEPT;
durward_code durward_session_output(const durward_session* session, size_t index,
                                    durward_port* port) DURWARD_NOEXCEPT;

/* A buffer for each port, in order, of exactly the port's bytes, aligned to its elements; outputs
 * overlap no other buffer. Allocates nothing, also where it fails. `deadline` may be NULL. After
 * any error the outputs hold nothing of use. */
durward_code durward_session_run(durward_session* session, const durward_input* inputs,
                                 size_t input_count, const durward_output* outputs,
                                 size_t output_count, const durward_deadline* deadline,
                                 const durward_message* message) DURWARD_NOEXCEPT;

/* Finds bits that flipped since the session was created, in what runs read and nothing writes to:
 * the plan's constants, the weights in the kernels' order and the steps. Each call checks the next
 * blocks of 16 KiB at most, the first behind the last: as many as `max_bytes` has room for, at
 * least one, none twice, so that SIZE_MAX checks all. DURWARD_OK; DURWARD_DAMAGED at the first
 * block that changed, which the message names, and the next call goes on behind it; or
 * DURWARD_NO_SCRUB without options.scrub. Allocates nothing. One thread at a time, which may be
 * another one than that of durward_session_run, also during a run. */
durward_code durward_session_scrub(durward_session* session, size_t max_bytes,
                                   const durward_message* message) DURWARD_NOEXCEPT;
/* That are checked in all; 0 without options.scrub. */
size_t durward_session_scrub_bytes(const durward_session* session) DURWARD_NOEXCEPT;

/* What the session took: activations, what kernels need beside them, and weights in the kernels'
 * order. */
size_t durward_session_arena_bytes(const durward_session* session) DURWARD_NOEXCEPT;
size_t durward_session_scratch_bytes(const durward_session* session) DURWARD_NOEXCEPT;
size_t durward_session_packed_bytes(const durward_session* session) DURWARD_NOEXCEPT;
/* The fastest instruction set that a layer of the plan runs on. */
const char* durward_session_isa(const durward_session* session) DURWARD_NOEXCEPT;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* DURWARD_ENGINE_H */
