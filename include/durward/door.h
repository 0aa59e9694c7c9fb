/* Durward's door from C: enrols people, decides whether somebody is who he claims to be, finds who
 * somebody is, and forgets them, all on this machine. docs/door.md is the guide, examples/door-c a
 * program. Link with libdurward-door.
 *
 * No function throws, prints or exits. Every code but DURWARD_DOOR_OK means that nobody was
 * accepted, and so does every verdict but DURWARD_DOOR_ACCEPTED: a result that was never filled in
 * accepts nobody.
 *
 * Any thread may call any function but close. Enrolment, verification and identification are
 * requests: one at a time for a door, others meanwhile get DURWARD_DOOR_BUSY; cancel ends one from
 * another thread. A door is the caller's until durward_door_close(). Texts that are given are read
 * during the call alone; texts are UTF-8 and end with a zero.
 *
 * Structs begin with their size as the caller knows it, so that later versions can append fields:
 *     durward_door_result result = {sizeof(result)};
 */
#ifndef DURWARD_DOOR_H
#define DURWARD_DOOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define DURWARD_DOOR_NOEXCEPT noexcept
extern "C" {
#else
#define DURWARD_DOOR_NOEXCEPT
#endif

/* Raised by changes that callers notice; fields and functions are appended without. */
#define DURWARD_DOOR_API 1

typedef int32_t durward_door_code;
enum {
  DURWARD_DOOR_OK = 0,
  DURWARD_DOOR_CANCELLED = 1,
  DURWARD_DOOR_INVALID_ARGUMENT = 2, /* a null pointer, a struct of an unknown size, a bad name */
  DURWARD_DOOR_NOT_FOUND = 3,        /* a file, a device, a user */
  DURWARD_DOOR_ALREADY_EXISTS = 4,   /* a user, a file */
  DURWARD_DOOR_NOT_ALLOWED = 5,      /* by the system, or for want of a signature */
  DURWARD_DOOR_NO_ROOM = 6,          /* on the disk or in memory */
  DURWARD_DOOR_BUSY = 7,             /* another request runs */
  DURWARD_DOOR_NOT_POSSIBLE = 8,     /* with this policy, these models and these sources */
  DURWARD_DOOR_UNAVAILABLE = 9,      /* a source that was lost, a file in use */
  DURWARD_DOOR_DAMAGED = 10,         /* a file that is not what was written, or of another key */
  DURWARD_DOOR_FAILED = 11           /* anything else */
};

typedef int32_t durward_door_verdict;
enum {
  DURWARD_DOOR_NO_VERDICT = 0,
  DURWARD_DOOR_ACCEPTED = 1, /* of an enrolment: the user is enrolled */
  DURWARD_DOOR_REFUSED = 2,
  DURWARD_DOOR_RETRY = 3, /* too little came to decide on; it cost no attempt */
  DURWARD_DOOR_LOCKED = 4 /* too many attempts failed */
};

typedef struct durward_door durward_door;

/* Where an error is explained: a sentence for people, cut to `bytes` and always ended by a zero.
 * Empty after success. Functions that take one take NULL as well. */
typedef struct durward_door_message {
  char* text;
  size_t bytes;
} durward_door_message;

/* Where samples come from; NULL: from nowhere. */
typedef struct durward_door_sources {
  size_t struct_bytes;
  const char* camera;     /* "0", "/dev/video0", a video, a folder of pictures, "gst:PIPELINE" */
  const char* microphone; /* "alsa:DEVICE", a sound file */
  const char* touch;      /* a file or a pipe of entries (docs/touch.md) */
} durward_door_sources;

/* What a person should see or hear meanwhile. Called from the door's threads, one call at a time,
 * during requests; what they do delays the request, and they call no function of the door but
 * cancel. Each may be NULL. Texts live during the call. */
typedef struct durward_door_observer {
  size_t struct_bytes;
  void* context; /* given to each */
  /* "come closer"; empty where nothing is wrong any more */
  void (*guide)(void* context, const char* modality, const char* guidance);
  /* what is asked for, step by step, and in words: "say: 4 7 1 9" */
  void (*ask)(void* context, const char* modality, const char* const* steps, size_t step_count,
              const char* words);
  /* of an enrolment: so many of the wanted rounds are done */
  void (*progress)(void* context, const char* modality, int64_t done, int64_t wanted);
} durward_door_observer;

typedef struct durward_door_enrolment {
  size_t struct_bytes;
  int64_t rounds;  /* of samples of each factor, 1 to 20; 0: 3 */
  int32_t replace; /* not 0: somebody who is enrolled */
} durward_door_enrolment;

#define DURWARD_DOOR_USER_BYTES 257  /* of the longest name, with its zero */
#define DURWARD_DOOR_WORDS_BYTES 512 /* cut to that */

typedef struct durward_door_result {
  size_t struct_bytes;
  durward_door_verdict verdict;
  char user[DURWARD_DOOR_USER_BYTES];   /* who was accepted; empty for nobody */
  char words[DURWARD_DOOR_WORDS_BYTES]; /* the verdict and its one reason, for people */
  char reason[32];                      /* as docs/decisions.md names it: "evidence-too-weak" */
  int64_t failures;                     /* consecutive ones, with this */
  int64_t locked_ms;                    /* until the next attempt */
} durward_door_result;

/* The version that the library was built from: "0.1.0". */
const char* durward_door_version(void) DURWARD_DOOR_NOEXCEPT;

/* Opens a door by its configuration file, with the models of the sources that are named. What the
 * observer points to outlives the door; `sources` and `observer` may be NULL. */
durward_door_code durward_door_open(const char* config_file, const durward_door_sources* sources,
                                    const durward_door_observer* observer, durward_door** door,
                                    const durward_door_message* message) DURWARD_DOOR_NOEXCEPT;
/* Cancels a request and waits for it. NULL is nothing. */
void durward_door_close(durward_door* door) DURWARD_DOOR_NOEXCEPT;

/* All that was enrolled is kept, or nothing. `options` may be NULL. */
durward_door_code durward_door_enroll(durward_door* door, const char* user,
                                      const durward_door_enrolment* options,
                                      durward_door_result* result,
                                      const durward_door_message* message) DURWARD_DOOR_NOEXCEPT;
durward_door_code durward_door_verify(durward_door* door, const char* user,
                                      durward_door_result* result,
                                      const durward_door_message* message) DURWARD_DOOR_NOEXCEPT;
durward_door_code durward_door_identify(durward_door* door, durward_door_result* result,
                                        const durward_door_message* message) DURWARD_DOOR_NOEXCEPT;
/* From any thread, also from an observer: the present request ends soon, with
 * DURWARD_DOOR_CANCELLED or a retry. */
void durward_door_cancel(durward_door* door) DURWARD_DOOR_NOEXCEPT;

/* Calls `visit` for each user, by name, with the number of his templates. */
durward_door_code durward_door_users(
    durward_door* door, void (*visit)(void* context, const char* user, int64_t templates),
    void* context, const durward_door_message* message) DURWARD_DOOR_NOEXCEPT;
durward_door_code durward_door_forget(durward_door* door, const char* user,
                                      const durward_door_message* message) DURWARD_DOOR_NOEXCEPT;
/* Lets somebody try again who is locked out or disabled. */
durward_door_code durward_door_unlock(durward_door* door, const char* user,
                                      const durward_door_message* message) DURWARD_DOOR_NOEXCEPT;
/* Copies the templates to a new file, which opens with the same key. */
durward_door_code durward_door_back_up(durward_door* door, const char* file,
                                       const durward_door_message* message) DURWARD_DOOR_NOEXCEPT;
/* Puts such a copy in the place of the store. No door may be open on it. */
durward_door_code durward_door_restore(const char* config_file, const char* file,
                                       const durward_door_message* message) DURWARD_DOOR_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
