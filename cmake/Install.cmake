# cmake --install: the library, its headers, the data sets, and the package for find_package(xgrad [COMPONENTS xtensor]).

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/xgrad)

install(TARGETS xgrad EXPORT xgradTargets FILE_SET HEADERS)
install(EXPORT xgradTargets NAMESPACE xgrad:: DESTINATION ${package_dir})

# The component has a file of its own, because its target names one of xtensor's.
if(EXISTS ${PROJECT_SOURCE_DIR}/core/include/xgrad/core/xtensor.hpp)
  install(TARGETS xgrad_xtensor EXPORT xgradXtensorTargets FILE_SET HEADERS)
else()
  install(TARGETS xgrad_xtensor EXPORT xgradXtensorTargets)
endif()
install(EXPORT xgradXtensorTargets NAMESPACE xgrad:: DESTINATION ${package_dir})

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/xgradConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/xgradConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/xgradConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/xgradConfig.cmake ${PROJECT_BINARY_DIR}/xgradConfigVersion.cmake
        DESTINATION ${package_dir})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/examples/data/ DESTINATION ${CMAKE_INSTALL_DATADIR}/xgrad/data)
