#include "auth/decision_log.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "auth/state_database.h"
#include "base/errno_status.h"
#include "base/file_descriptor.h"

namespace durward {

struct DecisionLog::File {
  FileDescriptor descriptor;
  int64_t bytes = 0;
};

namespace {

// What a kill can leave after the head: one line whole, one torn. More is somebody else's.
constexpr int64_t kMaxTailBytes = 4 * static_cast<int64_t>(kMaxRecordBytes);
constexpr size_t kSequenceDigits = 12;

absl::Status sync_folder_of(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const FileDescriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || ::fsync(directory.get()) != 0) {
    return errno_status(errno, "cannot sync", folder);
  }
  return absl::OkStatus();
}

absl::Status write_whole(int file, std::string_view text, const std::filesystem::path& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno_status(errno, "cannot write", path);
    text.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> read_from(int file, int64_t offset, int64_t bytes,
                                      const std::filesystem::path& path) {
  std::string text(static_cast<size_t>(bytes), '\0');
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t got =
        ::pread(file, text.data() + done, text.size() - done, offset + static_cast<int64_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return errno_status(got < 0 ? errno : EIO, "cannot read", path);
    done += static_cast<size_t>(got);
  }
  return text;
}

absl::StatusOr<int64_t> size_of(int file, const std::filesystem::path& path) {
  struct stat about {};
  if (::fstat(file, &about) != 0) return errno_status(errno, "cannot read", path);
  if (!S_ISREG(about.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path.string(), ": not a regular file"));
  }
  return static_cast<int64_t>(about.st_size);
}

}  // namespace

std::filesystem::path rotated_log_file(const std::filesystem::path& path, int64_t last_sequence) {
  std::string digits = absl::StrCat(last_sequence);
  digits.insert(0, kSequenceDigits - std::min(digits.size(), kSequenceDigits), '0');
  return absl::StrCat(path.string(), ".", digits);
}

std::vector<std::filesystem::path> log_files(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> files;
  const std::string prefix = path.filename().string() + ".";
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(
           path.has_parent_path() ? path.parent_path() : ".", error)) {
    const std::string name = entry.path().filename().string();
    const bool rotated = name.size() == prefix.size() + kSequenceDigits &&
                         name.starts_with(prefix) &&
                         name.find_first_not_of("0123456789", prefix.size()) == std::string::npos;
    if (rotated) files.push_back(path.parent_path() / name);
  }
  std::sort(files.begin(), files.end());
  if (std::filesystem::exists(path, error)) files.push_back(path);
  return files;
}

absl::StatusOr<DecisionLog> DecisionLog::open(std::filesystem::path path,
                                              const std::filesystem::path& state, const Secret& key,
                                              DecisionLogOptions options) {
  DURWARD_ASSIGN_OR_RETURN(Database database, open_state_database(state));
  DURWARD_ASSIGN_OR_RETURN(Secret derived, log_key(key));
  return DecisionLog(std::move(path), std::move(database), std::move(derived), options);
}

absl::StatusOr<DecisionLog::File> DecisionLog::open_file(LogHead& head) const {
  File file{FileDescriptor(::open(
      path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600))};
  if (file.descriptor.get() < 0) return errno_status(errno, "cannot open", path_);
  DURWARD_ASSIGN_OR_RETURN(file.bytes, size_of(file.descriptor.get(), path_));
  if (file.bytes == 0) DURWARD_RETURN_IF_ERROR(sync_folder_of(path_));
  if (file.bytes >= head.bytes) return file;
  // A kill after the file was put aside, before the head knew.
  std::error_code error;
  const auto aside = std::filesystem::file_size(rotated_log_file(path_, head.sequence), error);
  if (file.bytes == 0 && !error && static_cast<int64_t>(aside) == head.bytes) {
    head.bytes = 0;
    return file;
  }
  return absl::DataLossError(absl::StrCat(
      path_.string(), ": it was cut short: it has ", file.bytes, " bytes, and had ", head.bytes,
      " with line ", head.sequence, "; run durward log verify, and keep it as evidence"));
}

