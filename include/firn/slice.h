// The byte strings every call of firn takes and returns.
#pragma once

#include <string_view>

namespace firn {

// A borrowed view of any bytes, NUL included. Order is always unsigned bytewise, a prefix first.
// A function that returns a Slice says what invalidates it.
using Slice = std::string_view;

// A key and its value where they lie; what invalidates them is said by whoever hands it out.
struct KeyValue {
  Slice key;
  Slice value;
};

}  // namespace firn
