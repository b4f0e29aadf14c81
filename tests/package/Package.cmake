# The consumer project in this folder finds xgrad in each of the ways that the README promises.

set(prefix ${CMAKE_CURRENT_BINARY_DIR}/package/prefix)

add_test(NAME package.install
         COMMAND ${CMAKE_COMMAND} --install ${PROJECT_BINARY_DIR} --config $<CONFIG> --prefix ${prefix})
set_tests_properties(package.install PROPERTIES FIXTURES_SETUP installed)

# add_package_test(NAME WAY [TARGET target] [COMMAND command...] [OPTIONS options...])
# configures the consumer with XGRAD_BY=WAY, builds it or only one target of it, and runs a command.
function(add_package_test name way)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "TARGET" "COMMAND;OPTIONS")
  set(build ${CMAKE_CURRENT_BINARY_DIR}/package/${name})
  set(target)
  if(arg_TARGET)
    set(target --build-target ${arg_TARGET})
  endif()
  set(command)
  if(arg_COMMAND)
    set(command --test-command ${arg_COMMAND})
  endif()
  add_test(NAME package.${name}
           COMMAND ${CMAKE_CTEST_COMMAND} --build-and-test ${CMAKE_CURRENT_SOURCE_DIR}/package ${build}
                   --build-generator ${CMAKE_GENERATOR} --build-noclean ${target}
                   --build-options -DXGRAD_BY=${way} -DCMAKE_BUILD_TYPE=$<CONFIG>
                                   -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
                                   -DCMAKE_CXX_FLAGS=${CMAKE_CXX_FLAGS} ${arg_OPTIONS}
                   ${command})
  set_tests_properties(package.${name} PROPERTIES TIMEOUT 1800)
  if(way STREQUAL "find_package")
    set_tests_properties(package.${name} PROPERTIES FIXTURES_REQUIRED installed)
  endif()
endfunction()

# An installed xgrad asks for none of what only its own sources need.
add_package_test(find_package find_package COMMAND consumer
                 OPTIONS -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_DISABLE_FIND_PACKAGE_xtensor=ON
                         -DCMAKE_DISABLE_FIND_PACKAGE_xtensor-blas=ON -DCMAKE_DISABLE_FIND_PACKAGE_xsimd=ON
                         -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON)
add_package_test(find_package_xtensor find_package COMMAND consumer
                 OPTIONS -DCMAKE_PREFIX_PATH=${prefix} -DXGRAD_COMPONENTS=xtensor,fuse)

# As a subproject, xgrad is built again, which takes minutes: by default the consumer is only configured and
# compiled against it, and the whole way is slow.
foreach(way IN ITEMS add_subdirectory fetch_content)
  set(options -DXGRAD_SOURCE=${PROJECT_SOURCE_DIR} -DXGRAD_COMPONENTS=xtensor,fuse)
  if(CMAKE_GENERATOR STREQUAL "Ninja")
    add_package_test(${way} ${way} TARGET CMakeFiles/consumer.dir/main.cpp.o OPTIONS ${options})
  endif()
  add_package_test(${way}_full ${way} COMMAND consumer OPTIONS ${options})
  set_tests_properties(package.${way}_full PROPERTIES LABELS slow)
endforeach()
