# Compiles the C++ of the documents, so that what they show is true.
#
#   ```cpp             a program, if it holds `int main` or begins with `#include`; else statements, which are
#                      compiled as the body of a function under `using namespace xgrad`
#   ```cpp run         a program that is run as well, with the data of examples/data: a test of CTest; without
#                      `int main` or `#include` statements, which are run one block after another by one test.
#                      They may include nothing, and have expect(fact) and throws(function)
#   ```cpp continued   statements that go on where the block of statements above them ended
#   ```cpp op          declarations and definitions as they stand in core/include/xgrad/core/ops and in
#                      core/src/ops/<family>: compiled with the private headers that op_blocks_start includes
#   ```cpp test        tests of them as they stand in tests/core/ops: a test of CTest
#   ```cpp fragment    not compiled; for what cannot be, such as a shape with ellipses
#
# The compiler's messages name the document and its line.

set(op_blocks_start [[
#include <doctest/doctest.h>

#include <cmath>

#include "autodiff/fields.hpp"
#include "core/ops/rows.hpp"
#include "ops/support/elementwise.hpp"
#include "ops/support/promote.hpp"
#include "xgrad/core.hpp"
using namespace xgrad;
using namespace xgrad::test;
]])

set(run_blocks_start [[
#include <cmath>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>
using namespace xgrad;

static void expect(bool fact, int line = __builtin_LINE()) {
  if (!fact) throw Error("line " + std::to_string(line) + ": this is not so; mend the page or the library");
}
template <class F>
static bool throws(F f) {
  try {
    f();
    return false;
  } catch (const Error& e) {
    std::cout << "as expected: " << e.what() << "\n";
    return true;
  }
}
]])

# write_if_changed(FILE CONTENT): leaves the time stamp alone when nothing changed.
function(write_if_changed file content)
  set(before)
  if(EXISTS ${file})
    file(READ ${file} before)
  endif()
  if(NOT before STREQUAL content)
    file(WRITE ${file} "${content}")
  endif()
endfunction()

