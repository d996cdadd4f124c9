// RocksDB: a HyperClockCache, bloom filters of 10 bits, four write buffers, dynamic levels, no
// statistics; values are pinned, blocks carry a hash index.
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <rocksdb/version.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <utility>

#include "engine.h"
#include "process_meter.h"

namespace firn::compare {
namespace {

constexpr double kBloomBits = 10;
constexpr std::uint64_t kWriteBuffers = 4;
constexpr std::size_t kMultiGetMax = 64;

rocksdb::Slice Peer(Slice slice) { return {slice.data(), slice.size()}; }
Slice Ours(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

Status Ours(const rocksdb::Status& status) {
  return status.ok() ? Status() : Status(StatusCode::kIo, "rocksdb: " + status.ToString());
}

class RocksDbCursor final : public Cursor {
 public:
  void Open(rocksdb::DB& db) { iterator_.reset(db.NewIterator(rocksdb::ReadOptions())); }
  bool SeekToFirst() override { return iterator_->SeekToFirst(), Show(); }
  bool SeekToLast() override { return iterator_->SeekToLast(), Show(); }
  bool Seek(Slice target) override { return iterator_->Seek(Peer(target)), Show(); }
  bool SeekForPrev(Slice target) override { return iterator_->SeekForPrev(Peer(target)), Show(); }
  bool Next() override { return iterator_->Next(), Show(); }
  bool Prev() override { return iterator_->Prev(), Show(); }
  Status status() const override { return Ours(iterator_->status()); }

 private:
  bool Show() {
    if (!iterator_->Valid()) return false;
    key_ = Ours(iterator_->key());
    value_ = Ours(iterator_->value());
    return true;
  }

  std::unique_ptr<rocksdb::Iterator> iterator_;
};

class RocksDbClient final : public Client {
 public:
  RocksDbClient(rocksdb::DB& db, bool sync) : db_(db), family_(db.DefaultColumnFamily()) {
    write_.sync = sync;
  }

  Status Put(Slice key, Slice value) override {
    return Ours(db_.Put(write_, family_, Peer(key), Peer(value)));
  }
  Status Delete(Slice key) override { return Ours(db_.Delete(write_, family_, Peer(key))); }

  Status PutBatch(std::span<const KeyValue> entries) override {
    batch_.Clear();
    for (const KeyValue& entry : entries) {
      if (auto added = batch_.Put(Peer(entry.key), Peer(entry.value)); !added.ok()) {
        return Ours(added);
      }
    }
    return Ours(db_.Write(write_, &batch_));
  }

  Result<bool> Get(Slice key, Slice& value) override {
    pinned_.Reset();
    const rocksdb::Status status = db_.Get(read_, family_, Peer(key), &pinned_);
    if (status.IsNotFound()) return false;
    if (!status.ok()) return Ours(status);
    value = Ours(pinned_);
    return true;
  }

  Status MultiGet(std::span<const Slice> keys, std::span<Lookup> lookups) override {
    if (keys.size() > kMultiGetMax) {
      return {StatusCode::kInvalidArgument, "more keys than this adapter's MultiGet has room for"};
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      keys_[i] = Peer(keys[i]);
      values_[i].Reset();
    }
    db_.MultiGet(read_, family_, keys.size(), keys_, values_, statuses_);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (!statuses_[i].ok() && !statuses_[i].IsNotFound()) return Ours(statuses_[i]);
      lookups[i] = {statuses_[i].ok(), Ours(values_[i])};
    }
    return {};
  }

  Cursor& FreshCursor() override {
    cursor_.Open(db_);
    return cursor_;
  }

 private:
  rocksdb::DB& db_;
  rocksdb::ColumnFamilyHandle* family_;
  rocksdb::WriteOptions write_;
  const rocksdb::ReadOptions read_;
  rocksdb::WriteBatch batch_;
  rocksdb::PinnableSlice pinned_;
  rocksdb::Slice keys_[kMultiGetMax];
  rocksdb::PinnableSlice values_[kMultiGetMax];
  rocksdb::Status statuses_[kMultiGetMax];
  RocksDbCursor cursor_;
};

// Writes tables beside the store and has them moved in.
class RocksDbBulkLoader final : public BulkLoader {
 public:
  explicit RocksDbBulkLoader(rocksdb::DB& db)
      : db_(db), writer_(rocksdb::EnvOptions(), db.GetOptions()) {}

  Status Add(Slice key, Slice value) override {
    if (files_.empty() || writer_.FileSize() >= kFileBytes) {
      if (Status ready = NextFile(); !ready.ok()) return ready;
    }
    return Ours(writer_.Put(Peer(key), Peer(value)));
  }
  Status Finish() override {
    if (files_.empty()) return {};
    if (auto finished = writer_.Finish(); !finished.ok()) return Ours(finished);
    rocksdb::IngestExternalFileOptions options;
    options.move_files = true;
    return Ours(db_.IngestExternalFile(files_, options));
  }
  std::string method() const override { return "SstFileWriter, then IngestExternalFile by move"; }

