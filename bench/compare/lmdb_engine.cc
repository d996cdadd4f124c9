// LMDB: one environment, one write transaction for a put or a batch; a client's reads go through
// two read transactions, reset and renewed, never begun anew.
#include <lmdb.h>

#include <cerrno>
#include <cstddef>
#include <utility>

#include "engine.h"
#include "process_meter.h"

namespace firn::compare {
namespace {

constexpr std::size_t kMapBytes = std::size_t{1} << 40;  // address space only; the file grows
constexpr unsigned kReaders = 1024;

MDB_val Peer(Slice slice) {
  return {slice.size(), const_cast<char*>(slice.data())};  // the interface knows no const
}
Slice Ours(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

Status Ours(int code, const char* call) {
  if (code == MDB_SUCCESS) return {};
  const bool full = code == MDB_MAP_FULL || code == ENOSPC;
  return {full ? StatusCode::kNoSpace : StatusCode::kIo,
          std::string("lmdb: ") + call + ": " + mdb_strerror(code)};
}

struct Environment {
  MDB_env* env = nullptr;
  MDB_dbi dbi = 0;
};

// A read transaction that is renewed for every view.
class Reader {
 public:
  ~Reader() {
    if (txn_ != nullptr) mdb_txn_abort(txn_);
  }
  int Renew(const Environment& environment) {
    if (txn_ == nullptr) return mdb_txn_begin(environment.env, nullptr, MDB_RDONLY, &txn_);
    mdb_txn_reset(txn_);
    return mdb_txn_renew(txn_);
  }
  // Lets go of the view, whose pages a writer may then use again.
  void Reset() {
    if (txn_ != nullptr) mdb_txn_reset(txn_);
  }
  [[nodiscard]] MDB_txn* txn() const { return txn_; }

 private:
  MDB_txn* txn_ = nullptr;
};

class LmdbCursor final : public Cursor {
 public:
  ~LmdbCursor() override {
    if (cursor_ != nullptr) mdb_cursor_close(cursor_);
  }
  void Open(const Environment& environment) {
    code_ = reader_.Renew(environment);
    if (code_ != MDB_SUCCESS) return;
    code_ = cursor_ == nullptr ? mdb_cursor_open(reader_.txn(), environment.dbi, &cursor_)
                               : mdb_cursor_renew(reader_.txn(), cursor_);
  }
  void Reset() { reader_.Reset(); }
  bool SeekToFirst() override { return Move(MDB_FIRST); }
  bool SeekToLast() override { return Move(MDB_LAST); }
  bool Seek(Slice target) override { return Move(MDB_SET_RANGE, target); }
  bool SeekForPrev(Slice target) override {
    if (!Seek(target)) return SeekToLast();
    return key_ == target || Prev();
  }
  bool Next() override { return Move(MDB_NEXT); }
  bool Prev() override { return Move(MDB_PREV); }
  Status status() const override {
    return code_ == MDB_NOTFOUND ? Status() : Ours(code_, "mdb_cursor_get");
  }

 private:
  bool Move(MDB_cursor_op operation, Slice target = {}) {
    if (code_ != MDB_SUCCESS && code_ != MDB_NOTFOUND) return false;
    MDB_val key = Peer(target);
    MDB_val value;
    code_ = mdb_cursor_get(cursor_, &key, &value, operation);
    if (code_ != MDB_SUCCESS) return false;
    key_ = Ours(key);
    value_ = Ours(value);
    return true;
  }

  Reader reader_;  // outlives the cursor
  MDB_cursor* cursor_ = nullptr;
  int code_ = MDB_SUCCESS;
};

class LmdbClient final : public Client {
 public:
  explicit LmdbClient(const Environment& environment) : environment_(environment) {}

  Status Put(Slice key, Slice value) override {
    const KeyValue entry{key, value};
    return PutBatch({&entry, 1});
  }

  Status PutBatch(std::span<const KeyValue> entries) override {
    MDB_txn* txn = nullptr;
    if (Status begun = Begin(txn); !begun.ok()) return begun;
    for (const KeyValue& entry : entries) {
      MDB_val key = Peer(entry.key);
      MDB_val value = Peer(entry.value);
      if (int code = mdb_put(txn, environment_.dbi, &key, &value, 0)) {
        mdb_txn_abort(txn);
        return Ours(code, "mdb_put");
      }
    }
    return Ours(mdb_txn_commit(txn), "mdb_txn_commit");
  }

  Status Delete(Slice key) override {
    MDB_txn* txn = nullptr;
    if (Status begun = Begin(txn); !begun.ok()) return begun;
    MDB_val target = Peer(key);
    const int code = mdb_del(txn, environment_.dbi, &target, nullptr);
    if (code != MDB_SUCCESS && code != MDB_NOTFOUND) {
      mdb_txn_abort(txn);
      return Ours(code, "mdb_del");
    }
    return Ours(mdb_txn_commit(txn), "mdb_txn_commit");
  }

  Result<bool> Get(Slice key, Slice& value) override {
    if (int code = reader_.Renew(environment_)) return Ours(code, "mdb_txn_renew");
    return Find(key, value);
  }

  Status MultiGet(std::span<const Slice> keys, std::span<Lookup> lookups) override {
    if (int code = reader_.Renew(environment_)) return Ours(code, "mdb_txn_renew");
    for (std::size_t i = 0; i < keys.size(); ++i) {
      Result<bool> found = Find(keys[i], lookups[i].value);
      if (!found.ok()) return std::move(found).status();
      lookups[i].found = *found;
    }
    return {};
  }

  Cursor& FreshCursor() override {
    cursor_.Open(environment_);
    return cursor_;
  }

 private:
  Status Begin(MDB_txn*& txn) {
    reader_.Reset();
    cursor_.Reset();
    return Ours(mdb_txn_begin(environment_.env, nullptr, 0, &txn), "mdb_txn_begin");
  }

  Result<bool> Find(Slice key, Slice& value) {
    MDB_val target = Peer(key);
    MDB_val found;
    const int code = mdb_get(reader_.txn(), environment_.dbi, &target, &found);
    if (code == MDB_NOTFOUND) return false;
    if (code != MDB_SUCCESS) return Ours(code, "mdb_get");
    value = Ours(found);
    return true;
  }

  const Environment& environment_;
  Reader reader_;
  LmdbCursor cursor_;
};

class LmdbBulkLoader final : public BulkLoader {
 public:
  explicit LmdbBulkLoader(const Environment& environment) : environment_(environment) {}
  ~LmdbBulkLoader() override {
    if (txn_ != nullptr) mdb_txn_abort(txn_);
  }

  Status Add(Slice key, Slice value) override {
    if (txn_ == nullptr) {
      if (int code = mdb_txn_begin(environment_.env, nullptr, 0, &txn_)) {
        return Ours(code, "mdb_txn_begin");
      }
    }
    MDB_val target = Peer(key);
    MDB_val bytes = Peer(value);
    if (int code = mdb_put(txn_, environment_.dbi, &target, &bytes, MDB_APPEND)) {
      return Ours(code, "mdb_put");
    }
    return ++entries_ % kTransactionEntries == 0 ? Commit() : Status();
  }
  Status Finish() override {
    if (txn_ != nullptr) {
      if (Status committed = Commit(); !committed.ok()) return committed;
    }
    return Ours(mdb_env_sync(environment_.env, 1), "mdb_env_sync");
  }
  std::string method() const override {
    return "MDB_APPEND in transactions of 100000, then mdb_env_sync";
  }

 private:
  static constexpr std::uint64_t kTransactionEntries = 100000;

  Status Commit() { return Ours(mdb_txn_commit(std::exchange(txn_, nullptr)), "mdb_txn_commit"); }

  const Environment& environment_;
  MDB_txn* txn_ = nullptr;
  std::uint64_t entries_ = 0;
};

class LmdbEngine final : public Engine {
 public:
  ~LmdbEngine() override {
    if (environment_.env != nullptr) mdb_env_close(environment_.env);
  }

  Status Open(const Setup& setup) {
    if (int code = mdb_env_create(&environment_.env)) return Ours(code, "mdb_env_create");
    MDB_env* env = environment_.env;
    if (int code = mdb_env_set_mapsize(env, kMapBytes)) return Ours(code, "mdb_env_set_mapsize");
    if (int code = mdb_env_set_maxreaders(env, kReaders)) {
      return Ours(code, "mdb_env_set_maxreaders");
    }
    // A client has two read transactions, so they cannot belong to their thread.
    unsigned flags = MDB_NOTLS;
    if (setup.durability == DurabilityClass::kA) flags |= MDB_NOSYNC;
    if (int code = mdb_env_open(env, setup.directory.c_str(), flags, 0644)) {
      return Ours(code, "mdb_env_open");
    }
    MDB_txn* txn = nullptr;
    if (int code = mdb_txn_begin(env, nullptr, 0, &txn)) return Ours(code, "mdb_txn_begin");
    if (int code = mdb_dbi_open(txn, nullptr, 0, &environment_.dbi)) {
      mdb_txn_abort(txn);
      return Ours(code, "mdb_dbi_open");
    }
    return Ours(mdb_txn_commit(txn), "mdb_txn_commit");
  }

  Result<std::unique_ptr<Client>> NewClient() override {
    return std::unique_ptr<Client>(std::make_unique<LmdbClient>(environment_));
  }
  Result<std::unique_ptr<BulkLoader>> NewBulkLoader() override {
    return std::unique_ptr<BulkLoader>(std::make_unique<LmdbBulkLoader>(environment_));
  }
  Result<CareReport> Settle() override { return CareReport{"has no background work"}; }
  Result<CareReport> Compact() override { return CareReport{"has no compaction in place"}; }
  Status Close() override {
    mdb_env_close(std::exchange(environment_.env, nullptr));
    return {};
  }

 private:
  Environment environment_;
};

std::string DescribeOptions(const Setup& setup) {
  return setup.durability == DurabilityClass::kS
             ? "default flags with MDB_NOTLS, a transaction a put or batch; page cache unbounded"
             : "MDB_NOSYNC without MDB_WRITEMAP (weaker: loss of power may corrupt it), MDB_NOTLS, "
               "a transaction a put or batch; page cache unbounded";
}

Result<std::unique_ptr<Engine>> Open(const Setup& setup) {
  auto engine = std::make_unique<LmdbEngine>();
  if (Status opened = engine->Open(setup); !opened.ok()) return opened;
  return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace

EngineKind LmdbKind() {
  EngineKind kind;
  kind.name = "lmdb";
  kind.version = std::to_string(MDB_VERSION_MAJOR) + "." + std::to_string(MDB_VERSION_MINOR) + "." +
                 std::to_string(MDB_VERSION_PATCH);
  kind.build = FIRN_COMPARE_LMDB;
  kind.assertions = FIRN_COMPARE_LMDB_ASSERTIONS;
  kind.compressions = {"none"};
  kind.options = DescribeOptions;
  kind.open = Open;
  return kind;
}

}  // namespace firn::compare
