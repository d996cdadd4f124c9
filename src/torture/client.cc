#include "torture/client.h"

#include <algorithm>

namespace firn::testing {
namespace {

std::string ToText(const Change& change) {
  const std::string keyspace = change.slot < kSlots ? kSlotNames[change.slot] : "a passing one";
  switch (change.kind) {
    case Change::Kind::kPut:
      return "put " + change.key + " (" + std::to_string(change.value.size()) + " bytes) in " +
             keyspace;
    case Change::Kind::kDelete: return "delete " + change.key + " in " + keyspace;
    case Change::Kind::kDeleteRange:
      return "delete from " + change.key + " to " + change.value + " in " + keyspace;
  }
  return "";
}

std::string ToText(const Commit& commit, Durability durability) {
  static constexpr const char* kNames[] = {"none", "periodic", "sync"};
  std::string text = commit.condition.has_value() ? "if unchanged: " : "";
  for (const Change& change : commit.changes) text += ToText(change) + "; ";
  return text + kNames[static_cast<std::size_t>(durability)];
}

}  // namespace


Client::Client(World& world, std::uint64_t number)
    : world_(world),
      db_(*world.db),
      number_(number),
      task_(world.scheduler.running()),
      random_(number) {}

void Client::Run() {
  for (std::size_t i = 0; i < world_.plan.operations && !world_.over(); ++i) {
    if (!world_.plan.Has({static_cast<std::size_t>(number_), i})) continue;
    ++world_.operations;
    Begin(i);
    Apply(DrawVerb());
  }
}

// Each operation draws from a seed of its own, so that it stays what it is when others are left
// out.
void Client::Begin(std::size_t operation) {
  constexpr std::uint64_t kOperationsMax = 1 << 20;
  random_ = SeededRandom(
      SeededRandom(world_.plan.seed * kOperationsMax + number_).Next64() + operation);
  operation_ = std::to_string(number_) + '.' + std::to_string(operation);
  drawn_ = 0;
}

Status Client::Probe() {
  Begin(world_.plan.operations);
  Change change = DrawChange(Verb::kPut);
  const WriteOptions options{.durability = Durability::kSync,
                             .keyspace = world_.keyspaces[change.slot]};
  return Commit({{change}, {}}, Durability::kSync,
                [&] { return db_.Put(change.key, change.value, options); });
}

Verb Client::DrawVerb() {
  std::uint64_t sum = 0;
  for (const std::uint32_t weight : world_.plan.weights) sum += weight;
  std::uint64_t drawn = random_.Below(sum);
  std::size_t verb = 0;
  while (drawn >= world_.plan.weights[verb]) drawn -= world_.plan.weights[verb++];
  return static_cast<Verb>(verb);
}

void Client::Apply(Verb verb) {
  switch (verb) {
    case Verb::kPut:
    case Verb::kDelete:
    case Verb::kDeleteRange: return Write(verb);
    case Verb::kBatch: return Batch();
    case Verb::kPutIfAbsent: return WriteIf(true);
    case Verb::kCompareAndSet: return WriteIf(false);
    case Verb::kGet: return Get({}, std::nullopt);
    case Verb::kMultiGet: return MultiGet();
    case Verb::kScan: return Scan(Snapshot(), std::nullopt);
    case Verb::kSnapshot: return TakeSnapshot();
    case Verb::kReadSnapshot: return ReadSnapshot();
    case Verb::kSync: return Sync();
    case Verb::kFlush:
      Say("flush");
      world_.Check(db_.Flush(), "flush");
      return;
    case Verb::kCompact: return Compact();
    case Verb::kKeyspace: return PassingKeyspace();
    case Verb::kCheckpoint: return Checkpoint();
    case Verb::kSleep:
      world_.scheduler.SleepFor(Micros(static_cast<std::int64_t>(random_.Below(50000))));
      return;
  }
}

std::string Client::DrawKey() {
  return "key" + std::to_string(100 + random_.Below(world_.plan.keys));
}

std::string Client::DrawValue() {
  return operation_ + '.' + std::to_string(++drawn_) + '.' +
         std::string(random_.Below(world_.plan.value_bytes), static_cast<char>('a' + number_));
}

Durability Client::DrawDurability() {
  const std::uint64_t drawn = random_.Below(8);
  if (drawn == 0) return Durability::kSync;
  return drawn == 1 ? Durability::kNone : Durability::kPeriodic;
}

Change Client::DrawChange(Verb verb) {
  Change change;
  change.slot = DrawSlot();
  change.key = DrawKey();
  if (verb == Verb::kPut) {
    change.value = DrawValue();
  } else if (verb == Verb::kDelete) {
    change.kind = Change::Kind::kDelete;
  } else {
    change.kind = Change::Kind::kDeleteRange;
    change.value = DrawKey();
  }
  return change;
}

template <typename Call>
Status Client::Commit(testing::Commit commit, Durability durability, const Call& call) {
  World& world = world_;
  Say(ToText(commit, durability));
  world.history.Announce(task_, std::move(commit));
  const Status status = call();
  const std::optional<Index> index = world.history.Withdraw(task_);
  if (!world.history.failure().empty()) world.Fail(world.history.failure());
  if (world.Check(status, "write")) {
    if (index.has_value()) {
      world.history.Acknowledge(*index, durability, world.Worked());
    } else {
      world.Fail("a write was acknowledged and never logged");
    }
    return status;
  }
  if (index.has_value() && status.code() != StatusCode::kIndeterminate) {
    world.Fail("a write failed, but its commit " + std::to_string(*index) +
               " was logged: " + status.ToString());
  }
  return status;
}

void Client::Write(Verb verb) {
  const Change change = DrawChange(verb);
  WriteOptions options;
  options.durability = DrawDurability();
  options.keyspace = world_.keyspaces[change.slot];
  static_cast<void>(Commit({{change}, {}}, *options.durability, [&] {
    switch (change.kind) {
      case Change::Kind::kPut: return db_.Put(change.key, change.value, options);
      case Change::Kind::kDelete: return db_.Delete(change.key, options);
      default: return db_.DeleteRange(change.key, change.value, options);
    }
  }));
}

void Client::Batch() {
  testing::Commit commit;
  WriteBatch batch;
  const std::uint64_t count = 1 + random_.Below(6);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t drawn = random_.Below(12);
    const Verb verb = drawn == 0 ? Verb::kDeleteRange : drawn < 3 ? Verb::kDelete : Verb::kPut;
    const Change change = DrawChange(verb);
    const Keyspace& keyspace = world_.keyspaces[change.slot];
    switch (change.kind) {
      case Change::Kind::kPut: batch.Put(change.key, change.value, keyspace); break;
      case Change::Kind::kDelete: batch.Delete(change.key, keyspace); break;
      default: batch.DeleteRange(change.key, change.value, keyspace); break;
    }
    commit.changes.push_back(change);
  }
  const Durability durability = DrawDurability();
  static_cast<void>(Commit(std::move(commit), durability, [&] {
    return db_.Write(batch, {.durability = durability});
  }));
}

