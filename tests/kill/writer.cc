#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <thread>
#include <vector>

#include "firn/db.h"
#include "modes.h"
#include "process.h"
#include "shared_state.h"

namespace firn::kill {
namespace {

void CheckOk(const char* what, const Status& status) {
  if (!status.ok()) ExitWith(fmt::format("writer: {}: {}", what, status.ToString()));
}

std::unique_ptr<Db> OpenStore(const ChildSettings& settings) {
  Result<std::unique_ptr<Db>> db = Db::Open(settings.directory, StoreOptions(settings.seed));
  CheckOk("open", db.status());
  return std::move(db).value();
}

Keyspace OpenSide(Db& db) {
  Result<Keyspace> side = db.OpenKeyspace(kSideKeyspace);
  if (side.status().code() == StatusCode::kNotFound) side = db.CreateKeyspace(kSideKeyspace);
  CheckOk("open the second keyspace", side.status());
  return std::move(side).value();
}

// One writer thread: its part of the store, and what it tells about it.
struct Stream {
  Db& db;
  Keyspace side;
  SharedState& shared;
  Fault fault;
};

StreamNumbers AcknowledgedIn(const SharedState& shared) {
  StreamNumbers acknowledged{};
  for (std::size_t i = 0; i < kStreams; ++i) {
    acknowledged[i] = shared.streams[i].acknowledged.load();
  }
  return acknowledged;
}

// Several streams may do this at a time.
void RaiseHardened(SharedState& shared, const StreamNumbers& upto) {
  for (std::size_t i = 0; i < kStreams; ++i) {
    std::atomic<std::uint64_t>& hardened = shared.streams[i].hardened;
    std::uint64_t now = hardened.load();
    while (now < upto[i] && !hardened.compare_exchange_weak(now, upto[i])) {
    }
  }
}

[[noreturn]] void WriteStream(const Stream& stream, CommitName commit) {
  StreamProgress& progress = stream.shared.streams[commit.stream];
  WriteBatch batch;
  for (;;) {
    ++commit.number;
    const WriteOptions options{.durability = DurabilityOf(commit)};
    progress.started.store(commit.number);
    batch.Clear();
    AppendGroup(commit, stream.side, batch);
    if (stream.fault == Fault::kSplitBatches) {
      CheckOk("write half a commit", stream.db.Write(batch, options));
      batch.Clear();
    }
    AppendMarker(commit, batch);
    constexpr std::uint64_t kTooEarly = 3;
    if (stream.fault == Fault::kEarlyAcknowledge) progress.durable.store(commit.number + kTooEarly);
    StreamNumbers hardened = AcknowledgedIn(stream.shared);
    CheckOk("write", stream.db.Write(batch, options));
    progress.acknowledged.store(commit.number);
    if (stream.fault == Fault::kEarlyAcknowledge) continue;
    if (options.durability != Durability::kNone) progress.durable.store(commit.number);
    const bool durable = options.durability == Durability::kSync ||
                         stream.fault == Fault::kForgottenSync;
    hardened[commit.stream] = commit.number;
    if (durable) RaiseHardened(stream.shared, hardened);
  }
}

// Makes the tree's machinery run at random moments of the load.
[[noreturn]] void Maintain(Db& db, const Keyspace& side, SharedState& shared, Random random) {
  for (;;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(random.Below(40)));
    const StreamNumbers acknowledged = AcknowledgedIn(shared);
    switch (random.Below(4)) {
      case 0: CheckOk("flush", db.Flush()); break;
      case 1: CheckOk("compact", db.CompactRange({}, {}, side)); break;
      case 2: CheckOk("compact", db.CompactRange("s1", "s3")); break;
      default:
        CheckOk("sync", db.Sync());
        for (std::size_t i = 0; i < kStreams; ++i) {
          shared.streams[i].synced.store(acknowledged[i]);
        }
        break;
    }
  }
}

}  // namespace

Options StoreOptions(std::uint64_t seed) {
  constexpr std::array<std::uint64_t, 3> kBudgets = {8, 12, 32};
  Random random(seed);
  Options options;
  options.memory_budget = kBudgets[random.Below(kBudgets.size())] << 20;
  options.log_backend = random.Below(2) == 0 ? LogBackend::kMapped : LogBackend::kPositioned;
  options.compression = static_cast<Compression>(random.Below(3));
  return options;
}

void RunWriter(const ChildSettings& settings) {
  // Errors are to be expected then, and to be read only if they come too early.
  const std::string errors = settings.shared_path + ".log";
  if (settings.loses_power && std::freopen(errors.c_str(), "w", stderr) == nullptr) {
    ExitWithErrno("cannot open " + errors);
  }
  SharedState& shared = MapSharedState(settings.shared_path);
  const std::unique_ptr<Db> db = OpenStore(settings);
  const Keyspace side = OpenSide(*db);
  shared.opened.store(1);
  std::vector<std::thread> threads;
  for (std::size_t stream = 0; stream < kStreams; ++stream) {
    const CommitName reached{.seed = settings.seed,
                             .stream = stream,
                             .number = shared.reached[settings.round][stream],
                             .round = settings.round};
    threads.emplace_back([&, reached] {
      WriteStream({*db, side, shared, settings.fault}, reached);
    });
  }
  Maintain(*db, side, shared, Random(settings.seed ^ ~settings.round));
}

void RunOpener(const ChildSettings& settings) {
  const std::unique_ptr<Db> db = OpenStore(settings);
  for (;;) ::pause();
}

}  // namespace firn::kill
