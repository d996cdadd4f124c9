// WiredTiger: one row-store table, logging on, cursors kept and reset, never opened anew.
#include <wiredtiger.h>

#include <cerrno>
#include <utility>

#include "engine.h"
#include "process_meter.h"

namespace firn::compare {
namespace {

constexpr char kTable[] = "table:compare";
constexpr char kTableOptions[] = "key_format=u,value_format=u,prefix_compression=true";
constexpr int kSessionsMax = 600;

WT_ITEM Peer(Slice slice) {
  WT_ITEM item{};
  item.data = slice.data();
  item.size = slice.size();
  return item;
}
Slice Ours(const WT_ITEM& item) { return {static_cast<const char*>(item.data), item.size}; }

Status Ours(int code, const char* call) {
  if (code == 0) return {};
  return {code == ENOSPC ? StatusCode::kNoSpace : StatusCode::kIo,
          std::string("wiredtiger: ") + call + ": " + wiredtiger_strerror(code)};
}

struct CloseSession {
  void operator()(WT_SESSION* handle) const { handle->close(handle, nullptr); }
};
using SessionHandle = std::unique_ptr<WT_SESSION, CloseSession>;  // closes its cursors too

Result<SessionHandle> OpenSession(WT_CONNECTION* connection) {
  WT_SESSION* handle = nullptr;
  if (int code = connection->open_session(connection, nullptr, nullptr, &handle)) {
    return Ours(code, "open_session");
  }
  return SessionHandle(handle);
}

class WiredTigerCursor final : public Cursor {
 public:
  explicit WiredTigerCursor(WT_CURSOR* cursor) : cursor_(cursor) {}

  // Lets go of the place and of the snapshot read at.
  void Reset() { code_ = cursor_->reset(cursor_); }
  bool SeekToFirst() override { return Reset(), Show(cursor_->next(cursor_)); }
  bool SeekToLast() override { return Reset(), Show(cursor_->prev(cursor_)); }
  bool Seek(Slice target) override {
    const int side = SeekNear(target);
    return code_ == 0 && Show(side < 0 ? cursor_->next(cursor_) : 0);
  }
  bool SeekForPrev(Slice target) override {
    const int side = SeekNear(target);
    return code_ == 0 && Show(side > 0 ? cursor_->prev(cursor_) : 0);
  }
  bool Next() override { return Show(cursor_->next(cursor_)); }
  bool Prev() override { return Show(cursor_->prev(cursor_)); }
  Status status() const override {
    return code_ == WT_NOTFOUND ? Status() : Ours(code_, "a cursor's move");
  }

 private:
  // On which side of `target` the entry found is: negative before it.
  int SeekNear(Slice target) {
    WT_ITEM item = Peer(target);
    cursor_->set_key(cursor_, &item);
    int side = 0;
    code_ = cursor_->search_near(cursor_, &side);
    return side;
  }

  bool Show(int code) {
    code_ = code;
    if (code_ != 0) return false;
    WT_ITEM item;
    if ((code_ = cursor_->get_key(cursor_, &item)) != 0) return false;
    key_ = Ours(item);
    if ((code_ = cursor_->get_value(cursor_, &item)) != 0) return false;
    value_ = Ours(item);
    return true;
  }

  WT_CURSOR* cursor_;  // the client's
  int code_ = 0;
};

class WiredTigerClient final : public Client {
 public:
  WiredTigerClient(SessionHandle handle, WT_CURSOR* points, WT_CURSOR* scans)
      : session_(std::move(handle)), points_(points), cursor_(scans) {}

  Status Put(Slice key, Slice value) override {
    LetGo();
    return Ours(Insert(key, value), "insert");
  }

  Status PutBatch(std::span<const KeyValue> entries) override {
    LetGo();
    int code;
    do {
      code = TryBatch(entries);
    } while (code == WT_ROLLBACK);
    return Ours(code, "a transaction of inserts");
  }

  Status Delete(Slice key) override {
    LetGo();
    WT_ITEM item = Peer(key);
    points_->set_key(points_, &item);
    const int code = points_->remove(points_);
    return code == WT_NOTFOUND ? Status() : Ours(code, "remove");
  }

  Result<bool> Get(Slice key, Slice& value) override {
    WT_ITEM item = Peer(key);
    points_->set_key(points_, &item);
    const int code = points_->search(points_);
    if (code == WT_NOTFOUND) return false;
    if (code != 0) return Ours(code, "search");
    if (int got = points_->get_value(points_, &item)) return Ours(got, "get_value");
    value = Ours(item);
    return true;
  }

  // There is no such call: the values are copied, as each is gone with the next search.
  Status MultiGet(std::span<const Slice> keys, std::span<Lookup> lookups) override {
    if (values_.size() < keys.size()) values_.resize(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      Slice value;
      const Result<bool> found = Get(keys[i], value);
      if (!found.ok()) return found.status();
      values_[i].assign(value);
      lookups[i] = {*found, values_[i]};
    }
    return {};
  }

  Cursor& FreshCursor() override {
    cursor_.Reset();
    scanning_ = true;
    return cursor_;
  }

 private:
  // A place kept would keep old versions in memory.
  void LetGo() {
    if (!scanning_) return;
    cursor_.Reset();
    scanning_ = false;
  }

  int Insert(Slice key, Slice value) {
    WT_ITEM target = Peer(key);
    WT_ITEM bytes = Peer(value);
    points_->set_key(points_, &target);
    points_->set_value(points_, &bytes);
    return points_->insert(points_);
  }

