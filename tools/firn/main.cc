#include "command_line.h"

int main(int argument_count, char** arguments) {
  return static_cast<int>(firn::tool::CommandLine().Run(argument_count, arguments));
}
