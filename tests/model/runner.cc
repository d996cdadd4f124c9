#include "model/runner.h"

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "sim/manual_runtime.h"
#include "sim/memory_file_system.h"
#include "testing/tiny_store.h"

namespace firn::testing {
namespace {

using Table = std::map<std::string, std::string>;  // std::string compares as unsigned bytes
constexpr std::size_t kSlots = 4;
constexpr const char* kDirectory = "/store";

// A keyspace of the model; slot 0 is the default one and always there.
struct Slot {
  bool exists = false;
  std::string name;
  Keyspace handle;
  Table table;
};

struct HeldSnapshot {
  Snapshot snapshot;
  std::vector<Slot> slots;
};

class Runner {
 public:
  Runner(const Plan& plan, const RunSettings& settings, std::uint64_t seed)
      : plan_(plan), settings_(settings), slots_(kSlots) {
    files_ = MemoryFileSystem::Create();
    manual_ = ManualRuntime::Create(*files_, seed);
    runtime_ = settings.threads ? ThreadedRuntimeOver(*files_) : manual_->runtime();
    slots_[0].exists = true;
  }

  std::optional<std::string> Run(std::span<const Operation> operations, RunCounts* counts) {
    if (!Open(kDirectory, db_)) return failure_;
    for (std::size_t i = 0; i < operations.size() && !failure_; ++i) {
      Apply(operations[i]);
      if (failure_) {
        failure_ = "operation " + std::to_string(i) + " (" + ToText(operations[i]) +
                   "): " + *failure_;
      }
    }
    if (!failure_) CompareAll(*db_, slots_);
    if (!failure_) Reopen();
    if (!failure_) CompareAll(*db_, slots_);
    snapshots_.clear();
    CountWork();
    *counts = counts_;
    if (!failure_) Check(db_->Close(), "close");
    for (Slot& slot : slots_) slot.handle = Keyspace();
    db_.reset();
    if (!failure_ && files_->open_handles() != 0) Fail("handles stay open after close");
    return failure_;
  }

 private:
  void Fail(const std::string& what) {
    if (!failure_) failure_ = what;
  }
  bool Check(const Status& status, const std::string& what) {
    if (!status.ok()) Fail(what + ": " + status.ToString());
    return status.ok();
  }

  bool Open(const std::string& directory, std::unique_ptr<Db>& db) {
    Options options;
    options.runtime = &runtime_;
    options.compression = settings_.compression;
    options.log_backend = settings_.log_backend;
    Tuning tuning = TinyTuning();
    tuning.ledger_bytes = settings_.ledger_bytes;
    tuning.block_bytes = settings_.block_bytes;
    if (settings_.memtable_bytes != 0) {
      tuning.memtable_bytes = settings_.memtable_bytes;
      tuning.memtables_bytes_max = settings_.memtable_bytes * 3;
    }
    if (settings_.table_bytes != 0) tuning.table_bytes = settings_.table_bytes;
    if (settings_.log_segment_bytes != 0) tuning.log_segment_bytes = settings_.log_segment_bytes;
    if (settings_.runs_per_level != 0) tuning.runs_per_level = settings_.runs_per_level;
    auto opened = OpenTiny(directory, options, tuning);
    if (!Check(opened.status(), "open")) return false;
    db = std::move(opened).value();
    return true;
  }

  void CountWork() {
    const Stats stats = db_->GetStats();
    counts_.flushes += stats.flushes;
    counts_.compactions += stats.compactions;
  }

  void Reopen() {
    snapshots_.clear();
    CountWork();
    ++counts_.reopens;
    if (!Check(db_->Close(), "close")) return;
    for (Slot& slot : slots_) slot.handle = Keyspace();
    db_.reset();
    if (!Open(kDirectory, db_)) return;
    for (std::size_t i = 1; i < kSlots; ++i) {
      if (!slots_[i].exists) continue;
      auto opened = db_->OpenKeyspace(slots_[i].name);
      if (Check(opened.status(), "open keyspace")) slots_[i].handle = *opened;
    }
  }

