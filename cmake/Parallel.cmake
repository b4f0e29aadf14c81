# The target xgrad::parallel, where an MPI is found (Open MPI or MPICH): xgrad together with xgrad/parallel.hpp.
# Elsewhere a message says what it needs.

set(MPI_CXX_SKIP_MPICXX ON)  # its bindings to C++, which MPI has given up
find_package(MPI QUIET COMPONENTS CXX)
if(NOT TARGET MPI::MPI_CXX)
  message(STATUS "xgrad::parallel is left out: it needs MPI (Debian: libopenmpi-dev openmpi-bin, or libmpich-dev mpich)")
  return()
endif()

file(GLOB_RECURSE parallel_headers CONFIGURE_DEPENDS parallel/include/*.hpp)
file(GLOB_RECURSE parallel_sources CONFIGURE_DEPENDS parallel/src/*.cpp)
add_library(xgrad_parallel ${parallel_sources})
add_library(xgrad::parallel ALIAS xgrad_parallel)
set_target_properties(xgrad_parallel PROPERTIES EXPORT_NAME parallel VERSION ${PROJECT_VERSION}
                                                SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
if(NOT DEFINED CMAKE_POSITION_INDEPENDENT_CODE)
  set_target_properties(xgrad_parallel PROPERTIES POSITION_INDEPENDENT_CODE ON)
endif()
target_sources(xgrad_parallel PUBLIC FILE_SET HEADERS BASE_DIRS parallel/include FILES ${parallel_headers})
target_include_directories(xgrad_parallel PRIVATE parallel/src)
target_compile_options(xgrad_parallel PRIVATE ${XGRAD_KERNEL_FLAGS})
target_link_libraries(xgrad_parallel PUBLIC xgrad PRIVATE MPI::MPI_CXX Threads::Threads)
if(BUILD_SHARED_LIBS)
  only_names_of_xgrad(xgrad_parallel)
endif()
