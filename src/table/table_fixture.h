// Tables on a disk in memory, for tests: writes entries, opens the result, counts what is left.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/entry.h"
#include "cache/frame_pool.h"
#include "sim/memory_file_system.h"
#include "table/open_files.h"
#include "table/table_reader.h"
#include "table/table_writer.h"
#include "testing/copied_entry.h"

namespace firn::testing {

inline constexpr DatabaseId kTestDatabase{.high = 0x1122334455667788, .low = 0x99AABBCCDDEEFF00};

inline void ExpectOk(const Status& status) { ASSERT_TRUE(status.ok()) << status.ToString(); }

// Six digits, so that keys are in the order of their numbers.
inline std::string NumberedKey(std::size_t number) {
  char key[16];
  std::snprintf(key, sizeof(key), "key%06zu", number);
  return key;
}

// The order of members is the order of lifetimes.
class TableFixture {
 public:
  explicit TableFixture(std::uint64_t budget = std::uint64_t{1} << 30, std::size_t files_max = 4,
                        PageCache cache = PageCache::kUse, Executor* executor = nullptr)
      : file_system_(MemoryFileSystem::Create()),
        ledger_(budget),
        frames_(ledger_),
        files_(*file_system_, files_max, cache) {
    context_ = {.file_system = file_system_.get(),
                .frames = &frames_,
                .ledger = &ledger_,
                .files = &files_,
                .executor = executor,
                .directory = "/",
                .database = kTestDatabase};
  }

  // `entries` in order E1. Gives the writer batches of uneven sizes.
  Result<TableMetadata> Write(FileNumber number, const std::vector<Entry>& entries,
                              const TableSettings& settings = {},
                              const std::vector<RangeTombstone>& tombstones = {}) {
    auto writer = TableWriter::Create(*file_system_, ledger_, "/", kTestDatabase, number, settings);
    if (!writer.ok()) return writer.status();
    EntryBatch batch;
    std::size_t next = 0;
    while (next < entries.size()) {
      batch.count = std::min<std::size_t>(1 + next % EntryBatch::kCapacity, entries.size() - next);
      for (std::size_t i = 0; i < batch.count; ++i) {
        batch.entries[i] = entries[next + i];
        batch.heads[i] = KeyHead(entries[next + i].key);
      }
      const Status status = (*writer)->Add(batch, 0, batch.count);
      if (!status.ok()) return status;
      next += batch.count;
    }
    for (const RangeTombstone& tombstone : tombstones) {
      const Status status = (*writer)->AddRangeTombstone(tombstone);
      if (!status.ok()) return status;
    }
    EXPECT_EQ((*writer)->entries(), entries.size());
    return (*writer)->Finish();
  }

  std::shared_ptr<const TableReader> Open(const TableMetadata& metadata) {
    return TableReader::Make(context_, metadata);
  }
  std::shared_ptr<const TableReader> WriteAndOpen(
      const std::vector<Entry>& entries, const TableSettings& settings = {},
      const std::vector<RangeTombstone>& tombstones = {}) {
    auto metadata = Write(FileNumber{++last_number_}, entries, settings, tombstones);
    EXPECT_TRUE(metadata.ok()) << metadata.status().ToString();
    return Open(*metadata);
  }

  MemoryFileSystem& file_system() { return *file_system_; }
  MemoryLedger& ledger() { return ledger_; }
  FramePool& frames() { return frames_; }
  OpenFiles& files() { return files_; }
  const TableContext& context() const { return context_; }

 private:
  std::unique_ptr<MemoryFileSystem> file_system_;
  MemoryLedger ledger_;
  FramePool frames_;
  OpenFiles files_;
  TableContext context_;
  std::uint64_t last_number_ = 0;
};

// Owns what its entries view; keys are added in any order, Sorted() is order E1.
class EntrySet {
 public:
  void Put(std::string key, std::string value, SequenceNumber sequence = 0) {
    Add(std::move(key), std::move(value), sequence, EntryKind::kPut);
  }
  void Delete(std::string key, SequenceNumber sequence) {
    Add(std::move(key), {}, sequence, EntryKind::kDelete);
  }
  std::vector<Entry> Sorted() const {
    std::vector<Entry> entries;
    for (const auto& stored : stored_) {
      entries.push_back({stored->key, stored->value, stored->sequence, stored->kind});
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return a.key != b.key ? a.key < b.key : a.sequence > b.sequence;
    });
    return entries;
  }

 private:
  struct Stored {
    std::string key;
    std::string value;
    SequenceNumber sequence;
    EntryKind kind;
  };
  void Add(std::string key, std::string value, SequenceNumber sequence, EntryKind kind) {
    stored_.push_back(
        std::make_unique<Stored>(Stored{std::move(key), std::move(value), sequence, kind}));
  }
  std::vector<std::unique_ptr<Stored>> stored_;
};

// What a Get through the reader gives, in words a test can compare.
inline std::string Lookup(const TableReader& reader, Slice key, SequenceNumber at = kSequenceMax) {
  EpochDomain::Guard guard;
  TableLookup lookup;
  const auto found = reader.Get(LookupKey(key), at, &lookup);
  if (!found.ok()) return std::string(StatusCodeName(found.status().code()));
  if (!*found) return "none";
  if (lookup.kind == EntryKind::kDelete) return "delete@" + std::to_string(lookup.sequence);
  return std::string(lookup.value) + "@" + std::to_string(lookup.sequence);
}

// Reads every entry in one direction; `out` gets copies of keys and values.
inline Status ReadAll(EntryCursor& cursor, bool forwards, std::vector<CopiedEntry>* out) {
  Status status = forwards ? cursor.SeekToFirst() : cursor.SeekToLast();
  EntryBatch batch;
  while (status.ok()) {
    status = forwards ? cursor.Next(batch, EntryBatch::kCapacity)
                      : cursor.Prev(batch, EntryBatch::kCapacity);
    if (!status.ok() || batch.count == 0) break;
    for (std::size_t i = 0; i < batch.count; ++i) {
      const Entry& entry = batch.entries[i];
      out->push_back(
          {std::string(entry.key), std::string(entry.value), entry.sequence, entry.kind});
    }
  }
  return status;
}
inline std::vector<CopiedEntry> Copied(const std::vector<Entry>& entries) {
  std::vector<CopiedEntry> copies;
  for (const Entry& entry : entries) {
    copies.push_back(
        {std::string(entry.key), std::string(entry.value), entry.sequence, entry.kind});
  }
  return copies;
}

}  // namespace firn::testing