# add_document(FILE): object libraries of the blocks in FILE, and tests of its `run` blocks.
function(add_document document)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${document})
  file(READ ${PROJECT_SOURCE_DIR}/${document} rest)
  string(PREPEND rest "\n")
  cmake_path(GET document STEM name)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/documents/${name})
  set(sources)
  set(op_blocks "")
  set(has_tests FALSE)
  set(statements "")
  set(run_statements "")
  set(calls "")
  set(line 0)

  while(TRUE)
    # The opening fence, its words, and the block up to the closing fence.
    string(FIND "${rest}" "\n```cpp" start)
    if(start EQUAL -1)
      break()
    endif()
    string(SUBSTRING "${rest}" 0 ${start} before)
    math(EXPR start "${start} + 7")
    string(SUBSTRING "${rest}" ${start} -1 rest)
    string(FIND "${rest}" "\n" end_of_fence)
    string(SUBSTRING "${rest}" 0 ${end_of_fence} word)
    string(STRIP "${word}" word)
    math(EXPR end_of_fence "${end_of_fence} + 1")
    string(SUBSTRING "${rest}" ${end_of_fence} -1 rest)
    string(FIND "${rest}" "\n```" end)
    if(end EQUAL -1)
      message(FATAL_ERROR "${document}: a block of code is not closed")
    endif()
    string(SUBSTRING "${rest}" 0 ${end} block)
    math(EXPR end "${end} + 4")
    string(SUBSTRING "${rest}" ${end} -1 rest)

    count_lines("${before}" lines)
    math(EXPR line "${line} + ${lines} + 1")
    math(EXPR first "${line} + 1")
    set(located "#line ${first} \"${document}\"\n${block}\n")
    count_lines("${block}" lines)
    math(EXPR line "${line} + ${lines} + 2")  # the line of the closing fence

    if(word STREQUAL "fragment")
    elseif(block MATCHES "xgrad/onnx.hpp" AND NOT TARGET xgrad_onnx)  # an optional component
    elseif(word STREQUAL "run" AND NOT block MATCHES "int main|^#include")
      string(APPEND run_statements "static void block_${first}() {\n${located}}\n")
      string(APPEND calls "    block_${first}();\n")
    elseif(word STREQUAL "run")
      write_if_changed(${out}/${first}.cpp "${located}")
      add_document_program(${name} ${first} ${out}/${first}.cpp)
      if(block MATCHES "xgrad/onnx.hpp")
        target_link_libraries(document_${name}_${first} PRIVATE xgrad::onnx)
      endif()
    elseif(word STREQUAL "op")
      string(APPEND op_blocks "namespace xgrad {\nusing namespace detail;\n${located}}\n")
    elseif(word STREQUAL "test")
      string(APPEND op_blocks "${located}")
      set(has_tests TRUE)
    elseif(word STREQUAL "continued")
      if(statements STREQUAL "")
        message(FATAL_ERROR "${document}:${line}: no block of statements stands above this one")
      endif()
      string(REGEX REPLACE "}\n$" "" statements "${statements}")
      string(APPEND statements "${located}}\n")
    elseif(NOT word STREQUAL "")
      message(FATAL_ERROR "${document}:${line}: unknown word after ```cpp: ${word}")
    elseif(block MATCHES "int main|^#include")
      write_if_changed(${out}/${first}.cpp "${located}")
      list(APPEND sources ${out}/${first}.cpp)
    else()
      string(APPEND statements "[[maybe_unused]] static void block_${first}() {\n${located}}\n")
    endif()
  endwhile()

  if(NOT run_statements STREQUAL "")
    write_if_changed(${out}/run.cpp "${run_blocks_start}${run_statements}
int main() {
  try {
${calls}  } catch (const std::exception& e) {
    std::cerr << \"${document}: \" << e.what() << \"\\n\";
    return 1;
  }
}
")
    add_document_program(${name} statements ${out}/run.cpp)
  endif()
  if(NOT statements STREQUAL "")
    write_if_changed(${out}/statements.cpp
                     "#include <xgrad/xgrad.hpp>\nusing namespace xgrad;\n${statements}")
    list(APPEND sources ${out}/statements.cpp)
  endif()
  if(sources)
    add_library(document_${name} OBJECT ${sources})
    set_up_document_target(document_${name} xgrad::xgrad xgrad::xtensor xgrad::fuse)
  endif()
  if(BUILD_SHARED_LIBS)  # hides what these use
    set(op_blocks "")
    set(has_tests FALSE)
  endif()
  if(NOT op_blocks STREQUAL "")
    write_if_changed(${out}/ops.cpp "${op_blocks_start}${op_blocks}")
    file(GLOB rows CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/core/ops/rows*.cpp)
    list(FILTER rows EXCLUDE REGEX "rows_faults")  # a test of the rows themselves
    add_executable(document_${name}_ops ${out}/ops.cpp ${rows})
    set_up_document_target(document_${name}_ops xgrad_private test_main doctest::doctest)
    target_include_directories(document_${name}_ops PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_compile_definitions(document_${name}_ops PRIVATE XGRAD_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  endif()
  if(has_tests)
    add_test(NAME document.${name}.ops COMMAND document_${name}_ops "--source-file=*${document}")
    set_tests_properties(document.${name}.ops PROPERTIES
      FAIL_REGULAR_EXPRESSION "test cases: +0 "  # a filter that matches nothing exits 0
      TIMEOUT 120)
  endif()
endfunction()

function(count_lines text result)
  string(REGEX REPLACE "[^\n]+" "" breaks "${text}")
  string(LENGTH "${breaks}" count)
  set(${result} ${count} PARENT_SCOPE)
endfunction()

function(add_document_program name line source)
  set(target document_${name}_${line})
  add_executable(${target} ${source})
  set_up_document_target(${target} xgrad::xgrad xgrad::xtensor)
  add_test(NAME document.${name}.${line} COMMAND ${target})
  set_tests_properties(document.${name}.${line} PROPERTIES
    TIMEOUT 120 ENVIRONMENT "XGRAD_DATA=${PROJECT_SOURCE_DIR}/examples/data")
endfunction()

function(set_up_document_target target)
  target_link_libraries(${target} PRIVATE ${ARGN})
  target_compile_options(${target} PRIVATE -Wno-unused -Wno-shadow)
  if(target MATCHES "^document_onnx")
    target_link_libraries(${target} PRIVATE xgrad::onnx)
  endif()
  if(target MATCHES "^document_distributed")
    target_link_libraries(${target} PRIVATE xgrad::parallel)
  endif()
endfunction()

file(GLOB documents CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
     ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CONTRIBUTING.md ${PROJECT_SOURCE_DIR}/docs/*.md)
if(NOT TARGET xgrad_onnx)
  list(REMOVE_ITEM documents docs/onnx.md)  # which shows an optional component
endif()
if(NOT TARGET xgrad_parallel)
  list(REMOVE_ITEM documents docs/distributed.md)  # another one
endif()
foreach(document IN LISTS documents)
  add_document(${document})
endforeach()
