// What a power loss keeps: data and names apart, every way to keep either.

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/cow_bytes.h"
#include "sim/memory_file_system.h"

namespace firn::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Data = CrashKeep::Data;
using Names = CrashKeep::Names;

constexpr std::uint64_t kSeeds = 200;

class CrashImage : public ::testing::Test {
 protected:
  void SyncRoot() { ASSERT_TRUE(fs_->OpenDirectory("/").value()->Sync().ok()); }
  void CreateSynced(const std::string& path, Slice content) {
    auto file = fs_->CreateFile(path).value();
    ASSERT_TRUE(file->Append(content).ok());
    ASSERT_TRUE(file->SyncData().ok());
    SyncRoot();
  }
  std::string After(const CrashKeep& keep, const std::string& path) {
    return fs_->CrashImage(keep)->ReadFile(path, 1 << 24).value();
  }
  std::vector<std::string> NamesAfter(const CrashKeep& keep) {
    return fs_->CrashImage(keep)->List("/").value();
  }

  std::unique_ptr<MemoryFileSystem> fs_ = MemoryFileSystem::Create();
};

TEST_F(CrashImage, SyncedBytesUnderSyncedNamesAreThereWhateverIsKept) {
  CreateSynced("/f", "synced");
  for (const auto data : {Data::kNothing, Data::kEverything, Data::kRandomSectors}) {
    for (const auto names :
         {Names::kNothing, Names::kEverything, Names::kRandomSubset, Names::kRandomPrefix}) {
      for (std::uint64_t seed = 0; seed < 20; ++seed) {
        EXPECT_EQ(After({data, names, seed}, "/f"), "synced");
      }
    }
  }
}

TEST_F(CrashImage, DataAndNamesAreKeptApart) {
  auto file = fs_->CreateFile("/f").value();
  ASSERT_TRUE(file->Append("bytes").ok());
  EXPECT_THAT(NamesAfter({Data::kEverything, Names::kNothing}), IsEmpty());
  EXPECT_EQ(After({Data::kNothing, Names::kEverything}, "/f"), "");
  EXPECT_EQ(After({Data::kEverything, Names::kEverything}, "/f"), "bytes");
  SyncRoot();
  EXPECT_EQ(After({Data::kNothing, Names::kNothing}, "/f"), "") << "a name without its content";
  ASSERT_TRUE(file->SyncData().ok());
  EXPECT_EQ(After({Data::kNothing, Names::kNothing}, "/f"), "bytes");
}

TEST_F(CrashImage, RandomSectorsAreWholeSectorsOldOrNew) {
  constexpr std::size_t kSectors = 20;
  CreateSynced("/f", std::string(kSectors * kSectorBytes, 'o'));
  auto segment = fs_->ReopenSegment("/f", SegmentBackend::kMapped).value();
  std::fill_n(segment->mapping(), segment->size(), 'n');
  std::set<std::string> outcomes;
  std::vector<int> kept(kSectors, 0);
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const std::string content = After({Data::kRandomSectors, Names::kNothing, seed}, "/f");
    EXPECT_EQ(content, After({Data::kRandomSectors, Names::kNothing, seed}, "/f"));
    for (std::size_t sector = 0; sector < kSectors; ++sector) {
      const std::string bytes = content.substr(sector * kSectorBytes, kSectorBytes);
      ASSERT_EQ(std::count(bytes.begin(), bytes.end(), bytes[0]), std::ptrdiff_t{kSectorBytes});
      kept[sector] += bytes[0] == 'n' ? 1 : 0;
    }
    outcomes.insert(content);
  }
  EXPECT_EQ(outcomes.size(), kSeeds);
  for (const int count : kept) {
    EXPECT_GT(count, 50);
    EXPECT_LT(count, 150);
  }
}

