# A consumer project finds xgrad in each of the ways that the README promises, by the README's own words.

include(${CMAKE_CURRENT_LIST_DIR}/Readme.cmake)
set(package ${CMAKE_CURRENT_BINARY_DIR}/package)
set(prefix ${package}/prefix)

# The consumer's folder has xgrad as a folder of its own.
file(GLOB consumer_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/consumer/*)
foreach(file IN LISTS consumer_files)
  cmake_path(GET file FILENAME name)
  configure_file(${file} ${package}/consumer/${name} COPYONLY)
endforeach()
file(CREATE_LINK ${PROJECT_SOURCE_DIR} ${package}/consumer/xgrad SYMBOLIC)
foreach(way IN ITEMS find_package add_subdirectory FetchContent_MakeAvailable)
  readme_block(${way} ${package}/${way}.cmake)
endforeach()

set(consumer_options -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER} -DCMAKE_CXX_FLAGS=${CMAKE_CXX_FLAGS}
                     -DCMAKE_PREFIX_PATH=${prefix})

add_test(NAME package.install
         COMMAND ${CMAKE_COMMAND} --install ${PROJECT_BINARY_DIR} --config $<CONFIG> --prefix ${prefix})
set_tests_properties(package.install PROPERTIES FIXTURES_SETUP installed)

# add_package_test(NAME WAY [BUILD_TYPE type] [TARGET target] [COMMAND command...] [OPTIONS options...])
# configures the consumer with the README's block that calls WAY, builds it or only one target of it, and runs
# a command.
function(add_package_test name way)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "TARGET;BUILD_TYPE" "COMMAND;OPTIONS")
  set(target)
  if(arg_TARGET)
    set(target --build-target ${arg_TARGET})
  endif()
  set(command)
  if(arg_COMMAND)
    set(command --test-command ${arg_COMMAND})
  endif()
  if(NOT DEFINED arg_BUILD_TYPE)
    set(arg_BUILD_TYPE $<CONFIG>)
  endif()
  add_test(NAME package.${name}
           COMMAND ${CMAKE_CTEST_COMMAND} --build-and-test ${package}/consumer ${package}/${name}
                   --build-generator ${CMAKE_GENERATOR} --build-noclean ${target}
                   --build-options -DXGRAD_README=${package}/${way}.cmake -DCMAKE_BUILD_TYPE=${arg_BUILD_TYPE}
                                   ${consumer_options} ${arg_OPTIONS}
                   ${command})
  set_tests_properties(package.${name} PROPERTIES TIMEOUT 1800)
  if(way STREQUAL "find_package")
    set_tests_properties(package.${name} PROPERTIES FIXTURES_REQUIRED installed)
  endif()
endfunction()

# An installed xgrad asks for none of what only its own sources need.
set(without_build_dependencies
    -DCMAKE_DISABLE_FIND_PACKAGE_xtensor=ON -DCMAKE_DISABLE_FIND_PACKAGE_xtensor-blas=ON
    -DCMAKE_DISABLE_FIND_PACKAGE_xsimd=ON -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON)
add_package_test(find_package find_package TARGET program COMMAND program OPTIONS ${without_build_dependencies})
add_package_test(find_package_components find_package TARGET all COMMAND program_fuse
                 OPTIONS -DXGRAD_COMPONENTS=xtensor,fuse)

# Older than sets of header files. That version's own modules are not at hand; what the package does with its
# number is.
add_package_test(find_package_as_cmake_3_16 find_package TARGET program COMMAND program
                 OPTIONS -DXGRAD_CMAKE=3.16.0)

# As a subproject, xgrad is built again, which takes minutes: by default the consumer is only configured and
# compiled against it, and the whole way is slow.
foreach(way IN ITEMS add_subdirectory FetchContent_MakeAvailable)
  if(CMAKE_GENERATOR STREQUAL "Ninja")
    add_package_test(${way} ${way} TARGET CMakeFiles/program.dir/main.cpp.o OPTIONS -DXGRAD_COMPONENTS=xtensor,fuse)
  endif()
endforeach()

# A project without a build type gets a library that is optimised all the same; this one's build type counts.
string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
add_test(NAME package.optimised
         COMMAND ${CMAKE_COMMAND} -DCONSUMER=${package}/consumer -DREADME=${package}/add_subdirectory.cmake
                 -DOUT=${package}/optimised -DSOURCE=${PROJECT_SOURCE_DIR} -DOWN_BUILD=${PROJECT_BINARY_DIR}
                 "-DOWN_FLAGS=${CMAKE_CXX_FLAGS_${build_type}}" "-DOPTIONS=${consumer_options}"
                 -P ${CMAKE_CURRENT_LIST_DIR}/optimised.cmake)
add_package_test(no_build_type_slow add_subdirectory BUILD_TYPE "" TARGET speed COMMAND speed)
add_package_test(debug_slow FetchContent_MakeAvailable BUILD_TYPE Debug TARGET speed COMMAND speed)
set_tests_properties(package.no_build_type_slow package.debug_slow PROPERTIES LABELS slow RUN_SERIAL ON)
