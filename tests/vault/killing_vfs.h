// A file system for SQLite that ends the process at a chosen change of the disk.
#pragma once

namespace durward {

// From now on this process uses it for every database. The `last`-th call, from 0, that writes,
// truncates, syncs or deletes a file is not made: the process ends there with kKilled. Half of a
// write that is cut is made.
inline constexpr int kKilled = 77;
void install_killing_vfs(int last);

}  // namespace durward
