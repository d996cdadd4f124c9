// A whole table file with right checksums: footer, top, partitions, properties, tombstones, blocks.
// Reading ends, in bounds, with entries or an error; the ways of reading agree; and a table that
// verifies holds what its metadata say, in order, every entry found by its key.

#include <vector>

#include "base/entry.h"
#include "cache/epoch.h"
#include "fuzz/fuzz_input.h"
#include "fuzz/seal.h"
#include "sim/memory_file_system.h"
#include "table/open_files.h"
#include "table/table_reader.h"
#include "table/table_settings.h"
#include "testing/copied_entry.h"

namespace firn::testing {
namespace {

constexpr FileNumber kNumber{9};

struct Scanned {
  std::vector<CopiedEntry> entries;
  Status status;
};

Scanned Scan(EntryCursor& cursor, bool forwards) {
  Scanned scanned;
  scanned.status = forwards ? cursor.SeekToFirst() : cursor.SeekToLast();
  EntryBatch batch;
  while (scanned.status.ok()) {
    scanned.status = forwards ? cursor.Next(batch, EntryBatch::kCapacity)
                              : cursor.Prev(batch, EntryBatch::kCapacity);
    if (!scanned.status.ok() || batch.count == 0) break;
    for (std::size_t i = 0; i < batch.count; ++i) {
      const Entry& entry = batch.entries[i];
      scanned.entries.push_back(
          {std::string(entry.key), std::string(entry.value), entry.sequence, entry.kind});
    }
  }
  if (!scanned.status.ok()) FIRN_CHECK(scanned.status.code() == StatusCode::kCorruption ||
                                       scanned.status.code() == StatusCode::kNotSupported);
  return scanned;
}

// What a lookup finds is an entry of that key, never a later one.
void CheckGet(const TableReader& reader, const CopiedEntry& entry, bool verified) {
  EpochDomain::Guard guard;
  TableLookup lookup;
  const auto found = reader.Get(LookupKey(entry.key), entry.sequence, &lookup);
  FIRN_CHECK(found.ok() || !verified);
  if (!found.ok() || !*found) {
    FIRN_CHECK(!verified);
    return;
  }
  FIRN_CHECK(lookup.sequence <= entry.sequence);
  if (verified) FIRN_CHECK(lookup.sequence == entry.sequence && lookup.value == entry.value);
}

void CheckReader(const TableReader& reader) {
  const bool verified = reader.Verify({}, {}).ok();
  const Scanned forwards = Scan(*reader.NewCursor(TableReader::CursorUse::kRead), true);
  const Scanned job = Scan(*reader.NewCursor(TableReader::CursorUse::kJob), true);
  Scanned backwards = Scan(*reader.NewCursor(TableReader::CursorUse::kRead), false);
  FIRN_CHECK(forwards.status.ok() || !verified);
  FIRN_CHECK(forwards.status.ok() == job.status.ok() && forwards.entries == job.entries);
  if (forwards.status.ok()) {
    FIRN_CHECK(backwards.status.ok());
    std::reverse(backwards.entries.begin(), backwards.entries.end());
    FIRN_CHECK(backwards.entries == forwards.entries);
  }
  if (verified) {
    FIRN_CHECK(forwards.entries.size() == reader.metadata().entries);
    for (std::size_t i = 1; i < forwards.entries.size(); ++i) {
      const CopiedEntry& before = forwards.entries[i - 1];
      const CopiedEntry& after = forwards.entries[i];
      FIRN_CHECK(before.key < after.key ||
                 (before.key == after.key && before.sequence > after.sequence));
    }
  }
  for (const CopiedEntry& entry : forwards.entries) CheckGet(reader, entry, verified);
  FIRN_CHECK(reader.Tombstones().ok() || !verified);
}

void Run(FuzzInput input) {
  std::string bytes(input.Rest());
  SealTable(bytes, kNumber);
  auto disk = MemoryFileSystem::Create();
  auto file = disk->CreateFile("/" + TableFileName(kNumber));
  FIRN_CHECK(file.ok() && (*file)->Append(bytes).ok() && (*file)->Close().ok());
  MemoryLedger ledger(std::uint64_t{64} << 20);
  FramePool frames(ledger);
  OpenFiles files(*disk, 4);
  {
    TableContext context;
    context.file_system = disk.get();
    context.frames = &frames;
    context.ledger = &ledger;
    context.files = &files;
    context.directory = "/";
    context.database = kFuzzDatabase;
    const auto reader = TableReader::Make(context, MetadataOf(bytes, kNumber));
    CheckReader(*reader);
  }
  EpochDomain::Process().Drain();
  FIRN_CHECK(frames.frames() == 0);
}

}  // namespace
}  // namespace firn::testing

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  firn::testing::Run(firn::testing::FuzzInput(data, size));
  return 0;
}
