#include "torture/simulation.h"

#include <algorithm>
#include <map>

#include "cache/epoch.h"
#include "sim/manual_runtime.h"
#include "torture/client.h"

namespace firn::testing {
namespace {

// How long a store may take to get well once the disk is: background work tries a full disk again
// every second, and a try may meet stalls.
constexpr Micros kHealTime = std::chrono::seconds(10);
constexpr Micros kHealStep = std::chrono::milliseconds(250);
// What a call of the disk takes: about a device's fsync, and a device that hangs for a moment.
constexpr std::uint64_t kLatencyMicrosMax = 3000;
constexpr std::uint64_t kStallMicrosMax = 400000;

// What the disk holds when a run is over, and which states are legal then.
struct Remains {
  std::string when;
  std::unique_ptr<MemoryFileSystem> disk;
  Window window;
};

class Simulation {
 public:
  explicit Simulation(const Plan& plan)
      : plan_(plan), latency_(~plan.seed), scheduler_(plan.schedule) {
    files_->SetPause([this] { Pause(); });
    files_->ObserveFaults([this](const StruckFault& fault) {
      world_.account.Struck(scheduler_.running(), fault);
      world_.Say("disk", ToText(fault));
    });
    simulated_ = SimulatedRuntime::Create(scheduler_, *files_, plan.seed, plan_.workers);
    world_.simulated = simulated_.get();
  }

  RunVerdict Run() {
    scheduler_.Observe([this](TaskId task, std::string_view where) { Observe(task, where); });
    scheduler_.Spawn("main", [this] { Main(); });
    if (plan_.crash_step != 0) {
      scheduler_.SpawnAtStep(plan_.crash_step, "power loss", [this] { LosePower(); });
    }
    const Outcome outcome = scheduler_.Run();
    verdict_.trace = outcome.trace;
    verdict_.steps = outcome.steps;
    verdict_.commits = world_.history.logged();
    verdict_.faults = files_->random_faults();
    verdict_.lost_power = world_.power_lost;
    verdict_.failure = world_.failure;
    if (!outcome.done()) {
      verdict_.failure += '\n' + outcome.report;
      // Its locks are held by tasks that will never run: closing it would wait for ever.
      static_cast<void>(world_.db.release());
      world_.engine.reset();
    }
    if (verdict_.failure.empty()) CheckRemains();
    if (verdict_.failure.empty()) CheckAccount();
    verdict_.told = std::move(world_.told);
    return verdict_;
  }

 private:
  void Observe(TaskId task, std::string_view where) {
    if (where == "commit: logged") {
      world_.history.Logged(task);
    } else if (where == "log: sync begins") {
      sync_began_[task] = world_.Worked();
    } else if (where == "log: sync ended") {
      longest_sync_ = std::max(longest_sync_, world_.Worked() - sync_began_[task]);
      sync_began_.erase(task);
    }
  }

  void Pause() {
    if (plan_.latency_one_in == 0 || Cooperation::Current() == nullptr) return;
    if (latency_.Below(plan_.latency_one_in) != 0) return;
    const bool stall = plan_.stall_one_in != 0 && latency_.Below(plan_.stall_one_in) == 0;
    const std::uint64_t micros_max = stall ? kStallMicrosMax : kLatencyMicrosMax;
    scheduler_.SleepFor(Micros(static_cast<std::int64_t>(latency_.Below(micros_max))));
  }

  void Main() {
    auto opened = Open();
    if (world_.Check(opened, "open")) {
      std::vector<TaskId> clients;
      for (std::uint64_t i = 0; i < plan_.clients; ++i) {
        clients.push_back(scheduler_.Spawn("client " + std::to_string(i), [this, i] {
          Client(world_, i).Run();
        }));
      }
      for (const TaskId client : clients) scheduler_.Join(client);
    }
    if (world_.db != nullptr && plan_.has_faults() && !world_.over()) Heal();
    if (world_.db != nullptr) Close();
    simulated_->Stop();
  }

  Status Open() {
    auto opened = world_.Open(kStoreDirectory);
    if (!opened.ok()) return std::move(opened).status();
    world_.engine = std::move(opened).value();
    world_.db = std::make_unique<Db>(world_.engine);
    // Faults begin once there is a store.
    for (std::size_t slot = 1; slot < kSlots; ++slot) {
      auto keyspace = world_.db->CreateKeyspace(kSlotNames[slot]);
      if (!keyspace.ok()) return std::move(keyspace).status();
      world_.keyspaces[slot] = *keyspace;
    }
    if (!world_.power_lost) files_->SetFaultRates(plan_.faults);
    return Status();
  }

