// One atomic change of the version: what a job did, as one manifest record (rule M1).
//
// Encoding (docs/format/manifest.md, "Version edit"): fields of fixed layout, each with a number, a
// must-understand bit and a length. One edit has one encoding; Decode accepts no other.
#pragma once

#include <functional>
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
  RunId run{};  // tables of one run share it; joins the run when the level has it already
  TableMetadata metadata{};

  bool operator==(const AddedTable&) const = default;
};

// The run is named too so that a trivial move (remove here, add there) reads plainly.
struct RemovedTable {
  KeyspaceId keyspace = kDefaultKeyspace;
  std::uint8_t level = 0;
  RunId run{};
  FileNumber number{};

  bool operator==(const RemovedTable&) const = default;
};

struct VersionEdit {
  // Store-wide facts; absent means unchanged. None may go backwards.
  std::optional<std::uint64_t> next_file_number{};
  std::optional<std::uint64_t> next_run_id{};
  std::optional<KeyspaceId> next_keyspace_id{};
  std::optional<SequenceNumber> last_sequence{};  // no sequence up to here may be given out again
  std::optional<std::uint64_t> replay_from{};     // LogPosition; smaller positions are flushed
  std::optional<std::uint64_t> log_durable{};     // LogPosition known durable
  std::optional<std::uint32_t> incarnation{};

  // Applied in this order, whatever the order of the calls that filled them.
  std::vector<KeyspaceId> dropped{};  // with all their tables, which are not listed in `removed`
  std::vector<std::pair<KeyspaceId, std::string>> created{};  // also renames: the id gets this name
  std::vector<RemovedTable> removed{};
  std::vector<AddedTable> added{};
  std::vector<std::pair<KeyspaceId, SequenceNumber>> flushed{};

  void EncodeTo(std::string& to) const;
  // Any bytes are safe. Unknown fields with the must-understand bit: kNotSupported; unknown others
  // are skipped; everything else that EncodeTo does not write: kCorruption.
  static Result<VersionEdit> Decode(Slice encoded);

  bool operator==(const VersionEdit&) const = default;
};

// Makes the reader of a table without touching its file: TableReader::Make bound to its context.
using TableMaker = std::function<std::shared_ptr<const TableReader>(TableMetadata)>;

// The version after `edit`; kCorruption when it names tables or keyspaces that are not there, or
// breaks V1-V4. Readers of tables that stay or move are shared; `base` is left as it was (rule M8).
// Cost: the runs the edit touches, not the version. V2 and V4 are checked in full only in checked
// builds and by ReadManifest.
[[nodiscard]] Result<std::shared_ptr<const Version>> Apply(const Version& base,
                                                           const VersionEdit& edit,
                                                           const TableMaker& make_table);

}  // namespace firn
