// The properties block: what the manifest knows of a table, written in the table too, so that a
// table can be checked, and a lost manifest rebuilt, from the files alone.
//
//   n x (tag varint | length varint | bytes), tags ascending; an odd tag must be understood
//   1 lower | 3 upper | 5 upper exclusive, u8 | 7 counts: varints entries, deletes, range
//   tombstones, key bytes, value bytes, sequence min, sequence max
#pragma once

#include <string>

#include "firn/status.h"
#include "format/table_metadata.h"

namespace firn {

// Everything but number, file_bytes and file_checksum.
[[nodiscard]] std::string EncodeProperties(const TableMetadata& metadata);

// Errors carry no file name. kNotSupported for an unknown tag that must be understood.
[[nodiscard]] Result<TableMetadata> ParseProperties(Slice raw);

}  // namespace firn
