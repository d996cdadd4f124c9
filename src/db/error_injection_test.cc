// One workload, and a disk that fails at every one of its calls in turn: whatever fails, no answer
// is wrong, every failed write is reported, and what an open finds afterwards is a prefix that
// holds all that was acknowledged as durable and nothing that failed for certain.
//
// FIRN_FAULT_STRIDE=s tries every s-th call only.

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "db/store_fixture.h"

namespace firn::testing {
namespace {

using Table = std::map<std::string, std::string>;

// What the store may hold: the contents after each commit that did not fail for certain.
struct Ledger {
  std::vector<Table> states{Table()};
  std::size_t durable = 0;       // index into states: at least this much survives
  bool certain = true;           // no commit ended as kIndeterminate
  std::set<std::string> refused;  // values of writes that failed for certain

  [[nodiscard]] const Table& latest() const { return states.back(); }
};

struct Scenario {
  Fault::Kind kind = Fault::Kind::kIo;
  bool sticky = false;
  LogBackend log_backend = LogBackend::kMapped;
  const char* name = "";
  std::uint64_t in_a_row = 1;  // calls from the chosen one on; more than one: of kIo
};

class FaultyRun {
 public:
  explicit FaultyRun(const Scenario& scenario) : scenario_(scenario) {
    machine_.options.log_backend = scenario.log_backend;
    machine_.options.durability = Durability::kPeriodic;
    machine_.tuning.manifest_bytes_max = 600;  // a fresh manifest every few edits
  }

  // Runs the workload with a fault at `call`; 0: none. An empty text when every promise was kept.
  std::string Run(std::uint64_t call) {
    Inject(call);
    auto opened = machine_.TryOpen();
    if (opened.ok()) {
      db_ = std::move(opened).value();
      Work();
    }
    snapshot_ = Snapshot();
    db_.reset();
    machine_.files->InjectFault(Fault());
    machine_.files->SetFaultRates({});
    if (machine_.files->open_handles() != 0) return "handles stay open";
    using Data = CrashKeep::Data;
    using Names = CrashKeep::Names;
    if (wrong_.empty()) CheckAfterwards(Data::kEverything, Names::kEverything);
    if (wrong_.empty()) CheckAfterwards(Data::kNothing, Names::kNothing);
    return wrong_;
  }

  [[nodiscard]] std::uint64_t calls() const { return machine_.files->calls(); }
  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  [[nodiscard]] std::size_t failed() const { return failed_; }

 private:
  void Inject(std::uint64_t call) {
    if (call != 0 && scenario_.in_a_row > 1) {
      machine_.files->SetFaultRates(
          {.io_one_in = 1, .first = call, .last = call + scenario_.in_a_row - 1});
    } else {
      machine_.files->InjectFault({call, scenario_.kind, scenario_.sticky});
    }
  }

  void Work() {
    for (int i = 1; i <= 150 && wrong_.empty(); ++i) {
      Commit(i);
      machine_.manual->runtime().executor->RunOne();
      if (i % 11 == 0) machine_.manual->Advance(Micros(150000));
      if (i % 25 == 0) CheckReads();
      if (i % 30 == 0 && db_->Sync().ok()) ledger_.durable = ledger_.states.size() - 1;
      if (i == 40) Snap();
      if (i == 60) static_cast<void>(db_->Flush().ok());
      if (i == 90) static_cast<void>(db_->CompactRange().ok());
      if (i == 110) static_cast<void>(db_->WaitForIdle().ok());
      if (i == 75 && !Reopen()) return;
    }
    if (wrong_.empty()) CheckReads();
    snapshot_ = Snapshot();
    if (wrong_.empty() && db_->Close().ok()) ledger_.durable = ledger_.states.size() - 1;
  }