void Client::WriteIf(bool only_if_absent) {
  const std::size_t slot = DrawSlot();
  Condition condition{slot, DrawKey(), std::nullopt};
  std::optional<std::string> desired = DrawValue();
  if (!only_if_absent) {
    condition.expected = random_.Below(3) == 0
                             ? std::optional<std::string>(DrawValue())
                             : world_.history.ValueAt(slot, condition.key, world_.history.logged());
    if (random_.Below(4) == 0) desired = std::nullopt;
  }
  Change change{Change::Kind::kPut, slot, condition.key, desired.value_or("")};
  if (!desired.has_value()) change.kind = Change::Kind::kDelete;
  WriteOptions options;
  options.durability = DrawDurability();
  options.keyspace = world_.keyspaces[slot];
  const Index before = world_.history.acknowledged();
  Say(ToText({{change}, condition}, *options.durability));
  world_.history.Announce(task_, {{change}, condition});
  const Result<bool> done =
      only_if_absent
          ? db_.PutIfAbsent(condition.key, *desired, options)
          : db_.CompareAndSet(condition.key,
                              condition.expected ? std::optional<Slice>(*condition.expected)
                                                 : std::nullopt,
                              desired ? std::optional<Slice>(*desired) : std::nullopt, options);
  const std::optional<Index> index = world_.history.Withdraw(task_);
  if (!world_.history.failure().empty()) world_.Fail(world_.history.failure());
  if (!world_.Check(done.status(), "conditional write")) {
    if (index.has_value() && done.status().code() != StatusCode::kIndeterminate) {
      world_.Fail("a conditional write failed, but was logged: " + done.status().ToString());
    }
    return;
  }
  if (*done != index.has_value()) return world_.Fail("a conditional write answers wrongly");
  if (*done) return world_.history.Acknowledge(*index, *options.durability, world_.Worked());
  Expect(world_.history.CheckRefused(condition, WindowSince(before)));
}