  // FNV-1a; the length keeps two answers apart from one.
  void Note(Slice answer) {
    const auto mix = [this](std::uint64_t value) {
      counts_.answers = (counts_.answers ^ value) * 0x100000001B3u;
    };
    mix(answer.size());
    for (const char byte : answer) mix(static_cast<unsigned char>(byte));
  }
  void Note(bool answer) { Note(answer ? Slice("yes") : Slice("no")); }

  Slot& SlotOf(const Operation& operation) {
    Slot& slot = slots_[operation.keyspace % kSlots];
    return slot.exists ? slot : slots_[0];
  }
  std::string Key(std::uint32_t index) const { return KeyOf(plan_.shape, index); }

  void Apply(const Operation& operation) {
    switch (operation.verb) {
      case Verb::kPut:
      case Verb::kDelete:
      case Verb::kDeleteRange: return Write(operation);
      case Verb::kBatch: return Batch(operation);
      case Verb::kPutIfAbsent: return PutIfAbsent(operation);
      case Verb::kCompareAndSet: return CompareAndSet(operation);
      case Verb::kGet: return Get(operation);
      case Verb::kMultiGet: return MultiGet(operation);
      case Verb::kScan: return Scan(*db_, SlotOf(operation), Snapshot(), operation);
      case Verb::kWalk: return Walk(operation);
      case Verb::kTakeSnapshot:
        snapshots_.push_back(HeldSnapshot{db_->GetSnapshot(), slots_});
        Note(std::to_string(snapshots_.back().snapshot.sequence()));
        return;
      case Verb::kDropSnapshot:
        if (snapshots_.empty()) return;
        snapshots_.erase(snapshots_.begin() +
                         static_cast<std::ptrdiff_t>(operation.n % snapshots_.size()));
        return;
      case Verb::kReadSnapshot: return ReadSnapshot(operation);
      case Verb::kFlush: Check(db_->Flush(), "flush"); return;
      case Verb::kCompactRange: return CompactRange(operation);
      case Verb::kBackground: manual_->runtime().executor->RunOne(); return;
      case Verb::kIdle: Check(db_->WaitForIdle(), "idle"); return;
      case Verb::kReopen: return Reopen();
      case Verb::kCreateKeyspace:
      case Verb::kDropKeyspace:
      case Verb::kRenameKeyspace: return ChangeKeyspace(operation);
      case Verb::kCheckpoint: return Checkpoint();
    }
  }

  void Write(const Operation& operation) {
    Slot& slot = SlotOf(operation);
    WriteOptions options;
    options.keyspace = slot.handle;
    options.durability = settings_.durability.value_or(static_cast<Durability>(operation.n % 3));
    const std::string a = Key(operation.a);
    if (operation.verb == Verb::kPut) {
      const std::string value = ValueOf(operation.n);
      if (Check(db_->Put(a, value, options), "put")) slot.table[a] = value;
    } else if (operation.verb == Verb::kDelete) {
      if (Check(db_->Delete(a, options), "delete")) slot.table.erase(a);
    } else {
      const std::string b = Key(operation.b);
      if (Check(db_->DeleteRange(a, b, options), "delete range")) EraseRange(slot.table, a, b);
    }
  }

  static void EraseRange(Table& table, const std::string& begin, const std::string& end) {
    if (begin < end) table.erase(table.lower_bound(begin), table.lower_bound(end));
  }

