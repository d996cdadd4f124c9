#include "compaction/merge_job.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "cache/frame_pool.h"
#include "sim/memory_file_system.h"
#include "table/open_files.h"
#include "table/table_reader.h"
#include "testing/vector_cursor.h"

namespace firn::testing {
namespace {

constexpr DatabaseId kDatabase{.high = 7, .low = 9};
const std::string kDirectory = "/db";

// A disk, the entries to merge, and what a job made of them.
class MergeJobTest : public ::testing::Test {
 protected:
  MergeJobTest() { NewDisk(); }

  void NewDisk() {
    directory_handle_.reset();
    disk_ = MemoryFileSystem::Create();
    ASSERT_TRUE(disk_->CreateDirectory(kDirectory).ok());
    auto root = disk_->OpenDirectory("/");
    ASSERT_TRUE(root.ok() && root.value()->Sync().ok());
    auto handle = disk_->OpenDirectory(kDirectory);
    ASSERT_TRUE(handle.ok());
    directory_handle_ = std::move(handle).value();
  }

  Slice Keep(std::string text) { return bytes_.emplace_back(std::move(text)); }
  void Put(std::string key, SequenceNumber sequence, std::size_t value_bytes = 8) {
    const char fill = static_cast<char>('0' + sequence % 10);
    entries_.push_back({Keep(std::move(key)), Keep(std::string(value_bytes, fill)), sequence,
                        EntryKind::kPut});
  }
  static std::string Key(std::size_t i) {
    const std::string digits = std::to_string(i);
    return "key" + std::string(6 - digits.size(), '0') + digits;
  }

  MergeJobInput Input() {
    std::ranges::sort(entries_, Precedes);
    MergeJobInput input;
    input.source = std::make_unique<VectorCursor>(entries_, Views::kFleeting, 50);
    input.tombstones = tombstones_;
    input.expected_entries = entries_.size();
    input.table_bytes_target = 20'000;
    input.table.block_bytes = 1024;
    return input;
  }
  Result<MergeJobOutput> Run(MergeJobInput input) {
    MergeJobEnvironment environment;
    environment.file_system = disk_.get();
    environment.directory_handle = directory_handle_.get();
    environment.ledger = &ledger_;
    environment.directory = kDirectory;
    environment.database = kDatabase;
    environment.next_file_number = [this] { return FileNumber{++last_number_}; };
    environment.stop = &stop_;
    return RunMergeJob(std::move(input), environment);
  }

  [[nodiscard]] std::vector<std::string> Files(MemoryFileSystem& disk) const {
    auto names = disk.List(kDirectory);
    EXPECT_TRUE(names.ok()) << names.status().ToString();
    return names.ok() ? std::move(names).value() : std::vector<std::string>();
  }

  // Reads a table back from what a power loss now would leave.
  void ReadBack(const TableMetadata& metadata) {
    const auto image = disk_->CrashImage({});
    FramePool frames(ledger_);
    OpenFiles files(*image);
    const TableContext context{.file_system = image.get(), .frames = &frames,
                               .ledger = &ledger_, .files = &files,
                               .directory = kDirectory, .database = kDatabase};
    const auto reader = TableReader::Make(context, metadata);
    const auto cursor = reader->NewCursor(TableReader::CursorUse::kJob);
    ASSERT_TRUE(cursor->SeekToFirst().ok());
    EntryBatch batch;
    while (true) {
      const Status status = cursor->Next(batch, EntryBatch::kCapacity);
      ASSERT_TRUE(status.ok()) << status.ToString();
      if (batch.count == 0) break;
      for (std::size_t i = 0; i < batch.count; ++i) {
        Entry entry = batch.entries[i];
        entry.key = Keep(std::string(entry.key));
        entry.value = Keep(std::string(entry.value));
        read_entries_.push_back(entry);
      }
    }
    const auto tombstones = reader->Tombstones();
    ASSERT_TRUE(tombstones.ok());
    std::vector<RangeTombstone> stored;
    tombstones.value()->AppendTo(stored);
    for (RangeTombstone tombstone : stored) {
      tombstone.begin = Keep(std::string(tombstone.begin));
      tombstone.end = Keep(std::string(tombstone.end));
      read_tombstones_.push_back(tombstone);
    }
  }

