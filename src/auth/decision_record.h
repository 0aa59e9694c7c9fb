// What is kept of a decision: everything it was made from but samples and templates.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "auth/decision.h"

namespace durward {

struct DecisionRecord {
  std::string request = {};  // 32 hexadecimal digits, another for each request
  int64_t time_ms = 0;       // since 1970, by the clock of the machine, which may be wrong
  std::string user = {};
  std::string policy = {}, policy_sha256 = {};
  Decision decision = {};
  bool deadline_hit = false;  // decided with what was there when it was due
  int64_t failures = 0;       // consecutive ones, with this
  int64_t locked_ms = 0;      // until the next attempt
  std::vector<FactorEvidence> factors = {};
  // From the request until no more samples were awaited, and from then to the decision.
  int64_t capture_ms = 0, decide_ms = 0;
  // Since the last sample was taken, until the decision: what capture() found out about that sample
  // is in it. 0 where none came.
  int64_t since_last_sample_ms = 0;
};

// A JSON object in one line. Bytes of names that are no UTF-8 become the replacement character;
// values that are no numbers become null.
[[nodiscard]] std::string record_text(const DecisionRecord& record);

}  // namespace durward
