# Fails where FILE has LIMIT bytes or more.
file(SIZE ${FILE} bytes)
if(NOT bytes LESS LIMIT)
  message(FATAL_ERROR "${FILE} has ${bytes} bytes; it should have less than ${LIMIT}")
endif()
message("${FILE} has ${bytes} bytes")
