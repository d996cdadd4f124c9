#include "map_engine.h"

#include <iterator>
#include <utility>

namespace firn::compare {
namespace {

MapStore* opened = nullptr;  // EngineKind::open is a plain function

class MapCursor final : public Cursor {
 public:
  explicit MapCursor(MapStore& store) : store_(store) {}

  // Copies the entries, so that a cursor sees one moment.
  void Open() {
    const std::lock_guard lock(store_.mutex);
    entries_ = store_.entries;
    at_ = entries_.end();
  }
  bool SeekToFirst() override { return MoveTo(entries_.begin()); }
  bool SeekToLast() override { return MoveTo(Before(entries_.end())); }
  bool Seek(Slice target) override { return MoveTo(entries_.lower_bound(target)); }
  bool SeekForPrev(Slice target) override { return MoveTo(Before(entries_.upper_bound(target))); }
  bool Next() override {
    const std::lock_guard lock(store_.mutex);
    if (store_.Lies(Lie::kDisordersWalks)) return Show();
    if (store_.Lies(Lie::kSkipsInWalks) && std::next(at_) != entries_.end()) ++at_;
    ++at_;
    if (store_.Lies(Lie::kEndsWalksEarly)) at_ = entries_.end();
    return Show();
  }
  bool Prev() override { return MoveTo(Before(at_)); }
  Status status() const override { return {}; }

 private:
  using Entries = std::map<std::string, std::string, std::less<>>;

  Entries::iterator Before(Entries::iterator place) {
    return place == entries_.begin() ? entries_.end() : std::prev(place);
  }
  bool MoveTo(Entries::iterator place) {
    at_ = place;
    return Show();
  }
  bool Show() {
    if (at_ == entries_.end()) return false;
    key_ = at_->first;
    value_ = at_->second;
    return true;
  }

  MapStore& store_;
  Entries entries_;
  Entries::iterator at_;
};

class MapClient final : public Client {
 public:
  explicit MapClient(MapStore& store) : store_(store), cursor_(store) {}

  Status Put(Slice key, Slice value) override {
    const std::lock_guard lock(store_.mutex);
    if (store_.Lies(Lie::kRefusesPuts)) return {StatusCode::kNoSpace, "the map is full"};
    if (store_.Lies(Lie::kLosesPuts)) return {};
    const auto [entry, created] = store_.entries.try_emplace(std::string(key), value);
    if (!created && !store_.Lies(Lie::kOldValues)) entry->second = value;
    return {};
  }
  Status PutBatch(std::span<const KeyValue> entries) override {
    for (const KeyValue& entry : entries) {
      if (Status put = Put(entry.key, entry.value); !put.ok()) return put;
    }
    return {};
  }
  Status Delete(Slice key) override {
    const std::lock_guard lock(store_.mutex);
    if (!store_.Lies(Lie::kForgetsDeletes)) store_.entries.erase(std::string(key));
    return {};
  }
  Result<bool> Get(Slice key, Slice& value) override { return Find(key, value_, value); }
  Status MultiGet(std::span<const Slice> keys, std::span<Lookup> lookups) override {
    values_.resize(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      lookups[i].found = Find(keys[i], values_[i], lookups[i].value);
    }
    return {};
  }
  Cursor& FreshCursor() override {
    cursor_.Open();
    return cursor_;
  }

 private:
  bool Find(Slice key, std::string& copy, Slice& value) {
    const std::lock_guard lock(store_.mutex);
    auto entry = store_.entries.find(key);
    if (entry == store_.entries.end()) return false;
    if (store_.Lies(Lie::kForeignValues) && std::next(entry) != store_.entries.end()) ++entry;
    copy = entry->second;
    value = copy;
    return true;
  }

  MapStore& store_;
  MapCursor cursor_;
  std::string value_;
  std::vector<std::string> values_;
};

class MapBulkLoader final : public BulkLoader {
 public:
  explicit MapBulkLoader(MapStore& store) : client_(store) {}
  Status Add(Slice key, Slice value) override { return client_.Put(key, value); }
  Status Finish() override { return {}; }
  std::string method() const override { return "puts"; }

 private:
  MapClient client_;
};

class MapEngine final : public Engine {
 public:
  explicit MapEngine(MapStore& store) : store_(store) {}
  Result<std::unique_ptr<Client>> NewClient() override {
    return std::unique_ptr<Client>(std::make_unique<MapClient>(store_));
  }
  Result<std::unique_ptr<BulkLoader>> NewBulkLoader() override {
    return std::unique_ptr<BulkLoader>(std::make_unique<MapBulkLoader>(store_));
  }
  Result<CareReport> Settle() override { return CareReport{"nothing to wait for"}; }
  Result<CareReport> Compact() override { return CareReport{"nothing to do"}; }
  Status Close() override { return {}; }

 private:
  MapStore& store_;
};

}  // namespace

EngineKind MapKind(MapStore& store) {
  opened = &store;
  EngineKind kind;
  kind.name = "map";
  kind.options = [](const Setup&) { return std::string(); };
  kind.open = [](const Setup&) -> Result<std::unique_ptr<Engine>> {
    return std::unique_ptr<Engine>(std::make_unique<MapEngine>(*opened));
  };
  return kind;
}

}  // namespace firn::compare
