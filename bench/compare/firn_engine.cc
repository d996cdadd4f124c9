// firn through its public interface: pinned reads, one batch a client, a new iterator when asked.
#include <optional>
#include <utility>

#include "engine.h"
#include "firn/db.h"

namespace firn::compare {
namespace {

class FirnCursor final : public Cursor {
 public:
  void Open(const Db& db) { iterator_.emplace(db.NewIterator()); }
  bool SeekToFirst() override { return iterator_->SeekToFirst(), Show(); }
  bool SeekToLast() override { return iterator_->SeekToLast(), Show(); }
  bool Seek(Slice target) override { return iterator_->Seek(target), Show(); }
  bool SeekForPrev(Slice target) override { return iterator_->SeekForPrev(target), Show(); }
  bool Next() override { return iterator_->Next(), Show(); }
  bool Prev() override { return iterator_->Prev(), Show(); }
  Status status() const override { return iterator_->status(); }

 private:
  bool Show() {
    if (!iterator_->Valid()) return false;
    key_ = iterator_->key();
    value_ = iterator_->value();
    return true;
  }

  std::optional<Iterator> iterator_;
};

class FirnClient final : public Client {
 public:
  explicit FirnClient(Db& db) : db_(db) {}

  Status Put(Slice key, Slice value) override { return db_.Put(key, value); }
  Status Delete(Slice key) override { return db_.Delete(key); }

  Status PutBatch(std::span<const KeyValue> entries) override {
    batch_.Clear();
    for (const KeyValue& entry : entries) batch_.Put(entry.key, entry.value);
    return db_.Write(batch_);
  }

  Result<bool> Get(Slice key, Slice& value) override {
    Result<bool> found = db_.Get(key, pinned_);
    value = pinned_.value();
    return found;
  }

  Status MultiGet(std::span<const Slice> keys, std::span<Lookup> lookups) override {
    auto values = db_.MultiGet(keys);
    if (!values.ok()) return std::move(values).status();
    values_ = std::move(values).value();
    for (std::size_t i = 0; i < keys.size(); ++i) {
      lookups[i] = {values_[i].has_value(), values_[i] ? Slice(*values_[i]) : Slice()};
    }
    return {};
  }

  Cursor& FreshCursor() override {
    cursor_.Open(db_);
    return cursor_;
  }

 private:
  Db& db_;
  PinnedValue pinned_;
  WriteBatch batch_;
  std::vector<std::optional<std::string>> values_;
  FirnCursor cursor_;
};

// There is no door for whole tables: large batches in order are the best public way.
class FirnBulkLoader final : public BulkLoader {
 public:
  explicit FirnBulkLoader(Db& db) : db_(db) {}

  Status Add(Slice key, Slice value) override {
    batch_.Put(key, value);
    return batch_.count() == kBatchEntries ? Write() : Status();
  }
  Status Finish() override {
    if (!batch_.empty()) {
      if (Status written = Write(); !written.ok()) return written;
    }
    return db_.Sync();
  }
  std::string method() const override { return "batches of 1000 in order, then Sync"; }

 private:
  static constexpr std::size_t kBatchEntries = 1000;

  Status Write() {
    Status written = db_.Write(batch_);
    batch_.Clear();
    return written;
  }

  Db& db_;
  WriteBatch batch_;
};

class FirnEngine final : public Engine {
 public:
  explicit FirnEngine(std::unique_ptr<Db> db) : db_(std::move(db)) {}

  Result<std::unique_ptr<Client>> NewClient() override {
    return std::unique_ptr<Client>(std::make_unique<FirnClient>(*db_));
  }
  Result<std::unique_ptr<BulkLoader>> NewBulkLoader() override {
    return std::unique_ptr<BulkLoader>(std::make_unique<FirnBulkLoader>(*db_));
  }
  Result<CareReport> Settle() override {
    if (Status idle = db_->WaitForIdle(); !idle.ok()) return idle;
    return CareReport{"WaitForIdle"};
  }
  Result<CareReport> Compact() override {
    if (Status done = db_->CompactRange(); !done.ok()) return done;
    if (Status idle = db_->WaitForIdle(); !idle.ok()) return idle;
    return CareReport{"CompactRange, WaitForIdle"};
  }
  Status Close() override { return db_->Close(); }

 private:
  std::unique_ptr<Db> db_;
};

std::string DescribeOptions(const Setup& setup) {
  return "memory_budget " + std::to_string(setup.budget_bytes) + ", durability " +
         (setup.durability == DurabilityClass::kS ? "kSync" : "kPeriodic (100 ms)") +
         ", compression " + (setup.lz4 ? "lz4" : "none") +
         ", direct reads " + (setup.direct_io ? "on" : "off") +
         ", log mapped, everything else by itself";
}

Result<std::unique_ptr<Engine>> Open(const Setup& setup) {
  Options options;
  options.memory_budget = setup.budget_bytes;
  options.durability =
      setup.durability == DurabilityClass::kS ? Durability::kSync : Durability::kPeriodic;
  options.compression = setup.lz4 ? Compression::kLz4 : Compression::kNone;
  options.direct_reads = setup.direct_io;
  auto db = Db::Open(setup.directory, options);
  if (!db.ok()) return std::move(db).status();
  return std::unique_ptr<Engine>(std::make_unique<FirnEngine>(std::move(db).value()));
}

}  // namespace

EngineKind FirnKind() {
  EngineKind kind;
  kind.name = "firn";
  kind.version = FIRN_COMPARE_FIRN_VERSION;
  kind.build = FIRN_COMPARE_FIRN_BUILD;
#ifdef FIRN_CHECKED
  kind.assertions = true;
#endif
  kind.compressions = {"none", "lz4"};
  kind.direct_io = true;
  kind.options = DescribeOptions;
  kind.open = Open;
  return kind;
}

}  // namespace firn::compare
