#include "auth/log_verification.h"

#include "auth/decision_log.h"
#include "base/file.h"

namespace durward {
namespace {

constexpr size_t kMaxLineBytes = kMaxRecordBytes + 1024;

// Takes the log's bytes in order.
class LogChecker {
 public:
  LogChecker(const std::optional<LogProof>& proof, const std::function<void(const LogLine&)>& visit)
      : proof_(proof), visit_(visit) {
    result_.proved = proof.has_value();
  }

  // FailedPrecondition where nothing after it is worth reading.
  absl::Status take(std::span<const std::byte> bytes) {
    partial_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    size_t at = 0;
    for (size_t end = partial_.find('\n'); end != std::string::npos;
         end = partial_.find('\n', at)) {
      if (std::string wrong = check_line(std::string_view(partial_).substr(at, end - at));
          !wrong.empty()) {
        return changed(std::move(wrong));
      }
      at = end + 1;
    }
    partial_.erase(0, at);
    return partial_.size() > kMaxLineBytes ? changed("it has a line without an end")
                                           : absl::OkStatus();
  }

  // After each file but the last nothing may be left over.
  absl::Status end_file() {
    return partial_.empty() ? absl::OkStatus() : changed("it ends in the middle of a line");
  }

  LogVerification end_log() {
    if (result_.state != LogState::kIntact) return std::move(result_);
    result_.first_sequence = first_;
    result_.last_sequence = last_.sequence;
    if (proof_ && last_.sequence < proof_->head.sequence) {
      result_.state = LogState::kCutShort;
      result_.reason = absl::StrCat("it ends with line ", last_.sequence,
                                    "; the last one written was ", proof_->head.sequence);
    } else if (!partial_.empty()) {
      result_.state = LogState::kTorn;
      result_.reason =
          absl::StrCat("line ", last_.sequence + 1,
                       " was not written to its end: ", partial_.size(), " bytes of it are there");
    }
    return std::move(result_);
  }

 private:
  absl::Status changed(std::string reason) {
    result_.state = LogState::kChanged;
    result_.reason = std::move(reason);
    result_.first_sequence = first_;
    result_.last_sequence = last_.sequence;
    return absl::FailedPreconditionError(result_.reason);
  }

  // What is wrong with it; empty where nothing is.
  std::string check_line(std::string_view text) {
    absl::StatusOr<LogLine> line = parse_log_line(text);
    const std::string place = absl::StrCat("after line ", last_.sequence, ": ");
    if (!line.ok()) return place + std::string(line.status().message());
    if (first_ == 0) {
      first_ = line->sequence;
      if (first_ == 1 && line->previous != no_line_digest()) {
        return "line 1 follows another line";
      }
    } else if (line->sequence != last_.sequence + 1 || line->previous != last_.digest) {
      return absl::StrCat(place, "line ", line->sequence, " does not follow it");
    }
    if (proof_ && !log_line_is_of(*line, proof_->key)) {
      return absl::StrCat("line ", line->sequence, " was written with another key");
    }
    if (proof_ && line->sequence == proof_->head.sequence && line->digest != proof_->head.digest) {
      return absl::StrCat("line ", line->sequence, " is not the one that the head names");
    }
    if (visit_) visit_(*line);
    ++result_.lines;
    last_ = *std::move(line);
    return "";
  }

  const std::optional<LogProof>& proof_;
  const std::function<void(const LogLine&)>& visit_;
  LogVerification result_;
  std::string partial_;
  int64_t first_ = 0;
  LogLine last_;
};

}  // namespace

std::string_view name_of(LogState state) {
  switch (state) {
    case LogState::kIntact:
      return "intact";
    case LogState::kTorn:
      return "torn";
    case LogState::kChanged:
      return "changed";
    case LogState::kCutShort:
      break;
  }
  return "cut short";
}

absl::StatusOr<LogVerification> verify_log(const std::filesystem::path& path,
                                           const std::optional<LogProof>& proof,
                                           const std::function<void(const LogLine&)>& visit) {
  const std::vector<std::filesystem::path> files = log_files(path);
  if (files.empty()) {
    return absl::NotFoundError(absl::StrCat("there is no decision log at ", path.string()));
  }
  LogChecker checker(proof, visit);
  for (const std::filesystem::path& file : files) {
    absl::Status status =
        for_each_piece(file, [&](std::span<const std::byte> bytes) { return checker.take(bytes); });
    if (status.ok() && file != files.back()) status = checker.end_file();
    if (absl::IsFailedPrecondition(status)) {
      LogVerification result = checker.end_log();
      result.reason = absl::StrCat(file.string(), ": ", result.reason);
      return result;
    }
    if (!status.ok()) return status;
  }
  return checker.end_log();
}

}  // namespace durward
