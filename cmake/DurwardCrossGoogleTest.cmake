# GoogleTest for the target of a cross build, from the sources that Debian's package googletest installs.
set(INSTALL_GTEST OFF)
add_subdirectory(/usr/src/googletest ${CMAKE_BINARY_DIR}/googletest EXCLUDE_FROM_ALL)
# GCC 12 sees overlaps in std::string where there are none (GCC bug 105651).
target_compile_options(gtest PRIVATE -Wno-restrict)
