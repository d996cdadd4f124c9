// One atomic change of the version: what a job did, as one manifest record (rule M1).
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "format/table_metadata.h"
#include "version/version.h"

namespace firn {

struct AddedTable {
  KeyspaceId keyspace = kDefaultKeyspace;
  std::uint8_t level = 0;
  RunId run;  // tables of one run share it
  TableMetadata metadata;
};

// The run is named too so that a trivial move (remove here, add there) reads plainly.
struct RemovedTable {
  KeyspaceId keyspace = kDefaultKeyspace;
  std::uint8_t level = 0;
  RunId run;
  FileNumber number;
};

struct VersionEdit {
  // Store-wide facts; absent means unchanged.
  std::optional<std::uint64_t> next_file_number;
  std::optional<std::uint64_t> next_run_id;
  std::optional<KeyspaceId> next_keyspace_id;
  std::optional<SequenceNumber> last_sequence;  // no sequence up to here may be given out again
  std::optional<std::uint64_t> replay_from;     // LogPosition; smaller positions are flushed
  std::optional<std::uint64_t> log_durable;     // LogPosition known durable
  std::optional<std::uint32_t> incarnation;

  std::vector<std::pair<KeyspaceId, std::string>> created;  // also renames: the id gets this name
  std::vector<KeyspaceId> dropped;
  std::vector<std::pair<KeyspaceId, SequenceNumber>> flushed;
  std::vector<RemovedTable> removed;
  std::vector<AddedTable> added;

  void EncodeTo(std::string& to) const;
  // Unknown fields with the must-understand bit: kNotSupported; unknown others are skipped.
  static Result<VersionEdit> Decode(Slice encoded);
};

// The version after `edit`; kCorruption when it names tables or keyspaces that are not there, or breaks
// V1-V4. Readers of tables that stay are shared; `base` is left as it was (rule M8).
[[nodiscard]] Result<std::shared_ptr<const Version>> Apply(const Version& base,
                                                           const VersionEdit& edit,
                                                           const TableContext& context);

}  // namespace firn
