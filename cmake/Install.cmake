# cmake --install: the library, its headers, the data sets, and the packages for find_package(xgrad [COMPONENTS
# xtensor fuse onnx images parallel]) and for pkg-config.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/xgrad)

# The directories besides the sets of files, which CMake reads from 3.23 on.
set(headers_go FILE_SET HEADERS INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

install(TARGETS xgrad EXPORT xgradTargets ${headers_go})
install(EXPORT xgradTargets NAMESPACE xgrad:: DESTINATION ${package_dir})

# The components have files of their own, because a target of one names xtensor's.
install(TARGETS xgrad_xtensor EXPORT xgradXtensorTargets ${headers_go})
install(TARGETS xgrad_fuse EXPORT xgradFuseTargets ${headers_go})
install(EXPORT xgradXtensorTargets NAMESPACE xgrad:: DESTINATION ${package_dir})
install(EXPORT xgradFuseTargets NAMESPACE xgrad:: DESTINATION ${package_dir})
if(TARGET xgrad_onnx)
  install(TARGETS xgrad_onnx EXPORT xgradOnnxTargets ${headers_go})
  install(EXPORT xgradOnnxTargets NAMESPACE xgrad:: DESTINATION ${package_dir})
endif()
if(TARGET xgrad_images)
  install(TARGETS xgrad_images EXPORT xgradImagesTargets ${headers_go})
  install(EXPORT xgradImagesTargets NAMESPACE xgrad:: DESTINATION ${package_dir})
endif()
if(TARGET xgrad_parallel)
  install(TARGETS xgrad_parallel EXPORT xgradParallelTargets ${headers_go})
  install(EXPORT xgradParallelTargets NAMESPACE xgrad:: DESTINATION ${package_dir})
endif()

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/xgradConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/xgradConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/xgradConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/xgradConfig.cmake ${PROJECT_BINARY_DIR}/xgradConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/cmake/Minizip.cmake
        DESTINATION ${package_dir})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/examples/data/ DESTINATION ${CMAKE_INSTALL_DATADIR}/xgrad/data)

# pkg-config has no word for what only a static library must be linked with but in calls with --static; so here, as
# there is one library and not two, a static one names it for all. A shared one has it inside or finds it itself.
set(libraries)
if(NOT BUILD_SHARED_LIBS)
  foreach(library IN LISTS BLAS_LIBRARIES XGRAD_MINIZIP_LIBRARY ZLIB_LIBRARIES)
    if(library MATCHES "^(.*)/lib([^/]*)\\.(so|a)$")
      if(NOT CMAKE_MATCH_1 IN_LIST CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES)
        string(APPEND libraries " -L${CMAKE_MATCH_1}")
      endif()
      string(APPEND libraries " -l${CMAKE_MATCH_2}")
    else()
      string(APPEND libraries " ${library}")
    endif()
  endforeach()
  list(TRANSFORM CMAKE_DL_LIBS PREPEND " -l" OUTPUT_VARIABLE dl)
  string(APPEND libraries " -pthread" ${dl})
endif()
file(RELATIVE_PATH to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" to_prefix ${to_prefix})
configure_file(${PROJECT_SOURCE_DIR}/cmake/xgrad.pc.in ${PROJECT_BINARY_DIR}/xgrad.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/xgrad.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
