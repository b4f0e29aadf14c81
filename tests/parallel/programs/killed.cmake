# A rank that is killed ends the job with an error within seconds, and what it leaves goes on with more ranks and with
# fewer, to the losses of a training that was never killed.

file(REMOVE_RECURSE ${OUT})
file(MAKE_DIRECTORY ${OUT})

function(train ranks result output)
  execute_process(COMMAND ${MPIEXEC} ${NUMPROC_FLAG} ${ranks} ${PROGRAM} ${ARGN} TIMEOUT 60
                  RESULT_VARIABLE code OUTPUT_VARIABLE text ERROR_VARIABLE errors)
  set(${result} "${code}" PARENT_SCOPE)
  set(${output} "${text}${errors}" PARENT_SCOPE)
endfunction()

# losses(TEXT RESULT): the numbers behind "loss " at the beginning of a line, to nine digits.
function(losses text result)
  string(REGEX MATCHALL "loss [0-9]\\.[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]\n" lines "${text}")
  list(TRANSFORM lines REPLACE "...\n" "")
  set(${result} "${lines}" PARENT_SCOPE)
endfunction()

train(2 code text ${OUT}/whole 6)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "the training by itself has failed: ${code}: ${text}")
endif()
losses("${text}" whole)
list(LENGTH whole count)
if(NOT count EQUAL 6)
  message(FATAL_ERROR "there must be 6 losses: ${text}")
endif()

string(TIMESTAMP start "%s")
train(2 code text ${OUT}/killed 6 3)
string(TIMESTAMP end "%s")
math(EXPR seconds "${end} - ${start}")
if(code EQUAL 0 OR code MATCHES "timeout")
  message(FATAL_ERROR "a killed rank must end the job with an error: ${code}: ${text}")
endif()
if(seconds GREATER 20)
  message(FATAL_ERROR "a killed rank must end the job within seconds, it took ${seconds} s")
endif()

foreach(ranks IN ITEMS 1 4)
  file(REMOVE_RECURSE ${OUT}/other)
  file(COPY ${OUT}/killed/ DESTINATION ${OUT}/other)
  train(${ranks} code text ${OUT}/other 6)
  if(NOT code EQUAL 0 OR NOT text MATCHES "goes on behind epoch 2")
    message(FATAL_ERROR "${ranks} ranks must go on: ${code}: ${text}")
  endif()
  losses("${text}" resumed)
  if(NOT resumed STREQUAL whole)
    message(FATAL_ERROR "${ranks} ranks go on with other losses: ${resumed} instead of ${whole}")
  endif()
endforeach()
message(STATUS "the job ended with ${code} within ${seconds} s")