  int TryBatch(std::span<const KeyValue> entries) {
    if (int code = session_->begin_transaction(session_.get(), nullptr)) return code;
    for (const KeyValue& entry : entries) {
      if (int code = Insert(entry.key, entry.value)) {
        session_->rollback_transaction(session_.get(), nullptr);
        return code;
      }
    }
    return session_->commit_transaction(session_.get(), nullptr);
  }

  SessionHandle session_;
  WT_CURSOR* points_;
  WiredTigerCursor cursor_;
  bool scanning_ = false;
  std::vector<std::string> values_;
};

class WiredTigerBulkLoader final : public BulkLoader {
 public:
  WiredTigerBulkLoader(SessionHandle handle, WT_CURSOR* cursor)
      : session_(std::move(handle)), cursor_(cursor) {}

  Status Add(Slice key, Slice value) override {
    WT_ITEM target = Peer(key);
    WT_ITEM bytes = Peer(value);
    cursor_->set_key(cursor_, &target);
    cursor_->set_value(cursor_, &bytes);
    return Ours(cursor_->insert(cursor_), "insert in bulk");
  }
  Status Finish() override {
    if (int code = cursor_->close(cursor_)) return Ours(code, "close of the bulk cursor");
    return Ours(session_->checkpoint(session_.get(), nullptr), "checkpoint");
  }
  std::string method() const override { return "a bulk cursor, then a checkpoint"; }

 private:
  SessionHandle session_;
  WT_CURSOR* cursor_;
};

class WiredTigerEngine final : public Engine {
 public:
  ~WiredTigerEngine() override {
    if (connection_ != nullptr) connection_->close(connection_, nullptr);
  }

  Status Open(const Setup& setup, const std::string& options) {
    if (int code =
            wiredtiger_open(setup.directory.c_str(), nullptr, options.c_str(), &connection_)) {
      return Ours(code, "wiredtiger_open");
    }
    Result<SessionHandle> handle = OpenSession(connection_);
    if (!handle.ok()) return std::move(handle).status();
    return Ours((*handle)->create(handle->get(), kTable, kTableOptions), "create");
  }

  Result<std::unique_ptr<Client>> NewClient() override {
    Result<SessionHandle> handle = OpenSession(connection_);
    if (!handle.ok()) return std::move(handle).status();
    WT_CURSOR* points = nullptr;
    WT_CURSOR* scans = nullptr;
    for (WT_CURSOR** cursor : {&points, &scans}) {
      if (int code = (*handle)->open_cursor(handle->get(), kTable, nullptr, nullptr, cursor)) {
        return Ours(code, "open_cursor");
      }
    }
    return std::unique_ptr<Client>(
        std::make_unique<WiredTigerClient>(std::move(handle).value(), points, scans));
  }

  Result<std::unique_ptr<BulkLoader>> NewBulkLoader() override {
    Result<SessionHandle> handle = OpenSession(connection_);
    if (!handle.ok()) return std::move(handle).status();
    WT_CURSOR* cursor = nullptr;
    if (int code = (*handle)->open_cursor(handle->get(), kTable, nullptr, "bulk", &cursor)) {
      return Ours(code, "open_cursor for bulk");
    }
    return std::unique_ptr<BulkLoader>(
        std::make_unique<WiredTigerBulkLoader>(std::move(handle).value(), cursor));
  }

  Result<CareReport> Settle() override {
    return CareReport{"no call for it: waited until the process was idle", WaitUntilQuiet()};
  }
  Result<CareReport> Compact() override {
    Result<SessionHandle> handle = OpenSession(connection_);
    if (!handle.ok()) return std::move(handle).status();
    if (int code = (*handle)->checkpoint(handle->get(), nullptr)) {
      return Ours(code, "checkpoint");
    }
    if (int code = (*handle)->compact(handle->get(), kTable, nullptr)) {
      return Ours(code, "compact");
    }
    return CareReport{"checkpoint, compact, then waited until the process was idle",
                      WaitUntilQuiet()};
  }
  Status Close() override {
    WT_CONNECTION* connection = std::exchange(connection_, nullptr);
    return Ours(connection->close(connection, nullptr), "close");
  }

 private:
  WT_CONNECTION* connection_ = nullptr;
};

std::string DescribeOptions(const Setup& setup) {
  const bool sync = setup.durability == DurabilityClass::kS;
  return "create,cache_size=" + std::to_string(setup.budget_bytes) +
         ",session_max=" + std::to_string(kSessionsMax) +
         ",log=(enabled=true),transaction_sync=(enabled=true,method=" + (sync ? "fsync" : "none") +
         "),checkpoint=(log_size=" + std::to_string(4 * setup.write_buffer_bytes) +
         "),eviction=(threads_min=1,threads_max=2),statistics=(none)" +
         (setup.direct_io ? ",direct_io=[data]" : "");
}

Result<std::unique_ptr<Engine>> Open(const Setup& setup) {
  auto engine = std::make_unique<WiredTigerEngine>();
  if (Status opened = engine->Open(setup, DescribeOptions(setup)); !opened.ok()) return opened;
  return std::unique_ptr<Engine>(std::move(engine));
}

std::string DescribeAll(const Setup& setup) {
  return DescribeOptions(setup) + "; table " + kTableOptions;
}

}  // namespace

EngineKind WiredTigerKind() {
  EngineKind kind;
  kind.name = "wiredtiger";
  int major = 0;
  int minor = 0;
  int patch = 0;
  wiredtiger_version(&major, &minor, &patch);
  kind.version = std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
  kind.build = FIRN_COMPARE_WIREDTIGER;
  kind.assertions = FIRN_COMPARE_WIREDTIGER_ASSERTIONS;
  kind.compressions = {"none"};
  kind.direct_io = true;
  kind.options = DescribeAll;
  kind.open = Open;
  return kind;
}

}  // namespace firn::compare
