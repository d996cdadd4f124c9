// Prints the table of seeded bugs, a line each, fields between tabs: name, class, model, suites,
// what is wrong. For run.py.

#include <cstdio>

#include "base/seeded_bug.h"

int main() {
  for (const firn::SeededBugDescription& each : firn::SeededBugs()) {
    std::printf("%s\t%c\t%s\t%s\t%s\n", each.name, each.bug_class, each.modelled_on, each.suites,
                each.what);
  }
}
