// The properties block: what the manifest knows of a table, written in the table too, so that a
// table can be checked, and a lost manifest rebuilt, from the files alone.
//
//   n x (tag varint | length varint | bytes), tags ascending; an odd tag must be understood
//   1 lower | 3 upper | 5 upper exclusive, u8 | 7 counts: varints entries, deletes, range
//   tombstones, key bytes, value bytes, sequence min, sequence max
//   2 origin: varints keyspace, sequence max, then the inputs' numbers | 4 its begin | 6 its end
#pragma once

#include <optional>
#include <string>

#include "firn/status.h"
#include "format/table_metadata.h"

namespace firn {

struct TableProperties {
  TableMetadata metadata;             // without number, file_bytes and file_checksum
  std::optional<TableOrigin> origin;  // unset in a table that nobody told where it belongs
};

[[nodiscard]] std::string EncodeProperties(const TableProperties& properties);

// Errors carry no file name. kNotSupported for an unknown tag that must be understood.
[[nodiscard]] Result<TableProperties> ParseProperties(Slice raw);

}  // namespace firn
