# Builds xgrad as a shared library, with the reference cases, installs it, and uses it from there.

cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

run(${CMAKE_COMMAND} -S ${SOURCE} -B ${OUT}/build -G ${GENERATOR} -DCMAKE_BUILD_TYPE=${BUILD_TYPE}
    -DBUILD_SHARED_LIBS=ON -DXGRAD_BUILD_EXAMPLES=OFF -DXGRAD_BUILD_BENCHMARKS=OFF -DCMAKE_INSTALL_LIBDIR=lib ${OPTIONS})
run(${CMAKE_COMMAND} --build ${OUT}/build --target xgrad golden)
run(${OUT}/build/tests/golden)
run(${CMAKE_COMMAND} --install ${OUT}/build --prefix ${OUT}/prefix)
run(${CMAKE_COMMAND} -DFILE=${OUT}/prefix/lib/libxgrad.so -DNM=${NM} "-DPRIVATE=6detail(10take_block|4gemm)|8checking"
    -P ${CMAKE_CURRENT_LIST_DIR}/exported.cmake)

# A shared library has no dependencies but at run time.
run(${CMAKE_COMMAND} -S ${CONSUMER} -B ${OUT}/consumer -G ${GENERATOR} -DXGRAD_README=${README} ${OPTIONS}
    -DCMAKE_BUILD_TYPE=${BUILD_TYPE} -DCMAKE_PREFIX_PATH=${OUT}/prefix -DXGRAD_COMPONENTS=xtensor,fuse
    -DCMAKE_DISABLE_FIND_PACKAGE_BLAS=ON -DCMAKE_DISABLE_FIND_PACKAGE_ZLIB=ON)
run(${CMAKE_COMMAND} --build ${OUT}/consumer)
foreach(program IN ITEMS program program_xtensor program_fuse)
  run(${OUT}/consumer/${program})
endforeach()
