// What training needs to go on after a kill, in one file that is replaced whole.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/status.h"
#include "tune/torch.h"
#include "tune/tune.h"

namespace durward {

struct TrainingState {
  int64_t step = 0;  // that were done
  std::vector<at::Tensor> parameters;
  std::vector<at::Tensor> first_moments, second_moments;  // of Adam
  int64_t best_step = 0;
  std::vector<at::Tensor> best;  // parameters of that step
  std::vector<TunePoint> history;
  double loss_sum = 0;  // of the steps since the last point of the history
};

// A JSON header, then the tensors as floats, then a SHA-256 of all that. `identity` is kept with
// it. Errors: those of write_file_atomic; the older checkpoint is then still there.
[[nodiscard]] absl::Status write_checkpoint(const std::filesystem::path& path,
                                            const TrainingState& state,
                                            const std::string& identity);

// Into a state whose tensors have the sizes that are expected. Errors: those of read_file;
// InvalidArgument where the file is damaged, of another identity or of tensors of other sizes.
[[nodiscard]] absl::Status read_checkpoint(const std::filesystem::path& path,
                                           const std::string& identity, TrainingState& state);

}  // namespace durward
