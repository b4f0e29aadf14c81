# Compiles and links the consumer's program with the flags that pkg-config gives for the installed xgrad, and runs it.

cmake_minimum_required(VERSION 3.25)
set(ENV{PKG_CONFIG_PATH} ${PREFIX}/${LIBDIR}/pkgconfig)
foreach(more IN ITEMS "" --static)
  execute_process(COMMAND ${PKG_CONFIG} --cflags --libs ${more} xgrad OUTPUT_VARIABLE found
                  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  message(STATUS "${found}")
  separate_arguments(arguments UNIX_COMMAND "-std=c++20 ${FLAGS} ${SOURCE} ${found} -Wl,-rpath,${PREFIX}/${LIBDIR} -o ${OUT}")
  execute_process(COMMAND ${COMPILER} ${arguments} COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${OUT} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