  void Batch(const Operation& operation) {
    WriteBatch batch;
    std::vector<Table> after;
    for (const Slot& slot : slots_) after.push_back(slot.table);
    std::uint32_t state = operation.n;
    for (std::uint32_t i = 0; i < 1 + operation.n % 12; ++i) {
      state = state * 1664525u + 1013904223u;
      std::size_t index = (state >> 8) % kSlots;
      if (!slots_[index].exists) index = 0;
      const std::string key = Key((state >> 4) % plan_.keys);
      const Keyspace& handle = slots_[index].handle;
      if (state % 5 == 0) {
        batch.Delete(key, handle);
        after[index].erase(key);
      } else if (state % 23 == 0) {
        const std::string end = Key((state >> 12) % plan_.keys);
        batch.DeleteRange(key, end, handle);
        EraseRange(after[index], key, end);
      } else {
        const std::string value = ValueOf(state);
        batch.Put(key, value, handle);
        after[index][key] = value;
      }
    }
    WriteOptions options;
    options.durability = settings_.durability.value_or(static_cast<Durability>(operation.b % 3));
    if (!Check(db_->Write(batch, options), "batch")) return;
    for (std::size_t i = 0; i < kSlots; ++i) slots_[i].table = std::move(after[i]);
  }

  void PutIfAbsent(const Operation& operation) {
    Slot& slot = SlotOf(operation);
    const std::string key = Key(operation.a);
    const std::string value = ValueOf(operation.n);
    auto stored = db_->PutIfAbsent(key, value, {.keyspace = slot.handle});
    if (!Check(stored.status(), "put if absent")) return;
    Note(*stored);
    const bool expected = !slot.table.contains(key);
    if (*stored != expected) return Fail("put if absent answered wrongly");
    if (expected) slot.table[key] = value;
  }

  void CompareAndSet(const Operation& operation) {
    Slot& slot = SlotOf(operation);
    const std::string key = Key(operation.a);
    const auto found = slot.table.find(key);
    const bool present = found != slot.table.end();
    std::string expected_value = present ? found->second : "";
    const bool lie = operation.n % 3 == 0;
    if (lie) expected_value += "?";
    const std::optional<Slice> expected =
        present || lie ? std::optional<Slice>(expected_value) : std::nullopt;
    const std::string value = ValueOf(operation.n / 3);
    const std::optional<Slice> desired =
        operation.b % 4 == 0 ? std::nullopt : std::optional<Slice>(value);
    auto done = db_->CompareAndSet(key, expected, desired, {.keyspace = slot.handle});
    if (!Check(done.status(), "compare and set")) return;
    Note(*done);
    if (*done == lie) return Fail("compare and set answered wrongly");
    if (lie) return;
    if (desired.has_value()) {
      slot.table[key] = value;
    } else {
      slot.table.erase(key);
    }
  }

  void CompareGet(const Db& db, const Slot& slot, const std::string& key,
                  const ReadOptions& options) {
    auto got = db.Get(key, options);
    if (!Check(got.status(), "get")) return;
    Note(got->has_value());
    if (got->has_value()) Note(**got);
    const auto found = slot.table.find(key);
    const bool present = found != slot.table.end();
    if (got->has_value() != present) {
      return Fail("get: key index present=" + std::to_string(got->has_value()) + ", model says " +
                  std::to_string(present));
    }
    if (present && **got != found->second) return Fail("get: wrong value");
  }

  void Get(const Operation& operation) {
    const Slot& slot = SlotOf(operation);
    ReadOptions options;
    options.keyspace = slot.handle;
    CompareGet(*db_, slot, Key(operation.a), options);
    PinnedValue pinned;
    auto found = db_->Get(Key(operation.b), pinned, options);
    if (!Check(found.status(), "pinned get")) return;
    Note(*found);
    if (*found) Note(pinned.value());
    const auto expected = slot.table.find(Key(operation.b));
    if (*found != (expected != slot.table.end())) return Fail("pinned get: wrong presence");
    if (*found && pinned.value() != expected->second) return Fail("pinned get: wrong value");
  }

