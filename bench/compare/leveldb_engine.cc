// LevelDB: bloom filter of 10 bits, one cache, larger write buffer and files than its defaults.
#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/env.h>
#include <leveldb/filter_policy.h>
#include <leveldb/iterator.h>
#include <leveldb/write_batch.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "engine.h"
#include "process_meter.h"

namespace firn::compare {
namespace {

constexpr int kBloomBits = 10;
constexpr std::uint64_t kFileBytes = std::uint64_t{64} << 20;
constexpr int kOpenFiles = 10000;
// LevelDB's own; it compares as int, so that 2 GiB would become its smallest buffer, 64 KiB.
constexpr std::uint64_t kWriteBufferMax = std::uint64_t{1} << 30;

leveldb::Slice Peer(Slice slice) { return {slice.data(), slice.size()}; }
Slice Ours(const leveldb::Slice& slice) { return {slice.data(), slice.size()}; }

Status Ours(const leveldb::Status& status) {
  return status.ok() ? Status() : Status(StatusCode::kIo, "leveldb: " + status.ToString());
}

class LevelDbCursor final : public Cursor {
 public:
  void Open(leveldb::DB& db) { iterator_.reset(db.NewIterator(leveldb::ReadOptions())); }
  bool SeekToFirst() override { return iterator_->SeekToFirst(), Show(); }
  bool SeekToLast() override { return iterator_->SeekToLast(), Show(); }
  bool Seek(Slice target) override { return iterator_->Seek(Peer(target)), Show(); }
  bool SeekForPrev(Slice target) override {
    if (!Seek(target)) return SeekToLast();
    return key_ == target || Prev();
  }
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

  std::unique_ptr<leveldb::Iterator> iterator_;
};

class LevelDbClient final : public Client {
 public:
  LevelDbClient(leveldb::DB& db, bool sync) : db_(db) { write_.sync = sync; }

  Status Put(Slice key, Slice value) override {
    return Ours(db_.Put(write_, Peer(key), Peer(value)));
  }
  Status Delete(Slice key) override { return Ours(db_.Delete(write_, Peer(key))); }

  Status PutBatch(std::span<const KeyValue> entries) override {
    batch_.Clear();
    for (const KeyValue& entry : entries) batch_.Put(Peer(entry.key), Peer(entry.value));
    return Ours(db_.Write(write_, &batch_));
  }

  Result<bool> Get(Slice key, Slice& value) override { return Get(key, value_, value); }

  Status MultiGet(std::span<const Slice> keys, std::span<Lookup> lookups) override {
    values_.resize(std::max(values_.size(), keys.size()));
    for (std::size_t i = 0; i < keys.size(); ++i) {
      Result<bool> found = Get(keys[i], values_[i], lookups[i].value);
      if (!found.ok()) return std::move(found).status();
      lookups[i].found = *found;
    }
    return {};
  }

  Cursor& FreshCursor() override {
    cursor_.Open(db_);
    return cursor_;
  }

 private:
  Result<bool> Get(Slice key, std::string& buffer, Slice& value) {
    const leveldb::Status status = db_.Get(leveldb::ReadOptions(), Peer(key), &buffer);
    if (status.IsNotFound()) return false;
    if (!status.ok()) return Ours(status);
    value = buffer;
    return true;
  }

  leveldb::DB& db_;
  leveldb::WriteOptions write_;
  leveldb::WriteBatch batch_;
  std::string value_;
  std::vector<std::string> values_;
  LevelDbCursor cursor_;
};

class LevelDbBulkLoader final : public BulkLoader {
 public:
  LevelDbBulkLoader(leveldb::DB& db, bool sync) : db_(db) { write_.sync = sync; }

  Status Add(Slice key, Slice value) override {
    batch_.Put(Peer(key), Peer(value));
    return ++entries_ % kBatchEntries == 0 ? Write() : Status();
  }
  Status Finish() override {
    write_.sync = true;
    return Write();
  }
  std::string method() const override { return "batches of 1000 in order, the last one synced"; }

 private:
  static constexpr std::uint64_t kBatchEntries = 1000;

  Status Write() {
    const leveldb::Status status = db_.Write(write_, &batch_);
    batch_.Clear();
    return Ours(status);
  }

  leveldb::DB& db_;
  leveldb::WriteOptions write_;
  leveldb::WriteBatch batch_;
  std::uint64_t entries_ = 0;
};

// Holds background work back until told otherwise: a log whose write buffer was written out is
// gone, and only this keeps one that is larger than a buffer. It may span two buffers, not more.
class PatientEnv final : public leveldb::EnvWrapper {
 public:
  PatientEnv() : EnvWrapper(leveldb::Env::Default()) {}