  // The disk is well again. A store that promises to get well does so; any other refuses writes
  // until it is opened again, which CheckRemains does.
  void Heal() {
    world_.Say("disk", "is well again");
    files_->SetFaultRates({});
    for (std::size_t i = 0; i < world_.checkpoints.size(); ++i) {
      if (!world_.checkpoints[i].compared && !world_.over()) world_.CompareCheckpoint(i);
    }
    Client client(world_, plan_.clients);
    const Micros deadline = scheduler_.Now() + kHealTime;
    Status flushed;
    Status written;
    do {
      written = client.Probe();
      const std::string health = HealthOf(*world_.db);
      const bool closed = written.code() == StatusCode::kClosed && health != "ok";
      if (world_.over() || closed) return;
      // Nobody helps a store that lacks space: a flush would wake its background work.
      if (!health.starts_with(StatusCodeName(StatusCode::kNoSpace))) {
        flushed = world_.db->Flush();
        world_.Check(flushed, "flush after the faults");
        if (world_.over() || (flushed.ok() && written.ok())) return;
      }
      scheduler_.SleepFor(kHealStep);
    } while (scheduler_.Now() < deadline);
    world_.Fail("the store does not get well after the disk: health is '" +
                HealthOf(*world_.db) + "', a flush answers " + flushed.ToString() +
                ", a write " + written.ToString());
  }

  std::string HealthOf(const Db& db) {
    std::string health = db.GetStats().health;
    world_.account.Hear(health);
    return health;
  }

  void Close() {
    Db& db = *world_.db;
    if (!plan_.has_faults() && !world_.over() && plan_.seed % 2 == 0) Settle();
    const Status closed = world_.Close(db);
    const Stats stats = db.GetStats();
    world_.account.Count(stats);
    verdict_.flushes = stats.flushes;
    verdict_.compactions = stats.compactions;
    if (world_.Check(closed, "close")) {
      world_.history.Synced(world_.history.acknowledged());
    }
    for (Keyspace& keyspace : world_.keyspaces) keyspace = Keyspace();
    world_.db.reset();
    EpochDomain::Process().Drain();
    if (EpochDomain::Process().pending() != 0) world_.Fail("retired objects outlive their store");
    CheckBooks();
    if (world_.engine.use_count() != 1) world_.Fail("a handle outlives its holder");
    // What is still in the books must go with the store: ClosedBooks looks.
    world_.engine.reset();
    if (files_->open_handles() != 0) world_.Fail("handles stay open after close");
    AddRemains();
  }

  // What a closed store still has until it is destroyed are the chunks that memtables would use
  // again, the trees of its keyspaces and the buffer of its log.
  void CheckBooks() {
    const MemoryLedger& ledger = world_.engine->ledger();
    for (const MemoryClass kind :
         {MemoryClass::kFrame, MemoryClass::kJob, MemoryClass::kIterator}) {
      if (ledger.used(kind) == 0) continue;
      world_.Fail(std::to_string(ledger.used(kind)) + " bytes of class " +
                  std::to_string(static_cast<int>(kind)) + " stay in the books after close");
    }
  }

  // Nothing runs and nothing lies about when a store has come to rest.
  void Settle() {
    Db& db = *world_.db;
    if (!world_.Check(db.WaitForIdle(), "wait for idle")) return;
    // Tables that a read pinned leave with the epoch, at some later beat of the periodic syncer.
    EpochDomain::Process().Drain();
    scheduler_.SleepFor(5 * std::chrono::duration_cast<Micros>(plan_.options.sync_interval));
    const auto verified = db.Verify();
    if (!world_.Check(verified.status(), "verify")) return;
    if (!verified.orphan_files.empty()) {
      world_.Fail("orphan file " + verified.orphan_files.front());
    }
  }

  void AddRemains() {
    if (world_.power_lost) return;
    const History& history = world_.history;
    using Data = CrashKeep::Data;
    using Names = CrashKeep::Names;
    remains_.push_back({"after the end",
                        files_->CrashImage({Data::kEverything, Names::kEverything}),
                        {history.survives_kill(), history.logged()}});
    remains_.push_back({"after the end and a loss of power",
                        files_->CrashImage({Data::kNothing, Names::kNothing}),
                        {history.durable(), history.logged()}});
  }

