# firn_limits: what the machine itself can do (docs/comparison.md).
find_package(CLI11 REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json 3.9 REQUIRED)

firn_internal_executable(firn_limits limits.cc limits_cpu.cc limits_disk.cc limits_log.cc
  limits_memory.cc limits_tools.cc)
target_link_libraries(firn_limits PRIVATE fmt::fmt CLI11::CLI11 nlohmann_json::nlohmann_json)
