# The tests of xgrad::parallel: each source runs with threads as ranks, as every test does, and all of them again as
# processes of mpirun, 2 and 4. Without MPI there is no such component, and a message has said so.

if(NOT TARGET test_parallel)
  return()
endif()
target_link_libraries(test_parallel PRIVATE xgrad::parallel)
target_include_directories(test_parallel PRIVATE ${PROJECT_SOURCE_DIR}/parallel/src)

# More ranks than cores, as root in containers, and none of them tied to a core that another test uses. What the one
# MPI does not know the other one reads.
set(mpi_environment
    XGRAD_TEST_MPI=1 XGRAD_NUM_THREADS=1
    OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
    OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_btl_vader_single_copy_mechanism=none)

# add_mpi_test(NAME RANKS COMMAND...): a test that mpirun runs.
function(add_mpi_test name ranks)
  add_test(NAME ${name} COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${ranks} ${ARGN})
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "${mpi_environment}" TIMEOUT 120 PROCESSORS 2)
endfunction()

if(CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  return()  # which would look into MPI itself
endif()
if(NOT MPIEXEC_EXECUTABLE)
  message(STATUS "The tests parallel.mpi_2 and parallel.mpi_4 are left out: they need mpirun (Debian: openmpi-bin)")
  return()
endif()
foreach(ranks IN ITEMS 2 4)
  add_mpi_test(parallel.mpi_${ranks} ${ranks} $<TARGET_FILE:test_parallel>)
endforeach()

add_executable(parallel_survivor ${CMAKE_CURRENT_LIST_DIR}/programs/survivor.cpp)
target_link_libraries(parallel_survivor PRIVATE xgrad::parallel doctest::doctest)
target_include_directories(parallel_survivor PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_definitions(parallel_survivor PRIVATE DOCTEST_CONFIG_DISABLE)
add_test(NAME parallel.killed
         COMMAND ${CMAKE_COMMAND} -DMPIEXEC=${MPIEXEC_EXECUTABLE} -DNUMPROC_FLAG=${MPIEXEC_NUMPROC_FLAG}
                 -DPROGRAM=$<TARGET_FILE:parallel_survivor> -DOUT=${CMAKE_CURRENT_BINARY_DIR}/parallel_killed
                 -P ${CMAKE_CURRENT_LIST_DIR}/programs/killed.cmake)
set_tests_properties(parallel.killed PROPERTIES ENVIRONMENT "${mpi_environment}" TIMEOUT 240 PROCESSORS 2)

# Cases of a program: what is said, and for a failure also that it is one.
add_executable(parallel_lifecycle ${CMAKE_CURRENT_LIST_DIR}/programs/lifecycle.cpp)
target_link_libraries(parallel_lifecycle PRIVATE xgrad::parallel MPI::MPI_CXX)
function(add_lifecycle_test name said)
  add_mpi_test(parallel.lifecycle_${name} 2 $<TARGET_FILE:parallel_lifecycle> ${name})
  set_tests_properties(parallel.lifecycle_${name} PROPERTIES PASS_REGULAR_EXPRESSION "${said}")
endfunction()
add_lifecycle_test(started "sum 2\n")
add_lifecycle_test(twice "sum 2, sum 2\n")
add_lifecycle_test(throws "rank 1: no bread\n")
add_lifecycle_test(ended "world: MPI has been ended by this program; call world.. before MPI_Finalize")
add_test(NAME parallel.lifecycle_exit_code
         COMMAND sh -c "${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} 2 $<TARGET_FILE:parallel_lifecycle> throws; test $? -eq 1")
add_test(NAME parallel.lifecycle_alone COMMAND parallel_lifecycle alone)
set_tests_properties(parallel.lifecycle_exit_code PROPERTIES ENVIRONMENT "${mpi_environment}" TIMEOUT 60 PROCESSORS 2)
set_tests_properties(parallel.lifecycle_alone PROPERTIES
  ENVIRONMENT "PMI_SIZE=4;OMPI_COMM_WORLD_SIZE=4;OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1" TIMEOUT 60
  PASS_REGULAR_EXPRESSION "world: mpirun has started 4 processes, and this one is alone")