 private:
  static constexpr std::uint64_t kFileBytes = std::uint64_t{64} << 20;

  Status NextFile() {
    if (!files_.empty()) {
      if (auto finished = writer_.Finish(); !finished.ok()) return Ours(finished);
    }
    files_.push_back(db_.GetName() + "/bulk" + std::to_string(files_.size()) + ".sst");
    return Ours(writer_.Open(files_.back()));
  }

  rocksdb::DB& db_;
  rocksdb::SstFileWriter writer_;
  std::vector<std::string> files_;
};

class RocksDbEngine final : public Engine {
 public:
  RocksDbEngine(rocksdb::DB* db, bool sync) : db_(db), sync_(sync) {}

  Result<std::unique_ptr<Client>> NewClient() override {
    return std::unique_ptr<Client>(std::make_unique<RocksDbClient>(*db_, sync_));
  }
  Result<std::unique_ptr<BulkLoader>> NewBulkLoader() override {
    return std::unique_ptr<BulkLoader>(std::make_unique<RocksDbBulkLoader>(*db_));
  }
  Result<CareReport> Settle() override {
#if ROCKSDB_MAJOR >= 9
    if (Status idle = Ours(db_->WaitForCompact(rocksdb::WaitForCompactOptions())); !idle.ok()) {
      return idle;
    }
    return CareReport{"WaitForCompact"};
#else
    return CareReport{"no call for it: waited until the process was idle", WaitUntilQuiet()};
#endif
  }
  Result<CareReport> Compact() override {
    if (auto done = db_->CompactRange(rocksdb::CompactRangeOptions(), nullptr, nullptr);
        !done.ok()) {
      return Ours(done);
    }
    Result<CareReport> settled = Settle();
    if (settled.ok()) settled->method = "CompactRange, then " + settled->method;
    return settled;
  }
  Status Close() override {
    rocksdb::CancelAllBackgroundWork(db_.get(), /*wait=*/true);
    Status closed = Ours(db_->Close());
    db_.reset();
    return closed;
  }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  bool sync_;
};

// All four write buffers can be full at once; a small budget keeps half for the cache.
std::uint64_t WriteBuffer(const Setup& setup) {
  return std::min(setup.write_buffer_bytes, setup.budget_bytes / (2 * kWriteBuffers));
}

std::uint64_t CacheBytes(const Setup& setup) {
  return setup.budget_bytes - kWriteBuffers * WriteBuffer(setup);
}

std::string DescribeOptions(const Setup& setup) {
  return "write_buffer_size " + std::to_string(WriteBuffer(setup)) + " x 4, HyperClockCache " +
         std::to_string(CacheBytes(setup)) +
         ", bloom 10 and indexes outside the cache, max_open_files -1, max_background_jobs 2, "
         "level_compaction_dynamic_level_bytes on, data_block_index_type binary and hash, "
         "format_version 5, statistics off, compression " +
         (setup.lz4 ? "lz4" : "none") + ", direct I/O " + (setup.direct_io ? "on" : "off") +
         ", sync " + (setup.durability == DurabilityClass::kS ? "on" : "off");
}

rocksdb::Options PeerOptions(const Setup& setup) {
  rocksdb::BlockBasedTableOptions table;
  // The average charge of an entry is that of a block.
  table.block_cache =
      rocksdb::HyperClockCacheOptions(CacheBytes(setup), table.block_size).MakeSharedCache();
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBits));
  table.format_version = 5;
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  rocksdb::Options options;
  options.create_if_missing = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_size = WriteBuffer(setup);
  options.max_write_buffer_number = static_cast<int>(kWriteBuffers);
  options.max_background_jobs = 2;
  options.max_open_files = -1;
  options.level_compaction_dynamic_level_bytes = true;
  options.compression = setup.lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
  options.bottommost_compression = options.compression;
  options.use_direct_reads = setup.direct_io;
  options.use_direct_io_for_flush_and_compaction = setup.direct_io;
  return options;
}

Result<std::unique_ptr<Engine>> Open(const Setup& setup) {
  rocksdb::DB* db = nullptr;
  if (auto opened = rocksdb::DB::Open(PeerOptions(setup), setup.directory, &db); !opened.ok()) {
    return Ours(opened);
  }
  const bool sync = setup.durability == DurabilityClass::kS;
  return std::unique_ptr<Engine>(std::make_unique<RocksDbEngine>(db, sync));
}

}  // namespace

EngineKind RocksDbKind() {
  EngineKind kind;
  kind.name = "rocksdb";
  kind.version = rocksdb::GetRocksVersionAsString();
  kind.build = FIRN_COMPARE_ROCKSDB;
  kind.assertions = FIRN_COMPARE_ROCKSDB_ASSERTIONS;
  kind.compressions = {"none", "lz4"};
  kind.direct_io = true;
  kind.options = DescribeOptions;
  kind.open = Open;
  return kind;
}

}  // namespace firn::compare