TEST_F(CrashImage, AnAppendedFileMayKeepItsSizeWithoutItsBytes) {
  CreateSynced("/f", "start");
  auto file = fs_->CreateFile("/g").value();
  SyncRoot();
  ASSERT_TRUE(file->Append(std::string(4 * kSectorBytes, 'x')).ok());
  bool old_size = false;
  bool new_size = false;
  bool between = false;
  bool hole = false;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const std::string content = After({Data::kRandomSectors, Names::kNothing, seed}, "/g");
    ASSERT_LE(content.size(), 4 * kSectorBytes);
    old_size |= content.empty();
    new_size |= content.size() == 4 * kSectorBytes;
    between |= !content.empty() && content.size() < 4 * kSectorBytes;
    hole |= content.find('\0') < content.rfind('x') && content.rfind('x') != std::string::npos;
    EXPECT_EQ(content.find_first_not_of(std::string("x\0", 2)), std::string::npos);
  }
  EXPECT_TRUE(old_size && new_size && between && hole);
}

TEST_F(CrashImage, MappedStoresAreDurableOnlyAfterSync) {
  auto segment = fs_->CreateSegment("/s", 8192, SegmentBackend::kMapped).value();
  ASSERT_TRUE(segment->SyncData().ok());
  SyncRoot();
  segment->mapping()[5000] = 'x';
  EXPECT_EQ(After({}, "/s")[5000], '\0');
  EXPECT_EQ(After({Data::kEverything, Names::kNothing}, "/s")[5000], 'x');
  ASSERT_TRUE(segment->SyncData().ok());
  segment->mapping()[5000] = 'y';
  EXPECT_EQ(After({}, "/s")[5000], 'x');
  ASSERT_TRUE(segment->Close().ok());
  EXPECT_EQ(After({}, "/s")[5000], 'x') << "closing is no sync";
  EXPECT_EQ(After({Data::kEverything, Names::kNothing}, "/s")[5000], 'y');
}

TEST_F(CrashImage, UnsyncedRenamesAreAtomicAndMayBeLost) {
  CreateSynced("/old", "old");
  CreateSynced("/new", "new");
  ASSERT_TRUE(fs_->Rename("/new", "/old").ok());
  EXPECT_THAT(NamesAfter({}), ElementsAre("new", "old"));
  EXPECT_EQ(After({}, "/old"), "old");
  std::set<std::size_t> counts;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const CrashKeep keep{Data::kNothing, Names::kRandomSubset, seed};
    const std::size_t count = NamesAfter(keep).size();
    EXPECT_EQ(After(keep, "/old"), count == 1 ? "new" : "old");
    counts.insert(count);
  }
  EXPECT_THAT(counts, ElementsAre(1u, 2u));
  SyncRoot();
  EXPECT_THAT(NamesAfter({}), ElementsAre("old"));
  EXPECT_EQ(After({}, "/old"), "new");
}

TEST_F(CrashImage, RemovedFilesComeBackUntilTheDirectoryIsSynced) {
  CreateSynced("/f", "back");
  ASSERT_TRUE(fs_->Remove("/f").ok());
  EXPECT_EQ(After({}, "/f"), "back");
  EXPECT_THAT(NamesAfter({Data::kNothing, Names::kEverything}), IsEmpty());
  SyncRoot();
  EXPECT_THAT(NamesAfter({}), IsEmpty());
}

