# cmake --install: the library, its headers, the data sets, and the package for find_package(xgrad [COMPONENTS xtensor fuse]).

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/xgrad)

install(TARGETS xgrad EXPORT xgradTargets FILE_SET HEADERS)
install(EXPORT xgradTargets NAMESPACE xgrad:: DESTINATION ${package_dir})

# The components have files of their own, because their targets name those of xtensor and xsimd.
install(TARGETS xgrad_xtensor EXPORT xgradXtensorTargets FILE_SET HEADERS)
install(TARGETS xgrad_fuse EXPORT xgradFuseTargets FILE_SET HEADERS)
install(EXPORT xgradXtensorTargets NAMESPACE xgrad:: DESTINATION ${package_dir})
install(EXPORT xgradFuseTargets NAMESPACE xgrad:: DESTINATION ${package_dir})

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/xgradConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/xgradConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/xgradConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/xgradConfig.cmake ${PROJECT_BINARY_DIR}/xgradConfigVersion.cmake
        DESTINATION ${package_dir})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/examples/data/ DESTINATION ${CMAKE_INSTALL_DATADIR}/xgrad/data)
