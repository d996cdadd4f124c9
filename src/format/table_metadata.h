// What the manifest knows of a table, so that opening a store touches none of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/types.h"

namespace firn {

struct TableMetadata {
  FileNumber number;
  std::uint64_t file_bytes = 0;
  std::uint64_t file_checksum = 0;  // XXH3-64 of the whole file
  // Everything in the table, entries and range tombstones alike, lies in [lower, upper], or in
  // [lower, upper) when upper_exclusive (a range tombstone reaches furthest).
  std::string lower;
  std::string upper;
  bool upper_exclusive = false;
  std::uint64_t entries = 0;         // puts and deletes, without range tombstones
  std::uint64_t deletes = 0;         // of those
  std::uint64_t range_tombstones = 0;  // fragments times sequences, as stored
  std::uint64_t key_bytes = 0;       // user bytes before encoding
  std::uint64_t value_bytes = 0;
  SequenceNumber sequence_min = 0;
  SequenceNumber sequence_max = 0;

  bool operator==(const TableMetadata&) const = default;
};

// Where a table comes from, written into it for the day the manifest is lost: in the keys from
// `begin` to before `end` (unset: no bound) it takes the place of what the tables `inputs` hold.
struct TableOrigin {
  KeyspaceId keyspace = kDefaultKeyspace;
  // The largest sequence the job had read when the table ended, before any was settled to 0.
  SequenceNumber sequence_max = 0;
  std::vector<FileNumber> inputs;  // none: it was written from memtables or from the log
  std::optional<std::string> begin;
  std::optional<std::string> end;

  bool operator==(const TableOrigin&) const = default;
};

}  // namespace firn
