# cmake -DOUT=file.cc -DFUNCTION=kernel_files -DFILES=a.c,b.h -P EmbedFiles.cmake: the files' texts as a function of
# src/micro/embedded_files.h.
string(REPLACE "," ";" files "${FILES}")
list(SORT files)
file(WRITE ${OUT} "#include \"micro/embedded_files.h\"\n\nnamespace durward {\n\n"
  "const std::vector<EmbeddedFile>& ${FUNCTION}() {\n"
  "  static const auto* const kFiles = new std::vector<EmbeddedFile>{\n")
foreach(path IN LISTS files)
  get_filename_component(name "${path}" NAME)
  file(READ "${path}" content)
  file(APPEND ${OUT} "{\"${name}\", R\"durward(")
  file(APPEND ${OUT} "${content}")
  file(APPEND ${OUT} ")durward\"},\n")
endforeach()
file(APPEND ${OUT} "  };\n  return *kFiles;\n}\n\n}  // namespace durward\n")