TEST_F(CrashImage, SubsetsOfNamesIgnoreTheOrderAndPrefixesKeepIt) {
  for (const char* name : {"/a", "/b", "/c"}) ASSERT_TRUE(fs_->CreateFile(name).ok());
  std::set<std::vector<std::string>> subsets;
  std::set<std::vector<std::string>> prefixes;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    subsets.insert(NamesAfter({Data::kNothing, Names::kRandomSubset, seed}));
    prefixes.insert(NamesAfter({Data::kNothing, Names::kRandomPrefix, seed}));
  }
  EXPECT_EQ(subsets.size(), 8u);
  EXPECT_THAT(prefixes, ElementsAre(std::vector<std::string>{}, std::vector<std::string>{"a"},
                                    std::vector<std::string>{"a", "b"},
                                    std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(CrashImage, ADirectoryNeedsItsParentSyncedAndItsFilesItself) {
  ASSERT_TRUE(fs_->CreateDirectory("/d").ok());
  ASSERT_TRUE(fs_->CreateFile("/d/f").ok());
  ASSERT_TRUE(fs_->OpenDirectory("/d").value()->Sync().ok());
  EXPECT_THAT(NamesAfter({}), IsEmpty());
  SyncRoot();
  EXPECT_THAT(fs_->CrashImage({})->List("/d").value(), ElementsAre("f"));
  ASSERT_TRUE(fs_->CreateFile("/d/g").ok());
  SyncRoot();
  EXPECT_THAT(fs_->CrashImage({})->List("/d").value(), ElementsAre("f"));
}

TEST_F(CrashImage, HardLinksStayOneFile) {
  CreateSynced("/a", "linked");
  ASSERT_TRUE(fs_->Link("/a", "/b").ok());
  EXPECT_THAT(NamesAfter({}), ElementsAre("a"));
  SyncRoot();
  const auto image = fs_->CrashImage({});
  auto segment = image->ReopenSegment("/a", SegmentBackend::kPositioned).value();
  ASSERT_TRUE(segment->WriteAt(0, "LINK").ok());
  EXPECT_EQ(image->ReadFile("/b", 10).value(), "LINKed");
}

TEST_F(CrashImage, ImagesAreIndependentUnlockedAndFullyDurable) {
  CreateSynced("/f", "one");
  const auto lock = fs_->Lock("/f").value();
  fs_->InjectFault({.at_call = 1, .kind = Fault::Kind::kIo, .sticky = true});
  const auto image = fs_->CrashImage({});
  EXPECT_TRUE(image->Lock("/f").ok());
  auto segment = image->ReopenSegment("/f", SegmentBackend::kPositioned).value();
  EXPECT_TRUE(segment->WriteAt(0, "two").ok());
  EXPECT_EQ(fs_->ReadFile("/f", 10).value(), "one");
  EXPECT_EQ(image->CrashImage({})->ReadFile("/f", 10).value(), "one");
  EXPECT_EQ(image->open_handles(), 1u);
}

TEST_F(CrashImage, FromTheStopOnNothingChangesAnyMore) {
  CreateSynced("/f", "kept");
  auto file = fs_->CreateFile("/g").value();
  fs_->StopAt(fs_->calls() + 2);
  EXPECT_TRUE(file->Append("in").ok());
  EXPECT_EQ(file->Append("out").code(), StatusCode::kIo);
  EXPECT_EQ(file->SyncData().code(), StatusCode::kIo);
  EXPECT_EQ(fs_->Remove("/f").code(), StatusCode::kIo);
  EXPECT_EQ(fs_->Rename("/f", "/h").code(), StatusCode::kIo);
  EXPECT_EQ(fs_->CreateDirectory("/d").code(), StatusCode::kIo);
  EXPECT_EQ(fs_->CreateSegment("/s", 512, SegmentBackend::kMapped).status().code(),
            StatusCode::kIo);
  EXPECT_EQ(fs_->OpenDirectory("/").value()->Sync().code(), StatusCode::kIo);
  EXPECT_EQ(file->Close().code(), StatusCode::kIo);
  const auto image = fs_->CrashImage({Data::kEverything, Names::kEverything});
  EXPECT_THAT(image->List("/").value(), ElementsAre("f", "g"));
  EXPECT_EQ(image->ReadFile("/g", 10).value(), "in");
}

// One unit of each kind: a name, a size, and sectors.
class ChosenImage : public CrashImage {
 protected:
  void SetUp() override {
    CreateSynced("/old", std::string(3 * kSectorBytes, 'o'));
    auto segment = fs_->ReopenSegment("/old", SegmentBackend::kPositioned).value();
    ASSERT_TRUE(segment->WriteAt(0, "n").ok());
    ASSERT_TRUE(segment->WriteAt(2 * kSectorBytes, "n").ok());
    auto file = fs_->CreateFile("/new").value();
    ASSERT_TRUE(file->Append(std::string(kSectorBytes + 10, 'x')).ok());
  }
  // The image that keeps units of which `keep` says so.
  std::unique_ptr<MemoryFileSystem> Keeping(
      const std::function<bool(const UnsyncedUnit&)>& keep) const {
    std::vector<bool> kept;
    for (const UnsyncedUnit& unit : fs_->Unsynced()) kept.push_back(keep(unit));
    return fs_->CrashImageOf(kept);
  }
};
using Kind = UnsyncedUnit::Kind;

TEST_F(ChosenImage, UnitsAreNamesThenSizeAndSectorsOfEachFile) {
  std::vector<Kind> kinds;
  for (const UnsyncedUnit& unit : fs_->Unsynced()) kinds.push_back(unit.kind);
  EXPECT_THAT(kinds, ElementsAre(Kind::kName, Kind::kSector, Kind::kSector, Kind::kSize,
                                 Kind::kSector, Kind::kSector));
}

TEST_F(ChosenImage, NoneAndAllAreTheImagesOfThoseNames) {
  EXPECT_EQ(Keeping([](const auto&) { return false; })->Fingerprint(),
            fs_->CrashImage({})->Fingerprint());
  EXPECT_EQ(Keeping([](const auto&) { return true; })->Fingerprint(),
            fs_->CrashImage({Data::kEverything, Names::kEverything})->Fingerprint());
  EXPECT_NE(fs_->CrashImage({})->Fingerprint(),
            fs_->CrashImage({Data::kEverything, Names::kEverything})->Fingerprint());
}

TEST_F(ChosenImage, EachUnitIsKeptAlone) {
  const auto sector = Keeping([](const auto& unit) {
    return unit.kind == Kind::kSector && unit.sector == 2;
  });
  const std::string old = sector->ReadFile("/old", 1 << 20).value();
  EXPECT_EQ(old[0], 'o');
  EXPECT_EQ(old[2 * kSectorBytes], 'n');
  EXPECT_THAT(sector->List("/").value(), ElementsAre("old"));

  const auto name = Keeping([](const auto& unit) { return unit.kind == Kind::kName; });
  EXPECT_EQ(name->ReadFile("/new", 1 << 20).value(), "");
  const auto size = Keeping([](const auto& unit) { return unit.kind != Kind::kSector; });
  EXPECT_EQ(size->ReadFile("/new", 1 << 20).value(), std::string(kSectorBytes + 10, '\0'));
  const auto first = Keeping([](const auto& unit) {
    return unit.kind == Kind::kName || (unit.kind == Kind::kSector && unit.sector == 0);
  });
  EXPECT_EQ(first->ReadFile("/new", 1 << 20).value(), std::string(kSectorBytes, 'x'))
      << "a sector takes the size along";
}

TEST_F(ChosenImage, AFrozenDiskKeepsTheMoment) {
  auto segment = fs_->ReopenSegment("/old", SegmentBackend::kMapped).value();
  segment->mapping()[kSectorBytes] = 'm';
  const auto frozen = fs_->Freeze();
  const auto all = frozen->CrashImage({Data::kEverything, Names::kEverything});
  EXPECT_EQ(all->Fingerprint(),
            fs_->CrashImage({Data::kEverything, Names::kEverything})->Fingerprint());
  segment->mapping()[kSectorBytes] = 'l';
  ASSERT_TRUE(segment->SyncData().ok());
  ASSERT_TRUE(fs_->Rename("/new", "/renamed").ok());
  SyncRoot();
  EXPECT_EQ(frozen->CrashImage({Data::kEverything, Names::kEverything})->Fingerprint(),
            all->Fingerprint());
  EXPECT_EQ(frozen->Unsynced().size(), 7u);
  EXPECT_EQ(all->ReadFile("/old", 1 << 20).value()[kSectorBytes], 'm');
  EXPECT_EQ(frozen->open_handles(), 0u);
  EXPECT_EQ(fs_->Unsynced().size(), 3u) << "the file under the synced name";
}

}  // namespace
}  // namespace firn::testing
