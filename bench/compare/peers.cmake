# Finds the peers: an own build under <PEER>_ROOT (include/ and lib/) before the system's package.
# A peer that is not there is left out.

# Whether the library calls assert(): the answer is in the file, not in how it claims to be built.
# LMDB has an assert of its own, known by its message.
function(firn_compare_assertions library result)
  find_program(CMAKE_NM nm REQUIRED)
  set(table "")
  if(library MATCHES "\\.so")
    set(table -D)
  endif()
  execute_process(COMMAND ${CMAKE_NM} ${table} --undefined-only ${library}
    OUTPUT_VARIABLE symbols ERROR_QUIET COMMAND_ERROR_IS_FATAL ANY)
  file(STRINGS ${library} messages REGEX "Assertion '%" LIMIT_COUNT 1)
  if(symbols MATCHES "__assert_fail" OR messages)
    set(${result} true PARENT_SCOPE)
  else()
    set(${result} false PARENT_SCOPE)
  endif()
endfunction()

# firn_compare_peer(name HEADER path [PACKAGE name TARGET name]): compiles <name>_engine.cc in.
# PACKAGE is the own build's CMake package, for a library that needs further ones.
function(firn_compare_peer name)
  cmake_parse_arguments(PEER "" "HEADER;PACKAGE;TARGET" "" ${ARGN})
  string(TOUPPER ${name} upper)
  set(${upper}_ROOT "" CACHE PATH "Own build of ${name}, preferred over the system's package")
  set(build package)
  set(search "")
  if(${upper}_ROOT)
    set(build own)
    set(search PATHS ${${upper}_ROOT} NO_DEFAULT_PATH)
  endif()
  # Not cached: another root must find another library.
  find_path(include_directory ${PEER_HEADER} PATH_SUFFIXES include ${search} NO_CACHE)
  find_library(library ${name} PATH_SUFFIXES lib lib64 ${search} NO_CACHE)
  if(NOT include_directory OR NOT library)
    if(${upper}_ROOT)
      message(FATAL_ERROR "firn_compare: no ${name} under ${${upper}_ROOT}")
    endif()
    message(STATUS "firn_compare: without ${name}")
    return()
  endif()
  firn_compare_assertions(${library} assertions)
  message(STATUS "firn_compare: ${name} (${build}, assertions ${assertions})")

  set(link ${library})
  if(${upper}_ROOT AND PEER_PACKAGE)
    find_package(${PEER_PACKAGE} CONFIG REQUIRED PATHS ${${upper}_ROOT} NO_DEFAULT_PATH)
    set(link ${PEER_TARGET})
  endif()
  target_sources(firn_compare PRIVATE ${name}_engine.cc)
  target_include_directories(firn_compare SYSTEM PRIVATE ${include_directory})
  target_link_libraries(firn_compare PRIVATE ${link})
  target_compile_definitions(firn_compare PRIVATE
    FIRN_COMPARE_${upper}="${build}" FIRN_COMPARE_${upper}_ASSERTIONS=${assertions})
endfunction()
