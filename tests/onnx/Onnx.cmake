# What the tests of xgrad::onnx need besides: ONNX itself, its own test data, and onnxruntime.

if(NOT TARGET test_onnx)
  return()
endif()

foreach(program IN ITEMS test_onnx test_onnx_runtime)
  target_link_libraries(${program} PRIVATE xgrad::onnx onnx onnx_proto protobuf::libprotobuf)
  target_include_directories(${program} PRIVATE ${PROJECT_SOURCE_DIR}/files/onnx/src)
  target_compile_definitions(${program} PRIVATE ONNX_ML=1 ONNX_NAMESPACE=onnx)
endforeach()

# The tables of the ops are those of test_core_ops.
set(cases ${CMAKE_CURRENT_BINARY_DIR}/onnx_cases)
target_sources(test_onnx_runtime PRIVATE $<TARGET_OBJECTS:test_core_ops>)
target_compile_definitions(test_onnx_runtime PRIVATE XGRAD_ONNX_CASES="${cases}")
set_tests_properties(onnx.runtime.layers onnx.runtime.rows PROPERTIES FIXTURES_SETUP onnx_cases)

# onnxruntime comes by npm, which not every machine has: `make onnxruntime` installs it here.
find_program(XGRAD_NODE NAMES node nodejs)
set(XGRAD_ONNXRUNTIME ${PROJECT_SOURCE_DIR}/build/onnxruntime CACHE PATH "Where onnxruntime-node is installed")
if(XGRAD_NODE)
  add_test(NAME onnx.onnxruntime
           COMMAND ${XGRAD_NODE} ${CMAKE_CURRENT_LIST_DIR}/onnxruntime.js ${XGRAD_ONNXRUNTIME} ${cases})
  set_tests_properties(onnx.onnxruntime PROPERTIES FIXTURES_REQUIRED onnx_cases SKIP_RETURN_CODE 77 TIMEOUT 300)
else()
  message(STATUS "The test onnx.onnxruntime is left out: it needs node (Debian: nodejs, npm), then `make onnxruntime`")
endif()