  // A batch of a few operations, one of them with a value no other write has.
  void Commit(int i) {
    WriteBatch batch;
    Table after = ledger_.latest();
    const std::string mark = "value" + std::to_string(i) + "-" + std::string(260, 'x');
    const std::string key = KeyOf(i * 7 % 31);
    batch.Put(key, mark);
    after[key] = mark;
    if (i % 5 == 0) {
      const std::string gone = KeyOf(i * 3 % 31);
      if (gone != key) after.erase(gone);
      if (gone != key) batch.Delete(gone);
    }
    if (i % 19 == 0) {
      batch.DeleteRange(KeyOf(4), KeyOf(9));
      after.erase(after.lower_bound(KeyOf(4)), after.lower_bound(KeyOf(9)));
    }
    const bool durable = i % 7 == 0;
    const Status status =
        db_->Write(batch, {.durability = durable ? Durability::kSync : Durability::kPeriodic});
    if (status.ok()) {
      ledger_.states.push_back(std::move(after));
      if (durable) ledger_.durable = ledger_.states.size() - 1;
      return;
    }
    ++failed_;
    if (status.code() == StatusCode::kIndeterminate) {
      // Never visible now; later perhaps. It must be the last thing that happens to this store.
      if (!ledger_.certain) wrong_ = "a second write is indeterminate";
      ledger_.certain = false;
      maybe_ = std::move(after);
      return;
    }
    ledger_.refused.insert(mark);
    if (status.message().empty()) wrong_ = "an error without words: " + status.ToString();
  }

  void Snap() {
    snapshot_ = db_->GetSnapshot();
    at_snapshot_ = ledger_.latest();
  }

  // False when the store does not open while the fault lasts.
  bool Reopen() {
    CheckReads();
    snapshot_ = Snapshot();
    if (db_->Close().ok()) ledger_.durable = ledger_.states.size() - 1;
    db_.reset();
    auto again = machine_.TryOpen();
    if (!again.ok()) return false;
    db_ = std::move(again).value();
    // What an open has shown is there to stay.
    Table found;
    if (!Scan(*db_, Snapshot(), &found)) return false;
    Adopt(found, "reopened in the middle");
    return wrong_.empty();
  }

  void Adopt(const Table& found, const std::string& when) {
    std::vector<Table> candidates(
        ledger_.states.begin() + static_cast<std::ptrdiff_t>(ledger_.durable),
        ledger_.states.end());
    if (!ledger_.certain) candidates.push_back(maybe_);
    if (std::find(candidates.begin(), candidates.end(), found) == candidates.end()) {
      wrong_ = when + ": " + Explain(found);
      return;
    }
    ledger_.states = {found};
    ledger_.durable = 0;
    ledger_.certain = true;
  }

  [[nodiscard]] std::string Explain(const Table& found) const {
    std::string text = std::to_string(found.size()) + " entries equal none of " +
                       std::to_string(ledger_.states.size() - ledger_.durable) + " legal states";
    for (const auto& [key, value] : found) {
      if (ledger_.refused.contains(value)) text += "; shows the failed write " + value.substr(0, 9);
    }
    for (std::size_t k = 0; k < ledger_.states.size(); ++k) {
      if (ledger_.states[k] == found) {
        text += "; it is the state after commit " + std::to_string(k) + ", durable are " +
                std::to_string(ledger_.durable);
      }
    }
    return text;
  }

  bool Scan(const Db& db, const Snapshot& snapshot, Table* found) {
    IteratorOptions options;
    options.snapshot = snapshot;
    Iterator iterator = db.NewIterator(options);
    for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) {
      found->emplace(iterator.key(), iterator.value());
    }
    return iterator.status().ok();
  }

  // Reads may fail while the disk does; what they answer must be right.
  void CheckReads() {
    Table found;
    if (Scan(*db_, Snapshot(), &found) && found != ledger_.latest()) {
      wrong_ = "a scan is wrong: " + Explain(found);
    }
    for (int i = 0; i < 31; ++i) {
      auto got = db_->Get(KeyOf(i));
      const auto expected = ledger_.latest().find(KeyOf(i));
      if (!got.ok()) continue;
      const bool present = expected != ledger_.latest().end();
      if (got->has_value() != present || (present && **got != expected->second)) {
        wrong_ = "a get is wrong at key " + std::to_string(i);
      }
    }
    found.clear();
    if (snapshot_.valid() && Scan(*db_, snapshot_, &found) && found != at_snapshot_) {
      wrong_ = "a snapshot changed";
    }
  }