  void Schedule(void (*work)(void*), void* argument) override {
    const std::lock_guard lock(mutex_);
    if (patient_) {
      held_.emplace_back(work, argument);
    } else {
      target()->Schedule(work, argument);
    }
  }
  // What is held back runs now: a store waits for it when it closes.
  void LetGo() {
    const std::lock_guard lock(mutex_);
    patient_ = false;
    for (const auto& [work, argument] : held_) target()->Schedule(work, argument);
    held_.clear();
  }

 private:
  std::mutex mutex_;  // guards what follows
  bool patient_ = true;
  std::vector<std::pair<void (*)(void*), void*>> held_;
};

class LevelDbEngine final : public Engine {
 public:
  ~LevelDbEngine() override {
    if (patient_env_ != nullptr) patient_env_->LetGo();
  }

  // The members of `options` that point to something are owned.
  LevelDbEngine(const leveldb::Options& options, bool sync)
      : filter_(options.filter_policy), cache_(options.block_cache), sync_(sync) {}

  // From the next Open on.
  void HoldBackgroundWorkBack() { patient_env_ = std::make_unique<PatientEnv>(); }

  Status Open(leveldb::Options options, const std::string& directory) {
    if (patient_env_ != nullptr) options.env = patient_env_.get();
    leveldb::DB* db = nullptr;
    Status opened = Ours(leveldb::DB::Open(options, directory, &db));
    db_.reset(db);
    return opened;
  }

  Result<std::unique_ptr<Client>> NewClient() override {
    return std::unique_ptr<Client>(std::make_unique<LevelDbClient>(*db_, sync_));
  }
  Result<std::unique_ptr<BulkLoader>> NewBulkLoader() override {
    return std::unique_ptr<BulkLoader>(std::make_unique<LevelDbBulkLoader>(*db_, sync_));
  }
  Result<CareReport> Settle() override {
    return CareReport{"no call for it: waited until the process was idle", WaitUntilQuiet()};
  }
  Result<CareReport> Compact() override {
    db_->CompactRange(nullptr, nullptr);
    return CareReport{"CompactRange, then waited until the process was idle", WaitUntilQuiet()};
  }
  Status Close() override {
    if (patient_env_ != nullptr) patient_env_->LetGo();
    db_.reset();
    return {};
  }

 private:
  // The store goes first.
  std::unique_ptr<const leveldb::FilterPolicy> filter_;
  std::unique_ptr<leveldb::Cache> cache_;
  bool sync_;
  std::unique_ptr<PatientEnv> patient_env_;  // null: the usual one
  std::unique_ptr<leveldb::DB> db_;
};

// Two write buffers can be full at once; a small budget keeps half for the cache.
std::uint64_t WriteBuffer(const Setup& setup) {
  return std::min({setup.write_buffer_bytes, setup.budget_bytes / 4, kWriteBufferMax});
}

std::uint64_t CacheBytes(const Setup& setup) { return setup.budget_bytes - 2 * WriteBuffer(setup); }

std::string DescribeOptions(const Setup& setup) {
  return "write_buffer_size " + std::to_string(WriteBuffer(setup)) + ", block_cache " +
         std::to_string(CacheBytes(setup)) + ", bloom 10, max_file_size " +
         std::to_string(kFileBytes) + ", max_open_files " + std::to_string(kOpenFiles) +
         ", compression none, verify_checksums off, sync " +
         (setup.durability == DurabilityClass::kS ? "on" : "off");
}

Result<std::unique_ptr<Engine>> OpenAs(const Setup& setup, bool unflushed) {
  leveldb::Options options;
  options.create_if_missing = true;
  options.compression = leveldb::kNoCompression;
  options.filter_policy = leveldb::NewBloomFilterPolicy(kBloomBits);
  options.block_cache = leveldb::NewLRUCache(CacheBytes(setup));
  options.write_buffer_size = WriteBuffer(setup);
  options.max_file_size = kFileBytes;
  options.max_open_files = kOpenFiles;
  auto engine = std::make_unique<LevelDbEngine>(options, setup.durability == DurabilityClass::kS);
  if (unflushed) engine->HoldBackgroundWorkBack();
  if (Status opened = engine->Open(options, setup.directory); !opened.ok()) return opened;
  return std::unique_ptr<Engine>(std::move(engine));
}

Result<std::unique_ptr<Engine>> Open(const Setup& setup) { return OpenAs(setup, false); }
Result<std::unique_ptr<Engine>> OpenUnflushed(const Setup& setup) { return OpenAs(setup, true); }

}  // namespace

EngineKind LevelDbKind() {
  EngineKind kind;
  kind.name = "leveldb";
  kind.version =
      std::to_string(leveldb::kMajorVersion) + "." + std::to_string(leveldb::kMinorVersion);
  kind.build = FIRN_COMPARE_LEVELDB;
  kind.assertions = FIRN_COMPARE_LEVELDB_ASSERTIONS;
  kind.compressions = {"none"};
  kind.options = DescribeOptions;
  kind.open = Open;
  kind.open_unflushed = OpenUnflushed;
  return kind;
}

}  // namespace firn::compare