  // Reads everything back and compares with what retention alone would keep.
  void ExpectContent(const MergeJobOutput& output, const RetentionSettings& retention) {
    for (const TableMetadata& table : output.tables) ASSERT_NO_FATAL_FAILURE(ReadBack(table));
    const FragmentedTombstones cut = FragmentedTombstones::Build(tombstones_);
    Retention expected(retention, cut);
    std::size_t position = 0;
    VectorCursor source(entries_, Views::kStable);
    EntryBatch batch;
    while (source.Next(batch, EntryBatch::kCapacity).ok() && batch.count != 0) {
      expected.Filter(batch, batch);
      for (std::size_t i = 0; i < batch.count; ++i, ++position) {
        ASSERT_LT(position, read_entries_.size());
        ASSERT_EQ(read_entries_[position].key, batch.entries[i].key);
        ASSERT_EQ(read_entries_[position].sequence, batch.entries[i].sequence);
        ASSERT_EQ(read_entries_[position].value, batch.entries[i].value);
        ASSERT_EQ(read_entries_[position].kind, batch.entries[i].kind);
      }
    }
    ASSERT_EQ(position, read_entries_.size());
    ASSERT_EQ(Describe(read_tombstones_), Describe(expected.KeptTombstones()));
  }
  static std::string Describe(const std::vector<RangeTombstone>& tombstones) {
    std::vector<RangeTombstone> joined;
    const FragmentedTombstones built = FragmentedTombstones::Build(tombstones);
    built.AppendTo(joined);
    std::string text;
    for (const RangeTombstone& tombstone : joined) {
      text += std::string(tombstone.begin) + ".." + std::string(tombstone.end) + ":" +
              std::to_string(tombstone.sequence) + " ";
    }
    return text;
  }

  static void ExpectDisjoint(const std::vector<TableMetadata>& tables) {
    for (std::size_t i = 1; i < tables.size(); ++i) {
      const TableMetadata& before = tables[i - 1];
      const TableMetadata& table = tables[i];
      ASSERT_TRUE(before.upper < table.lower ||
                  (before.upper == table.lower && before.upper_exclusive))
          << before.upper << " and " << table.lower;
    }
  }