  void CheckAfterwards(CrashKeep::Data data, CrashKeep::Names names) {
    const Machine later(machine_.files->CrashImage({data, names, 1}));
    const bool all = data == CrashKeep::Data::kEverything;
    const std::string when = all ? "after the process died" : "after power loss";
    auto opened = later.TryOpen();
    if (!opened.ok()) {
      wrong_ = when + ": " + opened.status().ToString();
      return;
    }
    Table found;
    if (!Scan(**opened, Snapshot(), &found)) {
      wrong_ = when + ": the scan fails";
      return;
    }
    Ledger before = ledger_;
    Adopt(found, when);
    ledger_ = std::move(before);
    auto verified = (*opened)->Verify();
    if (!verified.ok()) wrong_ = when + ": " + verified.status().ToString();
  }

  const Scenario scenario_;
  Machine machine_;
  std::unique_ptr<Db> db_;
  Ledger ledger_;
  Table maybe_;
  Snapshot snapshot_;
  Table at_snapshot_;
  std::size_t failed_ = 0;
  std::string wrong_;
};

std::uint64_t Stride() {
  const char* text = std::getenv("FIRN_FAULT_STRIDE");
  return text == nullptr ? 1 : std::max(1ull, std::strtoull(text, nullptr, 10));
}

class ErrorInjection : public ::testing::TestWithParam<Scenario> {};

TEST_P(ErrorInjection, NoFailingCallMakesAnAnswerWrongOrLosesWhatIsDurable) {
  std::uint64_t calls = 0;
  {
    FaultyRun undisturbed(GetParam());
    ASSERT_EQ(undisturbed.Run(0), "");
    ASSERT_EQ(undisturbed.failed(), 0u);
    calls = undisturbed.calls();
  }
  ASSERT_GT(calls, 200u);
  std::size_t runs_with_failed_writes = 0;
  for (std::uint64_t call = 1; call <= calls; call += Stride()) {
    FaultyRun run(GetParam());
    ASSERT_EQ(run.Run(call), "") << "fault at call " << call << " of " << calls;
    runs_with_failed_writes += run.failed() > 0 ? 1 : 0;
  }
  // What happened all the same must not stop anybody.
  const bool harmless = GetParam().kind == Fault::Kind::kNameDoneAnyway;
  EXPECT_EQ(runs_with_failed_writes > 0, !harmless);
}

INSTANTIATE_TEST_SUITE_P(
    Faults, ErrorInjection,
    ::testing::Values(
        Scenario{Fault::Kind::kIo, false, LogBackend::kMapped, "io_once"},
        Scenario{Fault::Kind::kIo, true, LogBackend::kMapped, "io_sticky"},
        Scenario{Fault::Kind::kIo, false, LogBackend::kMapped, "io_twice_in_a_row", 2},
        Scenario{Fault::Kind::kIo, false, LogBackend::kMapped, "io_thrice_in_a_row", 3},
        Scenario{Fault::Kind::kNameDoneAnyway, false, LogBackend::kMapped, "name_done_anyway"},
        Scenario{Fault::Kind::kNoSpace, false, LogBackend::kMapped, "no_space_once"},
        Scenario{Fault::Kind::kNoSpace, true, LogBackend::kMapped, "no_space_sticky"},
        Scenario{Fault::Kind::kSyncDropsPages, false, LogBackend::kMapped, "sync_drops_once"},
        Scenario{Fault::Kind::kSyncDropsPages, true, LogBackend::kMapped, "sync_drops_sticky"},
        Scenario{Fault::Kind::kIo, false, LogBackend::kPositioned, "positioned_io_once"},
        Scenario{Fault::Kind::kShortWrite, false, LogBackend::kPositioned, "positioned_short_once"},
        Scenario{Fault::Kind::kNoSpace, true, LogBackend::kPositioned, "positioned_space_sticky"}),
    [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace firn::testing
