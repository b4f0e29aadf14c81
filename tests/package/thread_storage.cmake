# Fails when what each thread has of its own in the shared object FILE takes more than LIMIT bytes.

cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND ${READELF} --program-headers --wide ${FILE} OUTPUT_VARIABLE segments COMMAND_ERROR_IS_FATAL ANY)
if(NOT segments MATCHES "\n *TLS +0x[0-9a-f]+ +0x[0-9a-f]+ +0x[0-9a-f]+ +0x[0-9a-f]+ +(0x[0-9a-f]+)")
  message(FATAL_ERROR "${FILE} has no segment TLS: ${segments}")
endif()
math(EXPR bytes "${CMAKE_MATCH_1}")
message(STATUS "${FILE}: ${bytes} bytes for each thread")
if(bytes GREATER LIMIT)
  message(FATAL_ERROR "${FILE} has ${bytes} bytes for each thread: ${LIMIT} at most; keep what is large behind a pointer")
endif()
