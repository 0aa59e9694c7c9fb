#include "vault/killing_vfs.h"

#include <sqlite3.h>
#include <unistd.h>

namespace durward {
namespace {

sqlite3_vfs* system_vfs = nullptr;
sqlite3_vfs vfs;
sqlite3_io_methods methods;
const sqlite3_io_methods* system_methods = nullptr;
int calls_left = 0;

bool is_last() { return calls_left-- == 0; }

int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  if (is_last()) {
    system_methods->xWrite(file, data, size / 2, offset);
    ::_exit(kKilled);
  }
  return system_methods->xWrite(file, data, size, offset);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (is_last()) ::_exit(kKilled);
  return system_methods->xTruncate(file, size);
}

int sync(sqlite3_file* file, int flags) {
  if (is_last()) ::_exit(kKilled);
  return system_methods->xSync(file, flags);
}

int remove(sqlite3_vfs*, const char* name, int sync_folder) {
  if (is_last()) ::_exit(kKilled);
  return system_vfs->xDelete(system_vfs, name, sync_folder);
}

// The system's files with other methods.
int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  const int code = system_vfs->xOpen(system_vfs, name, file, flags, flags_out);
  if (code != SQLITE_OK || file->pMethods == nullptr) return code;
  system_methods = file->pMethods;
  methods = *system_methods;
  methods.iVersion = 1;  // no shared memory, no mapped pages: every change is a call
  methods.xWrite = write;
  methods.xTruncate = truncate;
  methods.xSync = sync;
  file->pMethods = &methods;
  return code;
}

}  // namespace

void install_killing_vfs(int last) {
  calls_left = last;
  system_vfs = sqlite3_vfs_find(nullptr);
  vfs = *system_vfs;
  vfs.zName = "killing";
  vfs.xOpen = open;
  vfs.xDelete = remove;
  sqlite3_vfs_register(&vfs, /*makeDflt=*/1);
}

}  // namespace durward