  std::deque<std::string> bytes_;
  std::vector<Entry> entries_;
  std::vector<RangeTombstone> tombstones_;
  std::unique_ptr<MemoryFileSystem> disk_;
  std::unique_ptr<DirectoryHandle> directory_handle_;
  MemoryLedger ledger_{std::uint64_t{64} << 20};
  std::atomic<bool> stop_{false};
  std::uint64_t last_number_ = 0;
  std::vector<Entry> read_entries_;
  std::vector<RangeTombstone> read_tombstones_;
};

TEST_F(MergeJobTest, WritesNoTableWhenNothingIsLeft) {
  const auto output = Run(Input());
  ASSERT_TRUE(output.ok()) << output.status().ToString();
  EXPECT_TRUE(output.value().tables.empty());
  EXPECT_TRUE(Files(*disk_).empty());
}

TEST_F(MergeJobTest, CutsTablesAtTheTargetAndKeepsAllEntries) {
  for (std::size_t i = 0; i < 2000; ++i) Put(Key(i), i + 1, 100);
  const auto output = Run(Input());
  ASSERT_TRUE(output.ok()) << output.status().ToString();
  const MergeJobOutput& made = output.value();
  ASSERT_GT(made.tables.size(), 8u);
  std::uint64_t bytes = 0;
  for (const TableMetadata& table : made.tables) {
    EXPECT_LT(table.file_bytes, 25'000u);
    bytes += table.file_bytes;
  }
  EXPECT_EQ(bytes, made.bytes_written);
  EXPECT_EQ(Files(*disk_).size(), made.tables.size());
  ASSERT_NO_FATAL_FAILURE(ExpectDisjoint(made.tables));
  ASSERT_NO_FATAL_FAILURE(ExpectContent(made, {}));
}

TEST_F(MergeJobTest, NeverSplitsTheVersionsOfAKey) {
  MergeJobInput input = Input();
  for (SequenceNumber sequence = 1; sequence <= 400; ++sequence) {
    Put("a", sequence, 100);
    input.retention.snapshots.push_back(sequence);
  }
  Put("b", 500);
  const RetentionSettings retention = input.retention;
  MergeJobInput filled = Input();
  filled.retention = retention;
  const auto output = Run(std::move(filled));
  ASSERT_TRUE(output.ok()) << output.status().ToString();
  ASSERT_EQ(output.value().tables.size(), 2u);
  EXPECT_EQ(output.value().tables[0].entries, 400u);
  ASSERT_NO_FATAL_FAILURE(ExpectContent(output.value(), retention));
}

TEST_F(MergeJobTest, EndsAtACutPointOnlyWhenTheTableIsHalfFull) {
  for (std::size_t i = 0; i < 150; ++i) Put(Key(i), i + 1, 100);
  MergeJobInput input = Input();
  input.cut_points = {Key(20), Key(120)};
  const auto output = Run(std::move(input));
  ASSERT_TRUE(output.ok()) << output.status().ToString();
  ASSERT_EQ(output.value().tables.size(), 2u);
  EXPECT_EQ(output.value().tables[0].upper, Key(119));
  EXPECT_EQ(output.value().tables[1].lower, Key(120));
}

TEST_F(MergeJobTest, WritesATableOfRangeTombstonesAlone) {
  tombstones_ = {{"b", "d", 5}, {"c", "x", 9}};
  const auto output = Run(Input());
  ASSERT_TRUE(output.ok()) << output.status().ToString();
  ASSERT_EQ(output.value().tables.size(), 1u);
  EXPECT_EQ(output.value().tables[0].lower, "b");
  EXPECT_EQ(output.value().tables[0].upper, "x");
  EXPECT_TRUE(output.value().tables[0].upper_exclusive);
  ASSERT_NO_FATAL_FAILURE(ExpectContent(output.value(), {}));
}

TEST_F(MergeJobTest, CutsRangeTombstonesAtTheTablesBorders) {
  for (std::size_t i = 0; i < 1000; ++i) Put(Key(i), i + 100, 100);
  tombstones_ = {{"a", "z", 5}, {Key(300), Key(700), 50}, {Key(310), Key(320), 60}};
  const auto output = Run(Input());
  ASSERT_TRUE(output.ok()) << output.status().ToString();
  ASSERT_GT(output.value().tables.size(), 3u);
  for (const TableMetadata& table : output.value().tables) EXPECT_GT(table.range_tombstones, 0u);
  ASSERT_NO_FATAL_FAILURE(ExpectDisjoint(output.value().tables));
  ASSERT_NO_FATAL_FAILURE(ExpectContent(output.value(), {}));
}

TEST_F(MergeJobTest, RefusesInputsThatDoNotHoldWhatTheManifestSays) {
  for (std::size_t i = 0; i < 1000; ++i) Put(Key(i), i + 1, 100);
  for (const std::uint64_t expected : {999u, 1001u}) {
    MergeJobInput input = Input();
    input.expected_entries = expected;
    EXPECT_EQ(Run(std::move(input)).status().code(), StatusCode::kCorruption);
    EXPECT_TRUE(Files(*disk_).empty());
  }
}

TEST_F(MergeJobTest, StopsWhenToldAndLeavesNothing) {
  for (std::size_t i = 0; i < 1000; ++i) Put(Key(i), i + 1, 100);
  stop_ = true;
  EXPECT_EQ(Run(Input()).status().code(), StatusCode::kClosed);
  EXPECT_TRUE(Files(*disk_).empty());
}

TEST_F(MergeJobTest, RemovesItsFilesWhateverCallFails) {
  for (std::size_t i = 0; i < 300; ++i) Put(Key(i), i + 1, 200);
  tombstones_ = {{"a", "z", 5}};
  bool succeeded = false;
  for (std::uint64_t call = 1; !succeeded && !HasFatalFailure(); ++call) {
    ASSERT_LT(call, 10'000u);
    NewDisk();
    disk_->InjectFault({.at_call = disk_->calls() + call});
    const auto output = Run(Input());
    succeeded = !disk_->fault_fired();
    if (succeeded) {
      ASSERT_TRUE(output.ok()) << output.status().ToString();
      ASSERT_GT(output.value().tables.size(), 2u);
      continue;
    }
    EXPECT_FALSE(output.ok()) << "call " << call;
    EXPECT_TRUE(Files(*disk_).empty()) << "call " << call;
    EXPECT_EQ(disk_->open_handles(), 1u) << "only the directory's, call " << call;
  }
}

TEST_F(MergeJobTest, KeepsItsTablesThroughAPowerLossRightAfterIt) {
  for (std::size_t i = 0; i < 500; ++i) Put(Key(i), i + 1, 200);
  const auto output = Run(Input());
  ASSERT_TRUE(output.ok()) << output.status().ToString();
  const auto image = disk_->CrashImage({});
  EXPECT_EQ(Files(*image).size(), output.value().tables.size());
}

TEST_F(MergeJobTest, AgreesWithRetentionOnRandomInputs) {
  for (unsigned seed = 0; seed < 40 && !HasFatalFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    NewDisk();
    entries_.clear();
    tombstones_.clear();
    read_entries_.clear();
    read_tombstones_.clear();
    const std::size_t writes = random() % 1500;
    for (SequenceNumber sequence = 1; sequence <= writes; ++sequence) {
      const std::string key = Key(random() % 400);
      if (random() % 100 == 0) {
        tombstones_.push_back({Keep(key), Keep(Key(random() % 400)), sequence});
      } else if (random() % 4 == 0) {
        entries_.push_back({Keep(key), Slice(), sequence, EntryKind::kDelete});
      } else {
        Put(key, sequence, random() % 300);
      }
    }
    MergeJobInput input = Input();
    input.table_bytes_target = 2000 + random() % 40'000;
    for (std::size_t i = random() % 400; i < 400; i += 1 + random() % 100) {
      input.cut_points.push_back(Key(i));
    }
    input.retention.bottom = random() % 2 == 0;
    for (SequenceNumber at = random() % 2000; at < writes; at += random() % 500) {
      input.retention.snapshots.push_back(at);
    }
    const RetentionSettings retention = input.retention;
    const auto output = Run(std::move(input));
    ASSERT_TRUE(output.ok()) << output.status().ToString();
    ASSERT_NO_FATAL_FAILURE(ExpectDisjoint(output.value().tables));
    ASSERT_NO_FATAL_FAILURE(ExpectContent(output.value(), retention));
  }
}

}  // namespace
}  // namespace firn::testing