  void MultiGet(const Operation& operation) {
    const Slot& slot = SlotOf(operation);
    std::vector<std::string> keys;
    for (std::uint32_t i = 0; i < 1 + operation.n % 20; ++i) {
      keys.push_back(Key((operation.a + i * 7) % plan_.keys));
    }
    const std::vector<Slice> views(keys.begin(), keys.end());
    ReadOptions options;
    options.keyspace = slot.handle;
    auto values = db_->MultiGet(views, options);
    if (!Check(values.status(), "multi-get")) return;
    for (const auto& value : *values) {
      Note(value.has_value());
      if (value.has_value()) Note(*value);
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto found = slot.table.find(keys[i]);
      const bool same = (*values)[i].has_value() == (found != slot.table.end()) &&
                        (!(*values)[i].has_value() || *(*values)[i] == found->second);
      if (!same) return Fail("multi-get: wrong answer for key " + std::to_string(i));
    }
  }

  void Scan(const Db& db, const Slot& slot, const Snapshot& snapshot,
            const Operation& operation) {
    const std::string a = Key(operation.a);
    const std::string b = Key(operation.b);
    IteratorOptions options;
    options.keyspace = slot.handle;
    options.snapshot = snapshot;
    if (operation.n % 3 != 0) options.lower = std::min(a, b);
    if (operation.n % 5 != 0) options.upper = std::max(a, b);
    auto it = options.lower ? slot.table.lower_bound(std::string(*options.lower))
                            : slot.table.begin();
    auto end = options.upper ? slot.table.lower_bound(std::string(*options.upper))
                             : slot.table.end();
    std::vector<std::pair<std::string, std::string>> expected(it, end);
    const bool reverse = operation.n % 2 == 0;
    if (reverse) std::reverse(expected.begin(), expected.end());
    Iterator iterator = db.NewIterator(options);
    std::size_t at = 0;
    for (reverse ? iterator.SeekToLast() : iterator.SeekToFirst(); iterator.Valid();
         reverse ? iterator.Prev() : iterator.Next(), ++at) {
      Note(iterator.key());
      Note(iterator.value());
      if (at >= expected.size()) return Fail("scan: more entries than the model has");
      if (iterator.key() != expected[at].first || iterator.value() != expected[at].second) {
        return Fail("scan: entry " + std::to_string(at) + " differs");
      }
    }
    if (!Check(iterator.status(), "scan")) return;
    if (at != expected.size()) {
      Fail("scan: " + std::to_string(at) + " entries, the model has " +
           std::to_string(expected.size()));
    }
  }

  void Walk(const Operation& operation) {
    const Slot& slot = SlotOf(operation);
    const Table& table = slot.table;
    IteratorOptions options;
    options.keyspace = slot.handle;
    Iterator iterator = db_->NewIterator(options);
    auto at = table.end();
    bool valid = false;
    std::uint32_t state = operation.n;
    for (int step = 0; step < 24; ++step) {
      state = state * 1664525u + 1013904223u;
      const std::uint32_t choice = valid ? (state >> 10) % 10 : (state >> 10) % 2;
      const std::string target = Key((state >> 5) % plan_.keys);
      if (choice == 0) {
        iterator.Seek(target);
        at = table.lower_bound(target);
        valid = at != table.end();
      } else if (choice == 1) {
        iterator.SeekForPrev(target);
        at = table.upper_bound(target);
        valid = at != table.begin();
        if (valid) --at;
      } else if (choice < 6) {
        iterator.Next();
        valid = ++at != table.end();
      } else {
        iterator.Prev();
        valid = at != table.begin();
        if (valid) --at;
      }
      if (!Check(iterator.status(), "walk")) return;
      Note(iterator.Valid());
      if (iterator.Valid()) Note(iterator.key());
      if (iterator.Valid() != valid) return Fail("walk: wrong end");
      if (valid && (iterator.key() != at->first || iterator.value() != at->second)) {
        return Fail("walk: wrong entry after step " + std::to_string(step));
      }
    }
  }

