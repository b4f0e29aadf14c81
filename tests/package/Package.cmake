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
                 OPTIONS -DXGRAD_COMPONENTS=xtensor,fuse -DCMAKE_DISABLE_FIND_PACKAGE_xsimd=ON)
if(TARGET xgrad_onnx)
  add_package_test(find_package_onnx find_package TARGET program_onnx COMMAND program_onnx OPTIONS -DXGRAD_COMPONENTS=onnx)
endif()
if(TARGET xgrad_parallel)
  add_package_test(find_package_parallel find_package TARGET program_parallel COMMAND program_parallel
                   OPTIONS -DXGRAD_COMPONENTS=parallel)
endif()

# Older than sets of header files. That version's own modules are not at hand; what the package does with its
# number is.
add_package_test(find_package_as_cmake_3_16 find_package TARGET program COMMAND program
                 OPTIONS -DXGRAD_CMAKE=3.16.0)

# Without CMake.
find_program(XGRAD_PKG_CONFIG pkg-config)
if(XGRAD_PKG_CONFIG)
  add_test(NAME package.pkg_config
           COMMAND ${CMAKE_COMMAND} -DPKG_CONFIG=${XGRAD_PKG_CONFIG} -DPREFIX=${prefix}
                   -DLIBDIR=${CMAKE_INSTALL_LIBDIR} -DCOMPILER=${CMAKE_CXX_COMPILER}
                   -DFLAGS=${CMAKE_CXX_FLAGS} -DSOURCE=${package}/consumer/main.cpp -DOUT=${package}/pkg_config
                   -P ${CMAKE_CURRENT_LIST_DIR}/pkg_config.cmake)
  set_tests_properties(package.pkg_config PROPERTIES FIXTURES_REQUIRED installed)
endif()

# A component that does not exist is named. CMake breaks lines where it likes.
add_test(NAME package.unknown_component
         COMMAND ${CMAKE_COMMAND} -S ${package}/consumer -B ${package}/unknown_component -G ${CMAKE_GENERATOR}
                 -DXGRAD_README=${package}/find_package.cmake -DXGRAD_COMPONENTS=fuse,nonsense ${consumer_options})
string(REPLACE " " "[ \n]+" named "there is no component nonsense; the components are xtensor, fuse, onnx, images and parallel")
set_tests_properties(package.unknown_component PROPERTIES FIXTURES_REQUIRED installed PASS_REGULAR_EXPRESSION "${named}")

# The library inside a plugin, which a program that does not know xgrad loads.
add_library(plugin MODULE ${CMAKE_CURRENT_LIST_DIR}/plugin/plugin.cpp)
target_link_libraries(plugin PRIVATE xgrad::xgrad)
add_executable(plugin_host ${CMAKE_CURRENT_LIST_DIR}/plugin/host.cpp)
target_link_libraries(plugin_host PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
target_compile_features(plugin_host PRIVATE cxx_std_20)
add_test(NAME package.plugin COMMAND plugin_host $<TARGET_FILE:plugin>)
set_tests_properties(package.plugin PROPERTIES TIMEOUT 120)
add_test(NAME package.plugin_thread_storage
         COMMAND ${CMAKE_COMMAND} -DREADELF=${CMAKE_READELF} -DFILE=$<TARGET_FILE:plugin> -DLIMIT=256
                 -P ${CMAKE_CURRENT_LIST_DIR}/thread_storage.cmake)

# A shared library exports its own names. By default one is made of the objects at hand; the whole way is slow.
if(BUILD_SHARED_LIBS)
  set(shared xgrad)
else()
  set(shared xgrad_shared)
  add_library(${shared} SHARED $<TARGET_OBJECTS:xgrad>)
  get_target_property(libraries xgrad LINK_LIBRARIES)
  target_link_libraries(${shared} PRIVATE ${libraries})
  only_names_of_xgrad(${shared})
endif()
add_test(NAME package.exported_names
         COMMAND ${CMAKE_COMMAND} -DNM=${CMAKE_NM} -DFILE=$<TARGET_FILE:${shared}>
                 -P ${CMAKE_CURRENT_LIST_DIR}/exported.cmake)
add_executable(program_of_shared ${CMAKE_CURRENT_LIST_DIR}/consumer/main.cpp)
target_link_libraries(program_of_shared PRIVATE ${shared})
target_include_directories(program_of_shared PRIVATE $<TARGET_PROPERTY:xgrad,INTERFACE_INCLUDE_DIRECTORIES>)
target_compile_features(program_of_shared PRIVATE cxx_std_20)
add_test(NAME package.shared COMMAND program_of_shared)

add_test(NAME package.shared_slow
         COMMAND ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR} -DOUT=${package}/shared -DNM=${CMAKE_NM}
                 -DGENERATOR=${CMAKE_GENERATOR} -DBUILD_TYPE=$<CONFIG> "-DOPTIONS=${consumer_options}"
                 -DCONSUMER=${package}/consumer -DREADME=${package}/find_package.cmake
                 -P ${CMAKE_CURRENT_LIST_DIR}/shared.cmake)
set_tests_properties(package.shared_slow PROPERTIES LABELS slow TIMEOUT 1800)

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

# The program, with its page of the manual and its completion, runs where it is installed.
if(TARGET xgrad_program)
  include(GNUInstallDirs)
  add_test(NAME package.program
           COMMAND sh -c "test -s ${CMAKE_INSTALL_MANDIR}/man1/xgrad.1 && test -s ${CMAKE_INSTALL_DATADIR}/bash-completion/completions/xgrad && exec ${CMAKE_INSTALL_BINDIR}/xgrad --version"
           WORKING_DIRECTORY ${prefix})
  set_tests_properties(package.program PROPERTIES
    FIXTURES_REQUIRED installed PASS_REGULAR_EXPRESSION "^xgrad ${PROJECT_VERSION}\n$")
endif()
