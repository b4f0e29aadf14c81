# Configures the consumer with xgrad as a subproject, under several build types and generators, and reads the
# commands that compile the library: the last -O of each must be -O3. In this build of the library's own, it must
# be what the build type says: OWN_FLAGS.

cmake_minimum_required(VERSION 3.25)
unset(ENV{CMAKE_BUILD_TYPE})

# check(COMMANDS EXPECTED WHAT): the last -O in the commands of all of the library's sources is EXPECTED.
function(check file expected what)
  file(READ ${file} commands)
  string(JSON count LENGTH "${commands}")
  math(EXPR last "${count} - 1")
  set(seen 0)
  foreach(i RANGE ${last})
    string(JSON source GET "${commands}" ${i} file)
    if(NOT source MATCHES "/(core|nn|optim|data|train)/src/")
      continue()
    endif()
    string(JSON command GET "${commands}" ${i} command)
    string(REGEX MATCHALL " -O[^ ]*" levels "${command}")
    list(POP_BACK levels level)
    if(NOT level STREQUAL expected)
      message(FATAL_ERROR "${what}: '${level}' and not '${expected}' for ${source}: ${command}")
    endif()
    math(EXPR seen "${seen} + 1")
  endforeach()
  if(seen LESS 50)
    message(FATAL_ERROR "${what}: ${file} has commands for only ${seen} of the library's sources")
  endif()
  message(STATUS "${what}: ${seen} commands with '${expected}'")
endfunction()

function(configured generator build_type name)
  execute_process(COMMAND ${CMAKE_COMMAND} -S ${CONSUMER} -B ${OUT}/${name} -G ${generator}
                          -DXGRAD_README=${README} -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
                          -DCMAKE_BUILD_TYPE=${build_type} ${OPTIONS}
                  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  check(${OUT}/${name}/compile_commands.json " -O3" "a parent with ${generator}, build type '${build_type}'")
endfunction()

configured("Unix Makefiles" "" makefiles)
configured("Unix Makefiles" Debug makefiles_debug)
configured("Unix Makefiles" OfTheirOwn makefiles_of_their_own)
find_program(ninja ninja)
if(ninja)
  configured(Ninja "" ninja)
  configured("Ninja Multi-Config" "" multi)
endif()

string(REGEX MATCHALL " -O[^ ]*" levels " ${OWN_FLAGS}")
list(POP_BACK levels level)
check(${OWN_BUILD}/compile_commands.json "${level}" "this build")
