#include "sim/manual_runtime.h"

namespace firn::testing {

Runtime ThreadedRuntimeOver(FileSystem& file_system) {
  Runtime runtime = Runtime::Posix();
  runtime.file_system = &file_system;
  return runtime;
}

}  // namespace firn::testing
