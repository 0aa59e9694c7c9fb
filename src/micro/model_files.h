// The files of an export around the kernels; internal to src/micro.
#pragma once

#include <string>
#include <vector>

#include "micro/call_writer.h"
#include "micro/constants.h"
#include "micro/export_c.h"

namespace durward {

// What the model's own files are made of.
struct CModel {
  std::string name;  // an identifier
  const Plan* plan;  // outlives this
  Constants constants;
  std::string parameters, statements;
  std::vector<std::string> headers;  // of the kernels: "conv2d.h"
  Footprint footprint;
};

// NAME.h, NAME.c and NAME_constants.h
[[nodiscard]] std::vector<CFile> model_files(const CModel& model);
// test/main.c, test/golden.h and test/golden.c
[[nodiscard]] std::vector<CFile> self_test_files(const CModel& model,
                                                 const std::vector<MicroGolden>& golden);
// CMakeLists.txt, Makefile and README.md; `sources` are those of the kernels.
[[nodiscard]] std::vector<CFile> build_files(const CModel& model,
                                             const std::vector<std::string>& sources);

// "const float* input0, int8_t* output0"
[[nodiscard]] std::string port_parameters(const Plan& plan);
// Bytes of a port.
[[nodiscard]] int64_t port_bytes(const PlanTensor& port);
[[nodiscard]] std::string upper(const std::string& name);

}  // namespace durward