void Client::Get(const ReadOptions& options, std::optional<Index> at) {
  const std::size_t slot = DrawSlot();
  const std::string key = DrawKey();
  ReadOptions read = options;
  read.keyspace = world_.keyspaces[slot];
  Say("get " + key + " of " + kSlotNames[slot]);
  const Index before = world_.history.acknowledged();
  std::optional<std::string> found;
  if (random_.Coin()) {
    auto got = db_.Get(key, read);
    if (!world_.Check(got.status(), "get")) return;
    found = std::move(*got);
  } else {
    PinnedValue pinned;
    const auto got = db_.Get(key, pinned, read);
    if (!world_.Check(got.status(), "pinned get")) return;
    YieldPoint("a value is pinned");
    if (*got) found = std::string(pinned.value());
  }
  const Window window = at.has_value() ? Window{*at, *at} : WindowSince(before);
  Expect(world_.history.CheckGet(slot, key, found, window));
}

void Client::MultiGet() {
  const std::size_t slot = DrawSlot();
  std::vector<std::string> keys;
  for (std::uint64_t i = 0; i < 1 + random_.Below(6); ++i) keys.push_back(DrawKey());
  const std::vector<Slice> views(keys.begin(), keys.end());
  ReadOptions options;
  options.keyspace = world_.keyspaces[slot];
  Say("multi-get of " + std::to_string(keys.size()) + " keys of " + kSlotNames[slot]);
  const Index before = world_.history.acknowledged();
  const auto values = db_.MultiGet(views, options);
  if (!world_.Check(values.status(), "multi-get")) return;
  const Window window = WindowSince(before);
  for (Index index = window.first; index <= window.last; ++index) {
    std::size_t same = 0;
    while (same < keys.size() &&
           world_.history.ValueAt(slot, keys[same], index) == (*values)[same]) {
      ++same;
    }
    if (same == keys.size()) return;
  }
  world_.Fail("a multi-get shows no one moment");
}

void Client::Scan(const Snapshot& snapshot, std::optional<Index> at) {
  const std::size_t slot = DrawSlot();
  std::string lower = DrawKey();
  std::string upper = DrawKey();
  if (random_.Coin()) {
    lower.clear();
    upper = "~";
  } else if (upper < lower) {
    std::swap(lower, upper);
  }
  IteratorOptions options;
  options.lower = lower;
  options.upper = upper;
  options.keyspace = world_.keyspaces[slot];
  options.snapshot = snapshot;
  Say("scan of " + std::string(kSlotNames[slot]) + " from '" + lower + "' to '" + upper + "'" +
      (at.has_value() ? " in a snapshot" : ""));
  const Index before = world_.history.acknowledged();
  const Result<Table> found = ReadTable(db_, options);
  if (!world_.Check(found.status(), "scan")) return;
  const Window window = at.has_value() ? Window{*at, *at} : WindowSince(before);
  Expect(world_.history.CheckScan(slot, *found, lower, upper, window));
}

