# Fails when the shared object FILE exports names that are not xgrad's, or that match PRIVATE.

cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND ${NM} --dynamic --defined-only --format=posix ${FILE} OUTPUT_VARIABLE names COMMAND_ERROR_IS_FATAL ANY)
string(REGEX REPLACE "\n$" "" names "${names}")
string(REGEX REPLACE " [^\n]*" "" names "${names}")
string(REPLACE "\n" ";" names "${names}")
list(LENGTH names count)

# Of namespace xgrad: a function or variable, one local to it, its type information, tables, thunks, guards; and what
# std::throw_with_nested makes of an Error.
set(foreign ${names})
list(FILTER foreign EXCLUDE REGEX "^_Z(GV|GVZ|TI|TS|TV|TT|TH|TW|Th[n0-9_]*|Z)?(N[KRO]*5xgrad|NSt17_Nested_exceptionIN5xgrad)")
if(foreign)
  message(FATAL_ERROR "${FILE} exports what is not xgrad's: ${foreign}")
endif()
if(PRIVATE)
  set(found ${names})
  list(FILTER found INCLUDE REGEX "${PRIVATE}")
  if(found)
    message(FATAL_ERROR "${FILE} exports what no public header declares: ${found}")
  endif()
endif()
if(count LESS 300)
  message(FATAL_ERROR "${FILE} exports ${count} names only")
endif()
message(STATUS "${FILE} exports ${count} names, all of namespace xgrad")
