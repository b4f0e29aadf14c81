# The target xgrad::onnx, where ONNX and protobuf are found: xgrad together with xgrad/onnx.hpp. Elsewhere a message
# says what it needs.

find_package(Protobuf QUIET)
find_package(ONNX 1.12 QUIET CONFIG)
if(NOT TARGET onnx OR NOT TARGET onnx_proto OR NOT TARGET protobuf::libprotobuf)
  message(STATUS "xgrad::onnx is left out: it needs ONNX 1.12 and protobuf (Debian: libonnx-dev, libprotobuf-dev)")
  return()
endif()

file(GLOB_RECURSE onnx_headers CONFIGURE_DEPENDS files/onnx/include/*.hpp)
file(GLOB_RECURSE onnx_sources CONFIGURE_DEPENDS files/onnx/src/*.cpp)
add_library(xgrad_onnx ${onnx_sources})
add_library(xgrad::onnx ALIAS xgrad_onnx)
set_target_properties(xgrad_onnx PROPERTIES EXPORT_NAME onnx VERSION ${PROJECT_VERSION}
                                            SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
if(NOT DEFINED CMAKE_POSITION_INDEPENDENT_CODE)
  set_target_properties(xgrad_onnx PROPERTIES POSITION_INDEPENDENT_CODE ON)
endif()
target_sources(xgrad_onnx PUBLIC FILE_SET HEADERS BASE_DIRS files/onnx/include FILES ${onnx_headers})
target_include_directories(xgrad_onnx PRIVATE files/onnx/src)
target_link_libraries(xgrad_onnx PUBLIC xgrad PRIVATE onnx onnx_proto protobuf::libprotobuf)
# As ONNX itself was compiled.
target_compile_definitions(xgrad_onnx PRIVATE ONNX_ML=1 ONNX_NAMESPACE=onnx)