  void ReadSnapshot(const Operation& operation) {
    if (snapshots_.empty()) return;
    const HeldSnapshot& held = snapshots_[operation.n % snapshots_.size()];
    const std::size_t index = operation.keyspace % kSlots;
    // A keyspace that was dropped or replaced since cannot be read through an old handle.
    const bool same = held.slots[index].exists && slots_[index].exists &&
                      held.slots[index].handle.id() == slots_[index].handle.id();
    const Slot& slot = same ? held.slots[index] : held.slots[0];
    ReadOptions options;
    options.keyspace = slot.handle;
    options.snapshot = held.snapshot;
    CompareGet(*db_, slot, Key(operation.a), options);
    if (!failure_) Scan(*db_, slot, held.snapshot, operation);
  }

  void CompactRange(const Operation& operation) {
    const std::string a = Key(operation.a);
    const std::string b = Key(operation.b);
    std::optional<Slice> lower;
    std::optional<Slice> upper;
    if (operation.n % 2 == 0) lower = std::min(a, b);
    if (operation.n % 3 == 0) upper = std::max(a, b);
    Check(db_->CompactRange(lower, upper, SlotOf(operation).handle), "compact range");
  }

  void ChangeKeyspace(const Operation& operation) {
    const std::size_t index = 1 + operation.n % (kSlots - 1);
    Slot& slot = slots_[index];
    if (operation.verb == Verb::kCreateKeyspace && !slot.exists) {
      const std::string name = "space" + std::to_string(operation.n);
      auto created = db_->CreateKeyspace(name);
      if (Check(created.status(), "create keyspace")) slot = Slot{true, name, *created, {}};
    } else if (operation.verb == Verb::kDropKeyspace && slot.exists) {
      if (Check(db_->DropKeyspace(slot.name), "drop keyspace")) slot = Slot();
    } else if (operation.verb == Verb::kRenameKeyspace && slot.exists) {
      const std::string name = "renamed" + std::to_string(operation.n);
      if (Check(db_->RenameKeyspace(slot.name, name), "rename keyspace")) slot.name = name;
    }
    for (const std::string& name : db_->ListKeyspaces()) Note(name);
  }

  void Checkpoint() {
    const std::string target = "/checkpoint" + std::to_string(checkpoints_++);
    if (!Check(db_->Checkpoint(target), "checkpoint")) return;
    std::unique_ptr<Db> copy;
    if (!Open(target, copy)) return;
    CompareAll(*copy, slots_, /*by_name=*/true);
    if (!failure_) Check(copy->Close(), "close checkpoint");
  }

  void CompareAll(const Db& db, const std::vector<Slot>& slots, bool by_name = false) {
    for (Slot slot : slots) {
      if (!slot.exists) continue;
      if (by_name && !slot.name.empty()) {
        auto handle = db.OpenKeyspace(slot.name);
        if (!Check(handle.status(), "keyspace of the checkpoint")) return;
        slot.handle = *handle;
      }
      for (const std::uint32_t n : {15u, 30u}) {  // unbounded, forwards and backwards
        Operation whole;
        whole.n = n;
        Scan(db, slot, Snapshot(), whole);
        if (failure_) return;
      }
    }
  }

  const Plan& plan_;
  const RunSettings settings_;
  std::unique_ptr<MemoryFileSystem> files_;
  std::unique_ptr<ManualRuntime> manual_;
  Runtime runtime_;
  std::unique_ptr<Db> db_;
  std::vector<Slot> slots_;
  std::vector<HeldSnapshot> snapshots_;
  std::optional<std::string> failure_;
  RunCounts counts_;
  int checkpoints_ = 0;
};

}  // namespace

std::optional<std::string> RunPlan(const Plan& plan, std::span<const Operation> operations,
                                   const RunSettings& settings, std::uint64_t seed,
                                   RunCounts* counts) {
  return Runner(plan, settings, seed).Run(operations, counts);
}

}  // namespace firn::testing