  // The image may hold one commit more than was logged when it was made: the one whose task is
  // between its bytes and "commit: logged".
  void LosePower() {
    const CrashKeep& keep = plan_.crash_keep;
    const bool killed =
        keep.data == CrashKeep::Data::kEverything && keep.names == CrashKeep::Names::kEverything;
    const History& history = world_.history;
    const Index first =
        killed ? history.survives_kill() : std::max(history.durable(), DurableByPromise());
    Remains remains{"after a loss of power at step " + std::to_string(scheduler_.steps()),
                    files_->CrashImage(keep),
                    {first, 0}};
    remains.window.last = history.logged() + 1;
    world_.power_lost = true;
    files_->StopAt(1);
    remains_.push_back(std::move(remains));
  }

  // Durability::kPeriodic (docs/recovery.md, "What each level promises"): two intervals, or the
  // sync in flight if it takes longer, and one sync more.
  // A log that failed syncs no more, so a run with faults is promised nothing.
  Index DurableByPromise() const {
    if (files_->random_faults() > 0) return 0;
    const Micros interval = std::chrono::duration_cast<Micros>(plan_.options.sync_interval);
    Micros sync = longest_sync_;
    for (const auto& [task, began] : sync_began_) sync = std::max(sync, world_.Worked() - began);
    const Micros bound = std::max(2 * interval, sync) + sync;
    return world_.history.AcknowledgedBy(world_.Worked() - bound);
  }

  void CheckAccount() {
    verdict_.absorbed = world_.account.told_by_nobody() != 0;
    const bool opened = !remains_.empty();
    const auto& made = world_.checkpoints;
    const bool compared = std::all_of(made.begin(), made.end(),
                                      [](const CheckpointMade& each) { return each.compared; });
    const auto untold = world_.account.FirstUntold({.content = opened,
                                                    .orphans = opened,
                                                    .checkpoints = compared || world_.power_lost});
    if (untold.has_value()) verdict_.failure = *untold;
  }

  void CheckRemains() {
    for (Remains& remains : remains_) {
      const std::string wrong = CheckOne(remains);
      if (wrong.empty()) continue;
      verdict_.failure = remains.when + ": " + wrong;
      return;
    }
  }

  // Opens what is left, reads all of it, and closes it again.
  std::string CheckOne(const Remains& remains) {
    const auto manual = ManualRuntime::Create(*remains.disk, plan_.seed);
    Options options = plan_.options;
    options.runtime = &manual->runtime();
    auto opened = Engine::Open(kStoreDirectory, options, plan_.tuning);
    if (!opened.ok()) return "open: " + opened.status().ToString();
    Db db(std::move(opened).value());
    const Result<Tables> found = ReadTables(db);
    if (!found.ok()) return "read: " + found.status().ToString();
    Window window = remains.window;
    window.last = std::min(window.last, world_.history.logged());
    if (auto wrong = world_.history.CheckRecovered(*found, window)) return *wrong;
    const auto verified = db.Verify();
    if (!verified.ok()) return "verify: " + verified.status().ToString();
    if (!verified.orphan_files.empty()) return "orphan file " + verified.orphan_files.front();
    const Status written = db.Put("written after the open", "1", {.durability = Durability::kSync});
    if (!written.ok()) return "write: " + written.ToString();
    if (const Status flushed = db.Flush(); !flushed.ok()) return "flush: " + flushed.ToString();
    if (Status closed = db.Close(); !closed.ok()) return "close: " + closed.ToString();
    return remains.disk->open_handles() == 0 ? "" : "handles stay open";
  }

  const Plan plan_;
  SeededRandom latency_;
  FiberScheduler scheduler_;
  std::unique_ptr<MemoryFileSystem> files_ = MemoryFileSystem::Create();
  std::unique_ptr<SimulatedRuntime> simulated_;
  World world_{.plan = plan_, .scheduler = scheduler_, .files = *files_};
  std::vector<Remains> remains_;
  std::map<TaskId, Micros> sync_began_;  // syncs of the log that go on
  Micros longest_sync_{0};
  RunVerdict verdict_;
};

}  // namespace

RunVerdict Simulate(const Plan& plan) { return Simulation(plan).Run(); }

}  // namespace firn::testing
