# What the project builds with. The libraries from Debian are required; ONNX Runtime, OpenVINO and LiteRT are
# optional and looked for where scripts/setup puts them (DURWARD_DEPS). The summary at the end says what was found.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Protobuf REQUIRED)
find_package(ONNX CONFIG REQUIRED)
find_package(FlatBuffers REQUIRED CONFIG NAMES FlatBuffers Flatbuffers)
find_package(GTest REQUIRED)
if(DURWARD_BENCH)
  find_package(benchmark REQUIRED)
endif()


find_library(SODIUM_LIBRARY sodium REQUIRED)
add_library(sodium INTERFACE IMPORTED)
target_link_libraries(sodium INTERFACE ${SODIUM_LIBRARY})
find_package(SQLite3 REQUIRED)
add_library(sqlite ALIAS SQLite::SQLite3)
add_library(tss2 INTERFACE IMPORTED)
foreach(part IN ITEMS esys mu rc tctildr)
  find_library(TSS2_${part} tss2-${part} REQUIRED)
  target_link_libraries(tss2 INTERFACE ${TSS2_${part}})
endforeach()

# OpenCV: Debian's split packages carry no CMake configuration.
find_path(OPENCV_INCLUDE opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
add_library(opencv INTERFACE IMPORTED)
target_include_directories(opencv SYSTEM INTERFACE ${OPENCV_INCLUDE})
foreach(module IN ITEMS core imgproc)
  find_library(OPENCV_${module} opencv_${module} REQUIRED)
  target_link_libraries(opencv INTERFACE ${OPENCV_${module}})
endforeach()

# Picture files; cameras and videos. They bring half of Debian along, so only modules link to them.
foreach(module IN ITEMS imgcodecs videoio)
  find_library(OPENCV_${module} opencv_${module} REQUIRED)
  add_library(opencv_${module} INTERFACE IMPORTED)
  target_link_libraries(opencv_${module} INTERFACE ${OPENCV_${module}} opencv)
endforeach()

# The window of a camera's preview.
find_path(SDL2_INCLUDE SDL.h PATH_SUFFIXES SDL2)
find_library(SDL2_LIBRARY SDL2-2.0)
if(SDL2_INCLUDE AND SDL2_LIBRARY)
  add_library(sdl2 INTERFACE IMPORTED)
  target_include_directories(sdl2 SYSTEM INTERFACE ${SDL2_INCLUDE})
  target_link_libraries(sdl2 INTERFACE ${SDL2_LIBRARY})
endif()

# Recordings: decoding, other sample rates, spectra. kissfft, not FFTW: its licence is BSD, FFTW's the GPL.
foreach(library IN ITEMS sndfile soxr)
  find_library(${library}_LIBRARY ${library} REQUIRED)
  add_library(${library} INTERFACE IMPORTED)
  target_link_libraries(${library} INTERFACE ${${library}_LIBRARY})
endforeach()
# Microphones, and the prompted digits. pocketsphinx's headers include each other from three folders.
find_package(ALSA REQUIRED)
add_library(alsa ALIAS ALSA::ALSA)
add_library(pocketsphinx INTERFACE IMPORTED)
find_path(POCKETSPHINX_INCLUDE pocketsphinx/pocketsphinx.h REQUIRED)
find_path(SPHINXBASE_INCLUDE sphinxbase/cmd_ln.h REQUIRED)
find_path(SPHINXBASE_CONFIG sphinx_config.h PATH_SUFFIXES sphinxbase x86_64-linux-gnu/sphinxbase aarch64-linux-gnu/sphinxbase REQUIRED)
find_library(POCKETSPHINX_LIBRARY pocketsphinx REQUIRED)
find_library(SPHINXBASE_LIBRARY sphinxbase REQUIRED)
target_include_directories(pocketsphinx SYSTEM INTERFACE ${POCKETSPHINX_INCLUDE}/pocketsphinx ${SPHINXBASE_INCLUDE} ${SPHINXBASE_CONFIG})
target_link_libraries(pocketsphinx INTERFACE ${POCKETSPHINX_LIBRARY} ${SPHINXBASE_LIBRARY})
find_path(KISSFFT_INCLUDE kissfft/kiss_fftr.h REQUIRED)
find_library(KISSFFT_LIBRARY kissfft-float REQUIRED)
add_library(kissfft INTERFACE IMPORTED)
target_include_directories(kissfft SYSTEM INTERFACE ${KISSFFT_INCLUDE}/kissfft)
target_compile_definitions(kissfft INTERFACE kiss_fft_scalar=float KISS_FFT_SHARED)
target_link_libraries(kissfft INTERFACE ${KISSFFT_LIBRARY})

# libonnx only parses for us: the generated protobuf classes.
add_library(onnx_protobuf INTERFACE IMPORTED)
target_link_libraries(onnx_protobuf INTERFACE onnx_proto protobuf::libprotobuf)
target_compile_definitions(onnx_protobuf INTERFACE ONNX_NAMESPACE=onnx ONNX_ML=1)

set(DURWARD_WHEELS ${DURWARD_DEPS}/wheels)

find_package(OpenVINO QUIET COMPONENTS Runtime PATHS ${DURWARD_WHEELS}/openvino/cmake NO_DEFAULT_PATH)

find_path(ONNXRUNTIME_INCLUDE onnxruntime_cxx_api.h
  PATHS ${DURWARD_DEPS}/onnxruntime-include PATH_SUFFIXES onnxruntime onnxruntime/core/session NO_DEFAULT_PATH)
file(GLOB ONNXRUNTIME_LIBRARY ${DURWARD_WHEELS}/onnxruntime/capi/libonnxruntime.so.1.*)
if(ONNXRUNTIME_INCLUDE AND ONNXRUNTIME_LIBRARY)
  # The wheel lacks the name that the library's SONAME asks for.
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
  file(CREATE_LINK ${ONNXRUNTIME_LIBRARY} ${CMAKE_BINARY_DIR}/lib/libonnxruntime.so.1 SYMBOLIC)
  add_library(onnxruntime SHARED IMPORTED)
  set_target_properties(onnxruntime PROPERTIES IMPORTED_LOCATION ${CMAKE_BINARY_DIR}/lib/libonnxruntime.so.1)
  target_include_directories(onnxruntime SYSTEM INTERFACE ${ONNXRUNTIME_INCLUDE})
endif()

find_file(LITERT_LIBRARY libLiteRt.so PATHS ${DURWARD_WHEELS}/ai_edge_litert NO_DEFAULT_PATH)

# For fine-tuning. Its own CMake configuration asks for the whole of Caffe2; two libraries are enough. Not with
# sanitizers, which do not know what its threads do.
find_path(TORCH_INCLUDE torch/csrc/api/include/torch/torch.h)
find_library(TORCH_LIBRARY torch_cpu)
find_library(C10_LIBRARY c10)
if(TORCH_INCLUDE AND TORCH_LIBRARY AND C10_LIBRARY AND NOT DURWARD_SANITIZE)
  add_library(libtorch INTERFACE IMPORTED)
  target_include_directories(libtorch SYSTEM INTERFACE ${TORCH_INCLUDE} ${TORCH_INCLUDE}/torch/csrc/api/include)
  target_link_libraries(libtorch INTERFACE ${TORCH_LIBRARY} ${C10_LIBRARY})
endif()

message(STATUS "Durward: ONNX Runtime ${ONNXRUNTIME_LIBRARY}")
message(STATUS "Durward: OpenVINO     ${OpenVINO_DIR}")
message(STATUS "Durward: LiteRT       ${LITERT_LIBRARY}")
message(STATUS "Durward: libtorch     ${TORCH_LIBRARY}")
