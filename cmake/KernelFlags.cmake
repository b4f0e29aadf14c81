# Sets XGRAD_KERNEL_FLAGS, the flags of the library's own sources, and XGRAD_MACHINE_FLAGS, those of them that
# name the machine. Of a user's targets only those that link xgrad::fuse get any: the latter.
#
# The first two let loops vectorise and change no result: xgrad reads neither errno nor the floating-point
# exception flags. -ffast-math would change results and is never used.

include(CheckCXXSourceCompiles)

set(XGRAD_KERNEL_FLAGS -fno-math-errno -fno-trapping-math)
# In position-independent code, functions of a file may be inlined in it all the same, and what each thread has of
# its own lies where it is found at once, in a plugin too, and not behind a call that costs a small op a tenth. A
# plugin's room for it is a kilobyte and a half: a test sees to it that the library takes little.
list(APPEND XGRAD_KERNEL_FLAGS -fno-semantic-interposition -ftls-model=initial-exec)
# A loop is compiled more than once: for small work inside its op, and behind the kernels' door, where a replay runs it.
# Contracting a b + c d into one rounding can be done in two ways, and was done in another way in each. What is to be
# one rounding is written as simd::fma.
list(APPEND XGRAD_KERNEL_FLAGS -ffp-contract=off)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  list(APPEND XGRAD_KERNEL_FLAGS -Wno-unknown-pragmas)  # such as g++'s ivdep
endif()
if(XGRAD_NATIVE)
  set(XGRAD_MACHINE_FLAGS -march=native)
  set(CMAKE_REQUIRED_FLAGS -march=native)
  check_cxx_source_compiles("#ifndef __AVX512F__\n#error\n#endif\nint main() {}" XGRAD_CPU_HAS_AVX512)
  unset(CMAKE_REQUIRED_FLAGS)
  if(XGRAD_CPU_HAS_AVX512 AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    list(APPEND XGRAD_MACHINE_FLAGS -mprefer-vector-width=512)  # g++ 12 prefers 256 bits
  endif()
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(XGRAD_MACHINE_FLAGS -march=x86-64-v3)
endif()
list(APPEND XGRAD_KERNEL_FLAGS ${XGRAD_MACHINE_FLAGS})
if(XGRAD_OPTIMIZE)
  list(APPEND XGRAD_KERNEL_FLAGS -O3)  # the last -O counts, and a target's options come last
endif()
