#include "auth/log_line.h"

#include <absl/strings/escaping.h>
#include <absl/strings/numbers.h>
#include <absl/strings/strip.h>
#include <sodium.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "bundle/json_fields.h"
#include "vault/sealing.h"

namespace durward {
namespace {

constexpr size_t kHexBytes = 64;

// What the digest covers: everything before it.
std::string line_body(int64_t sequence, std::string_view previous, std::string_view record) {
  return absl::StrCat("{\"sequence\":", sequence, ",\"previous\":\"", std::string(previous),
                      "\",\"record\":", std::string(record));
}

std::string digest_of(std::string_view body) {
  return sha256_hex(std::as_bytes(std::span(body.data(), body.size())));
}

bool is_hex_digest(std::string_view text) {
  return text.size() == kHexBytes && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// Takes `word` off the front of `rest`.
bool take_word(absl::string_view& rest, absl::string_view word) {
  return absl::ConsumePrefix(&rest, word);
}

bool take_digest(absl::string_view& rest, std::string& digest) {
  digest = std::string(rest.substr(0, kHexBytes));
  if (!is_hex_digest(digest)) return false;
  rest.remove_prefix(kHexBytes);
  return true;
}

absl::Status check_record(std::string_view record) {
  if (record.size() > kMaxRecordBytes || record.find('\n') != std::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("a record has one line of at most ", kMaxRecordBytes, " bytes"));
  }
  DURWARD_ASSIGN_OR_RETURN(const nlohmann::json value, parse_strict_json(record));
  if (value.is_object() && record.front() == '{' && record.back() == '}') return absl::OkStatus();
  return absl::InvalidArgumentError("a record is a JSON object");
}

}  // namespace

std::string no_line_digest() { return std::string(kHexBytes, '0'); }

absl::StatusOr<Secret> log_key(const Secret& key) { return derive_key(key, "decision"); }

std::string mac_hex(std::string_view text, const Secret& key) {
  const std::vector<std::byte> tag = keyed_tag(text, key);
  return std::string(absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(tag.data()), tag.size())));
}

absl::StatusOr<LogLine> make_log_line(int64_t sequence, std::string_view previous,
                                      std::string_view record, const Secret& key) {
  DURWARD_RETURN_IF_ERROR(check_record(record));
  LogLine line{sequence, std::string(previous), std::string(record), "", ""};
  line.digest = digest_of(line_body(sequence, previous, record));
  line.mac = mac_hex(line.digest, key);
  return line;
}

std::string log_line_text(const LogLine& line) {
  return absl::StrCat(line_body(line.sequence, line.previous, line.record), ",\"digest\":\"",
                      line.digest, "\",\"mac\":\"", line.mac, "\"}");
}

absl::StatusOr<LogLine> parse_log_line(std::string_view text) {
  constexpr absl::string_view kBeforeDigest = ",\"digest\":\"", kBeforeMac = "\",\"mac\":\"",
                              kEnd = "\"}";
  constexpr size_t kTail =
      kBeforeDigest.size() + kHexBytes + kBeforeMac.size() + kHexBytes + kEnd.size();
  const auto refuse = [] { return absl::DataLossError("it is no line of a decision log"); };
  absl::string_view rest(text.data(), text.size());
  LogLine line;
  if (!take_word(rest, "{\"sequence\":")) return refuse();
  const absl::string_view number = rest.substr(0, rest.find(','));
  if (!absl::SimpleAtoi(number, &line.sequence) || line.sequence < 1) return refuse();
  rest.remove_prefix(number.size());
  if (!take_word(rest, ",\"previous\":\"") || !take_digest(rest, line.previous) ||
      !take_word(rest, "\",\"record\":") || rest.size() < kTail) {
    return refuse();
  }
  line.record = std::string(rest.substr(0, rest.size() - kTail));
  rest.remove_prefix(line.record.size());
  if (!take_word(rest, kBeforeDigest) || !take_digest(rest, line.digest) ||
      !take_word(rest, kBeforeMac) || !take_digest(rest, line.mac) || rest != kEnd ||
      !check_record(line.record).ok() || log_line_text(line) != text) {
    return refuse();
  }
  if (digest_of(text.substr(0, text.size() - kTail)) != line.digest) {
    return absl::DataLossError(
        absl::StrCat("line ", line.sequence, " was changed: its digest is another's"));
  }
  return line;
}

bool log_line_is_of(const LogLine& line, const Secret& key) {
  const std::string mac = mac_hex(line.digest, key);
  return line.mac.size() == mac.size() &&
         sodium_memcmp(line.mac.data(), mac.data(), mac.size()) == 0;
}

}  // namespace durward
