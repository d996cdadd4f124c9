// The model of the disk against hand-made traces: what it may forget, and what it must not.
#include "power/recorded_disk.h"

#include <gtest/gtest.h>

#include <set>

namespace firn::power {
namespace {

using testing::CrashKeep;

class RecordedDiskTest : public ::testing::Test {
 protected:
  void Apply(Event event) {
    event.order = ++order_;
    const auto impossible = disk_.Apply(event);
    ASSERT_EQ(impossible, std::nullopt);
  }
  void Create(FileId file, const std::string& path) {
    Apply({.call = Call::kOpen, .created = true, .file = file, .path = path});
  }
  void OpenRoot(FileId file) { Apply({.call = Call::kOpen, .file = file}); }
  void Write(FileId file, std::uint64_t offset, const std::string& bytes) {
    Apply({.call = Call::kWrite, .file = file, .offset = offset, .bytes = bytes});
  }
  std::uint64_t BeginSync(FileId file) {
    Apply({.call = Call::kSyncBegin, .file = file});
    return order_;
  }
  void EndSync(FileId file, std::uint64_t begin, int error = 0) {
    Apply({.call = Call::kSyncEnd, .error = error, .file = file, .offset = begin});
  }
  void Sync(FileId file) { EndSync(file, BeginSync(file)); }
  void Rename(const std::string& from, const std::string& to) {
    Apply({.call = Call::kRename, .path = from, .target = to});
  }

  // Every image that a hundred seeds draw.
  std::set<RecordedDisk::Image> Images(CrashKeep::Data data, CrashKeep::Names names) const {
    std::set<RecordedDisk::Image> images;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      images.insert(disk_.CrashImage({data, names, seed}));
    }
    return images;
  }
  RecordedDisk::Image Least() const {
    return disk_.CrashImage({CrashKeep::Data::kNothing, CrashKeep::Names::kNothing, 0});
  }

