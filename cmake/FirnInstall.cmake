# firn as its users take it: headers, both libraries, and two ways to find them. The command brings
# its own rule (tools/firn).
include(CMakePackageConfigHelpers)

set(firn_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/firn)

install(DIRECTORY include/firn TYPE INCLUDE FILES_MATCHING PATTERN "*.h")
install(FILES README.md LICENSE CHANGELOG.md TYPE DOC)

# Two export sets: a program that links the shared library needs none of the static one's
# dependencies, so it must not have to find them.
foreach(kind static shared)
  install(TARGETS firn_lib_${kind} EXPORT firn_${kind})
  install(EXPORT firn_${kind} NAMESPACE firn:: FILE firn-${kind}.cmake
    DESTINATION ${firn_package_dir})
endforeach()

configure_package_config_file(cmake/firnConfig.cmake.in firnConfig.cmake
  INSTALL_DESTINATION ${firn_package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(firnConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/firnConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/firnConfigVersion.cmake
  DESTINATION ${firn_package_dir})

# Relative to its own place, so that the installed tree can be moved.
set(firn_pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH firn_prefix_from_pkgconfig
  ${CMAKE_INSTALL_PREFIX}/${firn_pkgconfig_dir} ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/firn.pc.in firn.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/firn.pc DESTINATION ${firn_pkgconfig_dir})