void Client::TakeSnapshot() {
  if (held_.size() == 3) held_.erase(held_.begin());
  Say("take a snapshot");
  const Index before = world_.history.acknowledged();
  Snapshot snapshot = db_.GetSnapshot();
  const std::optional<Index> index = world_.history.IndexOf(snapshot.sequence());
  if (!index.has_value()) return world_.Fail("a snapshot lies inside a batch");
  const Window window = WindowSince(before);
  if (*index < window.first || *index > window.last) {
    return world_.Fail("a snapshot shows " + std::to_string(*index) + " commits, legal are " +
                       std::to_string(window.first) + " to " + std::to_string(window.last));
  }
  held_.push_back({std::move(snapshot), *index});
}

void Client::ReadSnapshot() {
  if (held_.empty()) return TakeSnapshot();
  const Held& held = held_[random_.Below(held_.size())];
  Scan(held.snapshot, held.index);
  ReadOptions options;
  options.snapshot = held.snapshot;
  Get(options, held.index);
}

void Client::Sync() {
  Say("sync");
  const Index before = world_.history.acknowledged();
  if (world_.Check(db_.Sync(), "sync")) world_.history.Synced(before);
}

void Client::Compact() {
  std::string a = DrawKey();
  std::string b = DrawKey();
  if (b < a) std::swap(a, b);
  std::optional<Slice> lower;
  std::optional<Slice> upper;
  if (random_.Coin()) lower = a;
  if (random_.Coin()) upper = b;
  const std::size_t slot = DrawSlot();
  Say("compact " + std::string(kSlotNames[slot]) + " from '" + (lower ? a : "") + "' to '" +
      (upper ? b : "~") + "'");
  world_.Check(db_.CompactRange(lower, upper, world_.keyspaces[slot]), "compact range");
}

void Client::PassingKeyspace() {
  const std::string name = "passing " + operation_;
  Say("create, use and drop keyspace '" + name + "'");
  const auto created = db_.CreateKeyspace(name);
  if (!world_.Check(created.status(), "create keyspace")) return;
  const WriteOptions write{.durability = DrawDurability(), .keyspace = *created};
  const Change change{Change::Kind::kPut, kPassingSlot, name, DrawValue()};
  const Status put = Commit({{change}, {}}, *write.durability,
                            [&] { return db_.Put(name, change.value, write); });
  if (!put.ok() || world_.over()) return;
  if (random_.Coin()) world_.Check(db_.Flush(), "flush");
  ReadOptions read;
  read.keyspace = *created;
  const auto got = db_.Get(name, read);
  if (!world_.Check(got.status(), "get from a keyspace of its own")) return;
  if (*got != change.value) return world_.Fail("a keyspace of its own lost its only value");
  const std::string renamed = name + " renamed";
  const bool rename = random_.Coin();
  if (rename && !world_.Check(db_.RenameKeyspace(name, renamed), "rename keyspace")) return;
  if (!world_.Check(db_.DropKeyspace(rename ? renamed : name), "drop keyspace")) return;
  const auto gone = db_.Get(name, read);
  if (gone.ok()) return world_.Fail("a dropped keyspace answers");
  if (gone.status().code() != StatusCode::kNotFound) world_.Check(gone.status(), "get");
}

void Client::Checkpoint() {
  const std::string directory = "/checkpoint " + operation_;
  Say("checkpoint");
  const Index before = world_.history.acknowledged();
  if (!world_.Check(db_.Checkpoint(directory), "checkpoint")) return;
  const Window window = WindowSince(before);
  world_.checkpoints.push_back({directory, window});
  world_.CompareCheckpoint(world_.checkpoints.size() - 1);
}

}  // namespace firn::testing
