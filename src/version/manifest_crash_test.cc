// Power loss and failures at every call a manifest makes.
#include <gtest/gtest.h>

#include "testing/manifest_store.h"

namespace firn {
namespace {

using namespace firn::testing;  // NOLINT: the helpers of this folder's manifest tests

constexpr int kEdits = 6;
constexpr std::uint64_t kSeeds = 12;

struct History {
  std::vector<std::string> versions;  // after each acknowledged step
  std::string next;                   // what the step in flight would lead to
  bool created = false;               // some manifest was acknowledged
};

// A manifest, edits, a second manifest, more edits; ends at the first failure.
History RunScript(MemoryFileSystem& files) {
  ManifestStore store(files);
  History history;
  history.next = Dump(*store.state().version);
  const auto acknowledged = [&] { history.versions.push_back(history.next); };
  for (const std::uint64_t number : {1000u, 2000u}) {
    if (!store.TryCreate(number).ok()) return history;
    if (!history.created) acknowledged();
    history.created = true;
    for (int step = 0; step < kEdits; ++step) {
      const VersionEdit edit = ScriptedEdit(store.state(), step);
      ManifestState next = store.state();
      EXPECT_TRUE(ApplyToState(next, edit, MakeFakeTable).ok());
      history.next = Dump(*next.version);
      if (!store.Apply(edit).ok()) return history;
      acknowledged();
    }
  }
  return history;
}

void ExpectConsistent(MemoryFileSystem& image, const History& history) {
  const auto read = ReadFakes(image);
  if (!read.ok()) {
    EXPECT_FALSE(history.created) << read.status().ToString();
    EXPECT_EQ(read.status().code(), StatusCode::kNotFound) << read.status().ToString();
    return;
  }
  const std::string dump = Dump(*read->version);
  const bool known =
      (!history.versions.empty() && dump == history.versions.back()) || dump == history.next;
  EXPECT_TRUE(known) << "neither the last acknowledged version nor the one in flight";
}

std::vector<CrashKeep> AllKeeps() {
  std::vector<CrashKeep> keeps;
  for (const auto data :
       {CrashKeep::Data::kNothing, CrashKeep::Data::kEverything, CrashKeep::Data::kRandomSectors}) {
    for (const auto names : {CrashKeep::Names::kNothing, CrashKeep::Names::kEverything,
                             CrashKeep::Names::kRandomSubset, CrashKeep::Names::kRandomPrefix}) {
      for (std::uint64_t seed = 0; seed < kSeeds; ++seed) keeps.push_back({data, names, seed});
    }
  }
  return keeps;
}

std::uint64_t CallsOfTheScript() {
  const auto files = MemoryFileSystem::Create();
  const History history = RunScript(*files);
  EXPECT_EQ(history.versions.size(), 1u + 2u * kEdits);
  return files->calls();
}

TEST(ManifestCrash, LeavesTheLastSyncedVersionOrTheOneInFlightAtEveryCall) {
  const std::uint64_t calls = CallsOfTheScript();
  ASSERT_GT(calls, 2u * kEdits);
  for (std::uint64_t stop = 1; stop <= calls + 1; ++stop) {
    const auto files = MemoryFileSystem::Create();
    files->StopAt(stop);
    const History history = RunScript(*files);
    for (const CrashKeep& keep : AllKeeps()) {
      SCOPED_TRACE("stop " + std::to_string(stop) + " data " +
                   std::to_string(static_cast<int>(keep.data)) + " names " +
                   std::to_string(static_cast<int>(keep.names)) + " seed " +
                   std::to_string(keep.seed));
      ExpectConsistent(*files->CrashImage(keep), history);
    }
  }
}

TEST(ManifestCrash, LeavesTheLastSyncedVersionOrTheOneInFlightAfterEveryFault) {
  const std::uint64_t calls = CallsOfTheScript();
  for (const auto kind : {Fault::Kind::kIo, Fault::Kind::kNoSpace, Fault::Kind::kShortWrite,
                          Fault::Kind::kSyncDropsPages}) {
    for (std::uint64_t at = 1; at <= calls; ++at) {
      SCOPED_TRACE("fault " + std::to_string(static_cast<int>(kind)) + " at " + std::to_string(at));
      const auto files = MemoryFileSystem::Create();
      files->InjectFault({.at_call = at, .kind = kind});
      const History history = RunScript(*files);
      ExpectConsistent(*files, history);
      for (const CrashKeep& keep : AllKeeps()) ExpectConsistent(*files->CrashImage(keep), history);
    }
  }
}

}  // namespace
}  // namespace firn
