// The decision log: JSON lines, each chained to the one before by its digest and proved by a MAC,
// appended and synced before a decision is told. docs/decisions.md describes the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/log_head.h"
#include "auth/log_line.h"

namespace durward {

struct DecisionLogOptions {
  // A file that has so much is put aside as PATH.SEQUENCE, the number of its last line in 12
  // digits, and a new one goes on with the chain.
  int64_t max_bytes = 16 << 20;
};

// From any thread; any number of them, also of other processes, over one file and one state.
class DecisionLog {
 public:
  // `state` is the state database's path; `key` the store's. Neither file is read before the first
  // append, but `state` must be there.
  [[nodiscard]] static absl::StatusOr<DecisionLog> open(std::filesystem::path path,
                                                        const std::filesystem::path& state,
                                                        const Secret& key,
                                                        DecisionLogOptions options = {});

  // Adds a record, a JSON object in one line; it is on the disk when this returns. What a kill left
  // is put right first: a whole line that the head did not know yet is taken up, a torn one is cut
  // off, and a line {"event":"torn-line-removed","bytes":N} says so. Errors: DataLoss where the log
  // was cut short or has lines of somebody else's: then nothing is added; ResourceExhausted where
  // the disk is full, Unavailable, PermissionDenied: the log is as it was.
  [[nodiscard]] absl::Status append(std::string_view record);

 private:
  DecisionLog(std::filesystem::path path, Database state, Secret key, DecisionLogOptions options)
      : path_(std::move(path)), state_(std::move(state)), key_(std::move(key)), options_(options) {}

  struct File;
  absl::StatusOr<File> open_file(LogHead& head) const;
  absl::Status take_up(File& file, LogHead& head) const;
  absl::Status rotate(File& file, LogHead& head) const;
  absl::Status write_record(File& file, LogHead& head, std::string_view record) const;

  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
  std::filesystem::path path_;
  Database state_;
  Secret key_;
  DecisionLogOptions options_;
};

// The files of a log in the order of their lines: those put aside, then PATH, as far as they exist.
[[nodiscard]] std::vector<std::filesystem::path> log_files(const std::filesystem::path& path);
[[nodiscard]] std::filesystem::path rotated_log_file(const std::filesystem::path& path,
                                                     int64_t last_sequence);

}  // namespace durward