// Lines that were written and not yet known to the head, and what is left of a torn one.
absl::Status DecisionLog::take_up(File& file, LogHead& head) const {
  if (file.bytes == head.bytes) return absl::OkStatus();
  if (file.bytes - head.bytes > kMaxTailBytes) {
    return absl::DataLossError(absl::StrCat(path_.string(), ": after line ", head.sequence,
                                            " there are ", file.bytes - head.bytes,
                                            " bytes that nobody here wrote"));
  }
  DURWARD_ASSIGN_OR_RETURN(const std::string tail, read_from(file.descriptor.get(), head.bytes,
                                                             file.bytes - head.bytes, path_));
  size_t at = 0;
  for (size_t end = tail.find('\n'); end != std::string::npos; end = tail.find('\n', at)) {
    const absl::StatusOr<LogLine> line =
        parse_log_line(std::string_view(tail).substr(at, end - at));
    if (!line.ok() || line->sequence != head.sequence + 1 || line->previous != head.digest ||
        !log_line_is_of(*line, key_)) {
      return absl::DataLossError(absl::StrCat(path_.string(), ": the line after line ",
                                              head.sequence, " is not of this log"));
    }
    at = end + 1;
    head.sequence = line->sequence;
    head.digest = line->digest;
    head.bytes = file.bytes - static_cast<int64_t>(tail.size() - at);
  }
  const int64_t torn = static_cast<int64_t>(tail.size() - at);
  if (torn == 0) return absl::OkStatus();
  if (::ftruncate(file.descriptor.get(), head.bytes) != 0) {
    return errno_status(errno, "cannot repair", path_);
  }
  file.bytes = head.bytes;
  return write_record(file, head,
                      absl::StrCat("{\"event\":\"torn-line-removed\",\"bytes\":", torn, "}"));
}

absl::Status DecisionLog::rotate(File& file, LogHead& head) const {
  if (file.bytes < options_.max_bytes) return absl::OkStatus();
  const std::filesystem::path aside = rotated_log_file(path_, head.sequence);
  if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, aside.c_str(), RENAME_NOREPLACE) != 0) {
    return errno_status(errno, "cannot put aside", path_);
  }
  head.bytes = 0;
  DURWARD_ASSIGN_OR_RETURN(file, open_file(head));
  return absl::OkStatus();
}

absl::Status DecisionLog::write_record(File& file, LogHead& head, std::string_view record) const {
  DURWARD_ASSIGN_OR_RETURN(const LogLine line,
                           make_log_line(head.sequence + 1, head.digest, record, key_));
  const std::string text = log_line_text(line) + "\n";
  absl::Status status = write_whole(file.descriptor.get(), text, path_);
  if (status.ok() && ::fsync(file.descriptor.get()) != 0) {
    status = errno_status(errno, "cannot sync", path_);
  }
  if (!status.ok()) {
    // What is left of the line, if this fails too, is found and removed the next time.
    [[maybe_unused]] const int ignored = ::ftruncate(file.descriptor.get(), head.bytes);
    return status;
  }
  file.bytes += static_cast<int64_t>(text.size());
  head = {line.sequence, line.digest, file.bytes};
  return absl::OkStatus();
}

absl::Status DecisionLog::append(std::string_view record) {
  const std::lock_guard<std::mutex> lock(*mutex_);
  for (;;) {
    // Keeps other processes out until the head is written.
    DURWARD_ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(state_));
    DURWARD_ASSIGN_OR_RETURN(LogHead head, read_log_head(state_, key_));
    const int64_t known = head.sequence;
    DURWARD_ASSIGN_OR_RETURN(File file, open_file(head));
    DURWARD_RETURN_IF_ERROR(take_up(file, head));
    const bool settled = head.sequence == known;
    if (settled) {
      DURWARD_RETURN_IF_ERROR(rotate(file, head));
      DURWARD_RETURN_IF_ERROR(write_record(file, head, record));
    }
    // What was taken up is settled on its own: putting the file aside relies on the head.
    DURWARD_RETURN_IF_ERROR(write_log_head(state_, head, key_));
    DURWARD_RETURN_IF_ERROR(transaction.commit());
    if (settled) return absl::OkStatus();
  }
}

}  // namespace durward
