/* Enrols somebody at a door, verifies him, and says why: all that C needs of Durward. */
#include <durward/door.h>
#include <stdio.h>
#include <string.h>

static void guide(void* context, const char* modality, const char* guidance) {
  (void)context;
  if (guidance[0] != '\0') fprintf(stderr, "%s: %s\n", modality, guidance);
}

static void ask(void* context, const char* modality, const char* const* steps, size_t step_count,
                const char* words) {
  (void)context, (void)steps, (void)step_count;
  fprintf(stderr, "%s: %s\n", modality, words);
}

int main(int count, char** arguments) {
  durward_door_sources sources = {sizeof(sources), NULL, NULL, NULL};
  durward_door_observer observer = {sizeof(observer), NULL, guide, ask, NULL};
  durward_door_result result = {0};
  char text[300] = "";
  durward_door_message message = {text, sizeof(text)};
  durward_door* door = NULL;
  durward_door_code code;
  result.struct_bytes = sizeof(result);
  if (count != 6) {
    fprintf(stderr, "usage: door-c DOOR.json enroll|verify USER camera|microphone|touch SOURCE\n");
    return 2;
  }
  if (strcmp(arguments[4], "camera") == 0) sources.camera = arguments[5];
  if (strcmp(arguments[4], "microphone") == 0) sources.microphone = arguments[5];
  if (strcmp(arguments[4], "touch") == 0) sources.touch = arguments[5];
  code = durward_door_open(arguments[1], &sources, &observer, &door, &message);
  if (code == DURWARD_DOOR_OK && strcmp(arguments[2], "enroll") == 0) {
    code = durward_door_enroll(door, arguments[3], NULL, &result, &message);
  } else if (code == DURWARD_DOOR_OK) {
    code = durward_door_verify(door, arguments[3], &result, &message);
  }
  durward_door_close(door);
  if (code != DURWARD_DOOR_OK) fprintf(stderr, "door-c: %s\n", text);
  if (code == DURWARD_DOOR_OK) printf("%s\n", result.words);
  return result.verdict == DURWARD_DOOR_ACCEPTED ? 0 : code != DURWARD_DOOR_OK ? 1 : 3;
}
