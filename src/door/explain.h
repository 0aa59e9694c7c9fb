// Decisions and enrolments in words, for people.
#pragma once

#include <string>
#include <string_view>

#include "auth/decision_record.h"
#include "door/enrolment.h"

namespace durward {

// One sentence: what was decided and the one reason. Of who fails a check of presence or liveness
// it says nothing about how well he matched.
[[nodiscard]] std::string explain(const DecisionRecord& record);

// Lines of one factor: what was measured and what it counted for. With numbers, for who runs the
// door; not for who stands in front of it, since scores help to improve a forgery.
[[nodiscard]] std::string explain_in_numbers(const DecisionRecord& record);

// One sentence: why a factor was not enrolled, and what to do; "" where it was.
[[nodiscard]] std::string explain(const EnrolledFactor& factor);

// What a person has to do: "turn your head to the left".
[[nodiscard]] std::string explain_step(std::string_view step);
// The whole challenge: "say: 4 7 1 9", "look here, then: blink, turn your head to the left".
[[nodiscard]] std::string explain(const Challenge& challenge);

}  // namespace durward
