# The target xgrad::images: PNG and JPEG files. Where libpng or libjpeg is not found there is none, and a message says so.

find_package(PNG QUIET)
find_package(JPEG QUIET)
if(NOT PNG_FOUND OR NOT JPEG_FOUND)
  message(STATUS "xgrad::images is left out: it needs libpng and libjpeg-turbo (Debian: libpng-dev libjpeg-dev)")
  return()
endif()

file(GLOB images_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/data/codecs/*.cpp)
add_library(xgrad_images ${images_sources})
add_library(xgrad::images ALIAS xgrad_images)
set_target_properties(xgrad_images PROPERTIES EXPORT_NAME images VERSION ${PROJECT_VERSION}
                                              SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
                                              POSITION_INDEPENDENT_CODE ON)
target_link_libraries(xgrad_images PUBLIC xgrad PRIVATE PNG::PNG JPEG::JPEG)
target_compile_options(xgrad_images PRIVATE ${XGRAD_KERNEL_FLAGS})
target_sources(xgrad_images PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/data/include
                                   FILES ${PROJECT_SOURCE_DIR}/${images_headers})
if(BUILD_SHARED_LIBS)
  only_names_of_xgrad(xgrad_images)
endif()
