// The contents of a store as text, one entry a line: keyspace, key and value in order, bytes that
// are not printable as \xNN. What a golden store holds is kept in this form beside it.
#pragma once

#include <map>
#include <string>

#include "firn/db.h"

namespace firn::testing {

// By keyspace.
using StoreContents = std::map<std::string, std::map<std::string, std::string>>;

[[nodiscard]] std::string ToText(const StoreContents& contents);
// Requires: ToText wrote it.
[[nodiscard]] StoreContents FromText(const std::string& text);

// Everything a scan finds. An error ends the program.
[[nodiscard]] StoreContents ReadForward(const Db& db);
[[nodiscard]] StoreContents ReadBackward(const Db& db);

}  // namespace firn::testing
