# One library per folder under src/, so that the linker too sees the layers.

set_property(GLOBAL PROPERTY FIRN_LAYERS "")
set_property(GLOBAL PROPERTY FIRN_TESTED_LAYERS "")

function(firn_compile_settings target)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
    $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
    # GCC 12 sees an overlap in std::string's own operator+ (GCC bug 105651, mended in 13).
    $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
    -fno-omit-frame-pointer -fstack-protector-strong)
  target_compile_definitions(${target} PRIVATE _GLIBCXX_ASSERTIONS
    $<$<BOOL:${FIRN_CHECKED}>:FIRN_CHECKED>
    $<$<BOOL:${FIRN_SEEDED_BUGS}>:FIRN_SEEDED_BUGS>)
  if(FIRN_SANITIZE)
    # The engine has no RTTI, which the vptr check of programs with RTTI would report as an error.
    target_compile_options(${target} PRIVATE -fsanitize=${FIRN_SANITIZE} -fno-sanitize=vptr
      -fno-sanitize-recover=all)
    target_link_options(${target} PUBLIC -fsanitize=${FIRN_SANITIZE})
  endif()
  if(FIRN_COVERAGE)
    target_compile_options(${target} PRIVATE -fprofile-instr-generate -fcoverage-mapping)
    target_link_options(${target} PUBLIC -fprofile-instr-generate)
  endif()
  if(FIRN_FUZZ)
    # The coverage the fuzzer steers by; its main function comes with the targets alone.
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()

# firn_layer(name SOURCES a.cc ... TESTS a_test.cc ...): the engine code of one folder.
function(firn_layer name)
  cmake_parse_arguments(LAYER "" "" "SOURCES;TESTS" ${ARGN})
  if(LAYER_SOURCES)
    add_library(firn_${name} OBJECT ${LAYER_SOURCES})
    firn_compile_settings(firn_${name})
    target_compile_options(firn_${name} PRIVATE -fno-exceptions -fno-rtti)
    target_link_libraries(firn_${name} PRIVATE PkgConfig::XXHASH PkgConfig::LZ4 PkgConfig::ZSTD)
    set_property(GLOBAL APPEND PROPERTY FIRN_LAYERS ${name})
  endif()
  if(LAYER_TESTS)
    list(TRANSFORM LAYER_TESTS PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
    set_property(GLOBAL APPEND PROPERTY FIRN_TESTED_LAYERS ${name})
    set_property(GLOBAL PROPERTY FIRN_TESTS_${name} ${LAYER_TESTS})
  endif()
endfunction()

# libfirn, static and shared, from the objects of all layers.
function(firn_add_library)
  get_property(layers GLOBAL PROPERTY FIRN_LAYERS)
  set(objects "")
  foreach(layer ${layers})
    list(APPEND objects $<TARGET_OBJECTS:firn_${layer}>)
  endforeach()
  foreach(kind static shared)
    string(TOUPPER ${kind} type)
    add_library(firn_lib_${kind} ${type} ${objects})
    add_library(firn::${kind} ALIAS firn_lib_${kind})
    # Before 1.0 every minor version may change the binary interface, so it is part of the soname.
    set_target_properties(firn_lib_${kind} PROPERTIES OUTPUT_NAME firn EXPORT_NAME ${kind}
      VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
    target_include_directories(firn_lib_${kind} PUBLIC
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
      $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_compile_features(firn_lib_${kind} PUBLIC cxx_std_20)
    # Installed, the static library gets these from firnConfig.cmake, which looks them up anew.
    target_link_libraries(firn_lib_${kind} PUBLIC Threads::Threads
      PRIVATE $<BUILD_INTERFACE:PkgConfig::XXHASH> $<BUILD_INTERFACE:PkgConfig::LZ4>
              $<BUILD_INTERFACE:PkgConfig::ZSTD>)
    if(FIRN_SANITIZE)
      target_link_options(firn_lib_${kind} PUBLIC -fsanitize=${FIRN_SANITIZE})
    endif()
    if(FIRN_COVERAGE)
      target_link_options(firn_lib_${kind} PUBLIC -fprofile-instr-generate)
    endif()
  endforeach()
  # Nothing may be left for the user's link to find; sanitizers leave their own symbols open.
  if(NOT FIRN_SANITIZE)
    target_link_options(firn_lib_shared PRIVATE LINKER:--no-undefined)
  endif()
  add_library(firn::firn ALIAS firn_lib_static)
endfunction()

# A program that may see the engine's inside: tests, benchmarks.
function(firn_internal_executable target)
  add_executable(${target} ${ARGN})
  firn_compile_settings(${target})
  target_link_libraries(${target} PRIVATE firn_lib_static PkgConfig::XXHASH PkgConfig::LZ4
    PkgConfig::ZSTD)
endfunction()

# The headers that most tests begin with, compiled once for all of them: they are most of what a
# test costs to build. The preset clang builds without (CMAKE_DISABLE_PRECOMPILE_HEADERS), so that a
# test that lacks an include is still found.
function(firn_add_test_headers)
  # A program, as tests are: objects of libraries are compiled with other options (-fPIC).
  add_executable(firn_test_headers ${PROJECT_SOURCE_DIR}/src/testing/precompiled.cc)
  firn_compile_settings(firn_test_headers)
  target_link_libraries(firn_test_headers PRIVATE PkgConfig::XXHASH PkgConfig::LZ4 PkgConfig::ZSTD
    GTest::gmock GTest::gtest)
  target_precompile_headers(firn_test_headers PRIVATE <gmock/gmock.h> <gtest/gtest.h>
    <algorithm> <functional> <map> <memory> <set> <sstream> <string> <unordered_map> <vector>)
endfunction()

function(firn_use_test_headers target)
  target_precompile_headers(${target} REUSE_FROM firn_test_headers)
  # GCC 12's false alarm about std::string's operator+ has these names too, and shows through
  # precompiled headers.
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE -Wno-array-bounds -Wno-stringop-overflow
      -Wno-stringop-overread)
  endif()
endfunction()

# firn_test(name LABEL unit SOURCES ...): one GoogleTest program, its tests known to ctest one by
# one. The target firn_label_<label> builds the programs of a label.
function(firn_test name)
  cmake_parse_arguments(TEST "" "LABEL;TIMEOUT" "SOURCES" ${ARGN})
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 600)
  endif()
  firn_internal_executable(${name} ${TEST_SOURCES})
  target_link_libraries(${name} PRIVATE firn_sim GTest::gmock GTest::gtest GTest::gtest_main)
  firn_use_test_headers(${name})
  if(NOT TARGET firn_label_${TEST_LABEL})
    add_custom_target(firn_label_${TEST_LABEL})
  endif()
  add_dependencies(firn_label_${TEST_LABEL} ${name})
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST
    PROPERTIES LABELS ${TEST_LABEL} TIMEOUT ${TEST_TIMEOUT})
endfunction()

function(firn_add_layer_tests)
  get_property(layers GLOBAL PROPERTY FIRN_TESTED_LAYERS)
  list(REMOVE_DUPLICATES layers)
  foreach(layer ${layers})
    get_property(sources GLOBAL PROPERTY FIRN_TESTS_${layer})
    firn_test(firn_${layer}_tests LABEL unit SOURCES ${sources})
  endforeach()
endfunction()
