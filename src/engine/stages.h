// Stages of a program: steps that several threads run one behind the other, each its parts of all
// of them, without waiting for the others in between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace durward {

// Instructions first + step * parts + part.
struct Stage {
  size_t first = 0, steps = 0, parts = 1;
};

// Bytes that an instruction reads or writes, behind one of the addresses of a run.
struct Access {
  uint32_t base = 0;
  uint64_t begin = 0, end = 0;
  bool writes = false;
};

class StageBuilder {
 public:
  // The next step, by what each of its parts accesses. It joins the stage before it where no part
  // touches what another part of that stage writes.
  void add(std::vector<std::vector<Access>> parts);
  [[nodiscard]] std::vector<Stage> take() { return std::move(stages_); }

 private:
  [[nodiscard]] bool joins(const std::vector<std::vector<Access>>& parts) const;

  std::vector<Stage> stages_;
  std::vector<std::vector<Access>> last_;  // of each part of the last stage
  size_t instructions_ = 0;
};

}  // namespace durward