  RecordedDisk disk_;
  std::uint64_t order_ = 0;
};

constexpr FileId kRoot = 1;

TEST_F(RecordedDiskTest, ASyncedFileWithoutASyncedNameIsLost) {
  OpenRoot(kRoot);
  Create(2, "a");
  Write(2, 0, "hello");
  Sync(2);
  EXPECT_EQ(Least(), RecordedDisk::Image());
  Sync(kRoot);
  EXPECT_EQ(Least(), (RecordedDisk::Image{{"a", "hello"}}));
}

TEST_F(RecordedDiskTest, ASyncedNameDoesNotKeepContent) {
  OpenRoot(kRoot);
  Create(2, "a");
  Write(2, 0, "hello");
  Sync(kRoot);
  EXPECT_EQ(Least(), (RecordedDisk::Image{{"a", ""}}));
}

TEST_F(RecordedDiskTest, ASyncCoversWhatWasThereWhenItBegan) {
  OpenRoot(kRoot);
  Create(2, "a");
  Sync(kRoot);
  Write(2, 0, "old");
  const std::uint64_t begin = BeginSync(2);
  Write(2, 0, "new");
  EndSync(2, begin);
  EXPECT_EQ(Least(), (RecordedDisk::Image{{"a", "old"}}));
  EXPECT_EQ(Images(CrashKeep::Data::kRandomSectors, CrashKeep::Names::kEverything),
            (std::set<RecordedDisk::Image>{{{"a", "old"}}, {{"a", "new"}}}));
}

TEST_F(RecordedDiskTest, AnySectorMayBeLostAndAnyKept) {
  OpenRoot(kRoot);
  Create(2, "a");
  Sync(kRoot);
  Write(2, 0, std::string(2 * kSectorBytes, 'x'));
  Sync(2);
  Write(2, 0, std::string(2 * kSectorBytes, 'y'));
  std::set<std::string> heads;
  for (const auto& image : Images(CrashKeep::Data::kRandomSectors, CrashKeep::Names::kNothing)) {
    const std::string& content = *image.at("a");
    heads.insert({content.front(), content.back()});
  }
  EXPECT_EQ(heads, (std::set<std::string>{"xx", "xy", "yx", "yy"}));
}

TEST_F(RecordedDiskTest, AFailedSyncKeepsNothingAndNeitherDoesALaterOne) {
  OpenRoot(kRoot);
  Create(2, "a");
  Sync(kRoot);
  Write(2, 0, "hello");
  EndSync(2, BeginSync(2), 5);
  Sync(2);
  EXPECT_EQ(Least(), (RecordedDisk::Image{{"a", ""}}));
  EXPECT_TRUE(disk_.FileAt("a")->sync_failed());
}

TEST_F(RecordedDiskTest, ARenameIsKeptWholeOrNotAtAll) {
  OpenRoot(kRoot);
  Create(2, "a");
  Write(2, 0, "1");
  Sync(2);
  Sync(kRoot);
  Rename("a", "b");
  EXPECT_EQ(Images(CrashKeep::Data::kNothing, CrashKeep::Names::kRandomSubset),
            (std::set<RecordedDisk::Image>{{{"a", "1"}}, {{"b", "1"}}}));
  EXPECT_FALSE(disk_.IsNameDurable("b"));
  Sync(kRoot);
  EXPECT_TRUE(disk_.IsNameDurable("b"));
}

TEST_F(RecordedDiskTest, AJournalKeepsTheEarlierOfTwoChangesWithTheLater) {
  OpenRoot(kRoot);
  Create(2, "a");
  Create(3, "b");
  EXPECT_EQ(Images(CrashKeep::Data::kNothing, CrashKeep::Names::kRandomPrefix),
            (std::set<RecordedDisk::Image>{{}, {{"a", ""}}, {{"a", ""}, {"b", ""}}}));
  EXPECT_EQ(Images(CrashKeep::Data::kNothing, CrashKeep::Names::kRandomSubset).size(), 4u);
}

TEST_F(RecordedDiskTest, AnUnsyncedRemovalMayComeBackAndAnUnsyncedDirectoryTakesItsFilesAlong) {
  OpenRoot(kRoot);
  Apply({.call = Call::kMakeDirectory, .path = "d"});
  Apply({.call = Call::kOpen, .file = 2, .path = "d"});
  Create(3, "d/a");
  Sync(2);
  EXPECT_EQ(Least(), RecordedDisk::Image());
  Sync(kRoot);
  EXPECT_EQ(Least(), (RecordedDisk::Image{{"d", std::nullopt}, {"d/a", ""}}));
  Apply({.call = Call::kUnlink, .path = "d/a"});
  EXPECT_EQ(Least(), (RecordedDisk::Image{{"d", std::nullopt}, {"d/a", ""}}));
  EXPECT_EQ(disk_.Visible(), (RecordedDisk::Image{{"d", std::nullopt}}));
}

TEST_F(RecordedDiskTest, GrownButLostSectorsReadAsZerosOrJunk) {
  OpenRoot(kRoot);
  Create(2, "a");
  Sync(kRoot);
  Apply({.call = Call::kResize, .file = 2, .offset = kSectorBytes});
  Write(2, 0, std::string(kSectorBytes, 'x'));
  bool zeros = false;
  bool junk = false;
  for (const auto& image : Images(CrashKeep::Data::kRandomSectors, CrashKeep::Names::kNothing)) {
    const std::string& content = *image.at("a");
    if (content.empty() || content == std::string(kSectorBytes, 'x')) continue;
    (content == std::string(kSectorBytes, '\0') ? zeros : junk) = true;
  }
  EXPECT_TRUE(zeros);
  EXPECT_TRUE(junk);
}

TEST_F(RecordedDiskTest, ATraceThatCannotBeIsNoticed) {
  EXPECT_NE(disk_.Apply({.order = 1, .call = Call::kUnlink, .path = "a"}), std::nullopt);
  EXPECT_NE(disk_.Apply({.order = 1, .call = Call::kWrite, .file = 7, .bytes = "x"}),
            std::nullopt);
  EXPECT_NE(disk_.Apply({.order = 1, .call = Call::kOpen, .file = 7, .path = "a"}), std::nullopt);
}

}  // namespace
}  // namespace firn::power
