#include "sim/simulation.h"

#include "cache/epoch.h"
#include "sim/client.h"
#include "sim/manual_runtime.h"

namespace firn::testing {
namespace {

// What the disk holds when a run is over, and which states are legal then.
struct Remains {
  std::string when;
  std::unique_ptr<MemoryFileSystem> disk;
  Window window;
};

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed)
      : plan_(MakePlan(seed)), latency_(~seed), scheduler_(plan_.schedule) {
    files_->SetPause([this] { Pause(); });
    simulated_ = SimulatedRuntime::Create(scheduler_, *files_, seed, plan_.workers);
    world_.simulated = simulated_.get();
  }

  Verdict Run() {
    scheduler_.Observe([this](TaskId task, std::string_view where) {
      if (where == "commit: logged") world_.history.Logged(task);
    });
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
    if (!verdict_.failure.empty()) verdict_.failure += "\n  " + ToText(plan_);
    return verdict_;
  }

 private:
  void Pause() {
    if (plan_.latency_one_in == 0 || Cooperation::Current() == nullptr) return;
    if (latency_.Below(plan_.latency_one_in) != 0) return;
    scheduler_.SleepFor(Micros(static_cast<std::int64_t>(latency_.Below(3000))));
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

  void Close() {
    Db& db = *world_.db;
    if (!plan_.has_faults() && !world_.over() && plan_.seed % 2 == 0) Settle();
    const Stats stats = db.GetStats();
    verdict_.flushes = stats.flushes;
    verdict_.compactions = stats.compactions;
    const bool healthy = stats.health == "ok";
    const Status closed = db.Close();
    if (world_.Check(closed, "close")) {
      world_.history.Synced(world_.history.acknowledged());
    }
    if (files_->random_faults() > 0 && healthy && world_.errors == 0) verdict_.absorbed = true;
    for (Keyspace& keyspace : world_.keyspaces) keyspace = Keyspace();
    world_.db.reset();
    EpochDomain::Process().Drain();
    if (EpochDomain::Process().pending() != 0) world_.Fail("retired objects outlive their store");
    CheckBooks();
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
    const Index first = killed ? history.survives_kill() : history.durable();
    Remains remains{"after a loss of power at step " + std::to_string(scheduler_.steps()),
                    files_->CrashImage(keep),
                    {first, 0}};
    remains.window.last = history.logged() + 1;
    world_.power_lost = true;
    files_->StopAt(1);
    remains_.push_back(std::move(remains));
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
  Verdict verdict_;
};

}  // namespace

Verdict Simulate(std::uint64_t seed) { return Simulation(seed).Run(); }

}  // namespace firn::testing
