#include "db/flusher.h"

#include "db/store_fixture.h"

namespace firn::testing {
namespace {

constexpr int kPuts = 100;  // more than a segment of the log, and a few memtables

int CountEntries(const Db& db) {
  int count = 0;
  Iterator iterator = db.NewIterator();
  for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) ++count;
  return iterator.status().ok() ? count : -1;
}

// Files of the log that nobody keeps for reuse are removed as soon as they are released (rule W9).
TEST(Flusher, ReleasesTheLogOnlyOnceTheEditIsDurable) {
  bool done = false;
  for (std::uint64_t call = 1; !done; ++call) {
    Machine machine;
    machine.tuning.log_recycled_max = 0;
    auto db = machine.Open();
    PutMany(*db, kPuts);
    ASSERT_EQ(db->Sync().ToString(), "ok");
    machine.files->StopAt(machine.files->calls() + call);
    done = db->Flush().ok();
    for (const auto names : {CrashKeep::Names::kEverything, CrashKeep::Names::kNothing}) {
      const Machine later(machine.files->CrashImage({CrashKeep::Data::kNothing, names, call}));
      auto again = later.TryOpen();
      ASSERT_EQ(again.status().ToString(), "ok") << "stopped at call " << call;
      ASSERT_EQ(CountEntries(**again), kPuts) << "stopped at call " << call;
    }
    ASSERT_LT(call, 1000u);
  }
}

}  // namespace
}  // namespace firn::testing
