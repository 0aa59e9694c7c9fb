# The three kinds of targets: durward_library, durward_test, durward_executable. Warnings are errors in all of them.

# With paths as seen from this folder, so that what one clone compiled serves the next.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

add_library(durward_flags INTERFACE)
target_include_directories(durward_flags INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
target_compile_options(durward_flags INTERFACE
  -Wall -Wextra -Werror -Wshadow -Wcast-qual -Wformat=2
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor$<SEMICOLON>-Woverloaded-virtual>
  # One arithmetic on every machine: a product and a sum are never contracted into one rounding.
  -ffp-contract=off
  # GCC 12 sees overlaps in std::string where there are none (GCC bug 105651).
  $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict>
  # Joined sources are all "headers" of the file that includes them, where private types would be a mistake.
  $<$<AND:$<BOOL:${CMAKE_UNITY_BUILD}>,$<COMPILE_LANG_AND_ID:CXX,GNU>>:-Wno-subobject-linkage>)
if(DURWARD_SANITIZE)
  target_compile_options(durward_flags INTERFACE -fsanitize=${DURWARD_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(durward_flags INTERFACE -fsanitize=${DURWARD_SANITIZE})
endif()

# durward_library(NAME SOURCES a.cc b.cc DEPS target...)  ->  the static library durward_NAME
function(durward_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(durward_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(durward_${name} PUBLIC durward_flags ${ARG_DEPS})
endfunction()

# durward_module(NAME SOURCES a.cc DEPS target...)  ->  lib/libdurward_NAME.so, the target durward_NAME_module: what a program loads
# when it first needs it, since what it links to takes long to load.
function(durward_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(durward_${name}_module MODULE ${ARG_SOURCES})
  target_link_libraries(durward_${name}_module PRIVATE durward_flags absl::status absl::statusor absl::strings ${ARG_DEPS})
  set_target_properties(durward_${name}_module PROPERTIES PREFIX "" OUTPUT_NAME libdurward_${name}
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
endfunction()

# durward_loads_module(TARGET FILE NAME): FILE of TARGET, a source of this folder, finds the module's path in DURWARD_NAME_MODULE. It alone
# is told, so that the other objects are the same in any clone.
function(durward_loads_module target file name)
  string(TOUPPER ${name} macro)
  set_source_files_properties(${file} PROPERTIES
    COMPILE_DEFINITIONS "DURWARD_${macro}_MODULE=\"${CMAKE_BINARY_DIR}/lib/libdurward_${name}.so\"")
  if(TARGET durward_${name}_module)
    add_dependencies(${target} durward_${name}_module)
  endif()
endfunction()

# durward_test(NAME [LABELS label...] SOURCES a_test.cc DEPS target...)  ->  one GoogleTest program NAME_test, run by ctest.
# The label `threads` marks what starts threads itself: the target threads_tests builds these programs alone, for the
# thread sanitizer. The runtimes' own threads are not ours to check, and their libraries are built without it.
add_custom_target(threads_tests)
function(durward_test name)
  cmake_parse_arguments(ARG "" "" "LABELS;SOURCES;DEPS" ${ARGN})
  add_executable(${name}_test ${ARG_SOURCES})
  set_target_properties(${name}_test PROPERTIES UNITY_BUILD OFF)  # their helpers have the same names in each file
  target_include_directories(${name}_test PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  # Most of a build's time would go into optimising and instrumenting what runs once.
  target_compile_options(${name}_test PRIVATE $<IF:$<CONFIG:Debug>,-O0,-O1>
    $<$<BOOL:${DURWARD_FUZZ}>:-fno-sanitize=fuzzer-no-link>)
  target_link_libraries(${name}_test PRIVATE durward_flags ${ARG_DEPS} durward_test_folders GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name}_test)
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}")
  if(threads IN_LIST ARG_LABELS)
    add_dependencies(threads_tests ${name}_test)
  endif()
endfunction()

# durward_fuzz(NAME SOURCES a_fuzz.cc DEPS target...)  ->  one libFuzzer program NAME_fuzz, when DURWARD_FUZZ is on;
# its seeds are in corpus/NAME beside it.
function(durward_fuzz name)
  if(NOT DURWARD_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name}_fuzz ${ARG_SOURCES})
  target_include_directories(${name}_fuzz PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(${name}_fuzz PRIVATE durward_flags ${ARG_DEPS})
  target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
endfunction()
