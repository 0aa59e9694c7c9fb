// Kernel calls of a plan as C: parameters in constant structs, and a statement for each step.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "engine/plan.h"
#include "micro/constants.h"

namespace durward {

// A plan that read_plan and verify_plan accepted, step by step.
class CallWriter {
 public:
  CallWriter(const Plan& plan, Constants& constants) : plan_(plan), constants_(constants) {}

  // The statements of the step, indented. Errors: Unimplemented naming the layer where its kernel
  // has no version for microcontrollers, or where its sums could leave int32 on the way.
  [[nodiscard]] absl::StatusOr<std::string> write(const PlanStep& step);

  // Of all steps so far: the definitions of their parameters, the kernels' sources ("conv2d.c"),
  // and the most scratch memory that one of them needs.
  [[nodiscard]] std::string parameters(std::string_view qualifier) const;
  [[nodiscard]] int64_t parameter_bytes() const;
  [[nodiscard]] const std::set<std::string>& sources() const { return sources_; }
  [[nodiscard]] int64_t scratch_bytes() const { return scratch_bytes_; }

  // ---- for the overloads that write one kind of call ----

  struct Operand {
    int32_t tensor = -1;
    uint64_t offset = 0;  // in bytes, into the tensor
  };
  // A pointer to constants or to activations `more` bytes behind the operand's start.
  [[nodiscard]] std::string pointer(const Operand& operand, const std::string& type,
                                    int64_t more = 0) const;
  // The constant operand's first elements, as they are.
  template <typename T>
  [[nodiscard]] std::vector<T> values(const Operand& operand, int64_t count) const;
  std::string constant(CElement element, std::span<const std::byte> bytes, std::string_view hint) {
    return constants_.add(element, bytes, hint);
  }
  // "&NAME" of a constant struct; equal ones are one. `bytes`: an estimate of its size.
  std::string parameter(const std::string& type, const std::string& value, int64_t bytes);
  std::string scratch(int64_t bytes);
  void uses(const std::string& source) { sources_.insert(source); }

 private:
  struct Parameter {
    std::string type, value;
    bool operator<(const Parameter& other) const {
      return std::tie(type, value) < std::tie(other.type, other.value);
    }
  };
  [[nodiscard]] std::string slide(const PlanStep& step);
  [[nodiscard]] std::span<const std::byte> constant_bytes(const Operand& operand) const;

  const Plan& plan_;
  Constants& constants_;
  std::map<Parameter, size_t> known_;
  std::vector<Parameter> parameters_;
  int64_t parameter_bytes_ = 0;
  std::set<std::string> sources_;
  int64_t scratch_bytes_ = 0;
};

}  // namespace durward
