# What the library is built on. Of these an installed xgrad needs OpenBLAS, zlib, minizip and threads only.

set(THREADS_PREFER_PTHREAD_FLAG ON)
set(BLA_VENDOR OpenBLAS)  # it holds LAPACK as well
find_package(BLAS REQUIRED)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
include(${CMAKE_CURRENT_LIST_DIR}/Minizip.cmake)
if(NOT TARGET xgrad::minizip)
  message(FATAL_ERROR "xgrad needs minizip (Debian: libminizip-dev)")
endif()
find_package(nlohmann_json REQUIRED)
find_path(XGRAD_PROTOZERO_DIR protozero/pbf_writer.hpp DOC "Folder of protozero's headers" REQUIRED)
mark_as_advanced(XGRAD_PROTOZERO_DIR)
find_package(xsimd REQUIRED)
find_package(xtensor REQUIRED)  # xtensor-blas does not look for it
find_package(xtensor-blas REQUIRED)

# OpenBLAS's own cblas.h, which declares more than the reference one that may lie beside it.
if(XGRAD_CBLAS_DIR AND NOT EXISTS "${XGRAD_CBLAS_DIR}/cblas.h")
  unset(XGRAD_CBLAS_DIR CACHE)  # another build of OpenBLAS has been installed in its place
endif()
find_path(XGRAD_CBLAS_DIR cblas.h
          PATH_SUFFIXES openblas-openmp openblas-pthread openblas-serial openblas
          DOC "Folder of OpenBLAS's cblas.h" REQUIRED)
mark_as_advanced(XGRAD_CBLAS_DIR)
add_library(xgrad_cblas INTERFACE IMPORTED)
target_include_directories(xgrad_cblas SYSTEM INTERFACE ${XGRAD_CBLAS_DIR})
