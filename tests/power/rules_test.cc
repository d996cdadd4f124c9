// The rule checker against hand-made traces that break one rule each.
#include "power/rules.h"

#include <gtest/gtest.h>

#include "format/record.h"
#include "table/table_settings.h"
#include "version/manifest_format.h"
#include "wal/log_format.h"

namespace firn::power {
namespace {

constexpr DatabaseId kDatabase = {1, 2};
constexpr FileNumber kManifest{2};
constexpr FileNumber kTable{5};
constexpr FileId kFolder = 1;

std::string ManifestHeaderBytes(FileNumber number) {
  return EncodeManifestHeader({.database = kDatabase, .number = number, .incarnation = 1});
}

// `edit` as a record that stands at `offset`.
std::string EditRecord(const VersionEdit& edit, FileNumber manifest, std::uint64_t offset) {
  std::string payload;
  edit.EncodeTo(payload);
  std::string record(RecordBytes(payload.size()), '\0');
  const Slice parts[] = {payload};
  EncodeRecord(record.data(), offset, {kDatabase, manifest}, {.type = kEditRecordType}, parts);
  return record;
}

VersionEdit Adding(FileNumber number, std::uint64_t bytes) {
  VersionEdit edit;
  edit.added.push_back({.level = 0, .run = RunId{1},
                        .metadata = {.number = number, .file_bytes = bytes, .lower = "a",
                                     .upper = "b"}});
  return edit;
}

class RulesTest : public ::testing::Test {
 protected:
  // The first rule that is broken; empty: none was.
  std::string Apply(Event event) {
    event.order = ++order_;
    const auto finding = rules_.Check(event);
    const auto impossible = disk_.Apply(event);
    EXPECT_EQ(impossible, std::nullopt);
    return finding.value_or("");
  }
  FileId Create(const std::string& path) {
    const FileId file = ++last_file_;
    EXPECT_EQ(Apply({.call = Call::kOpen, .created = true, .file = file, .path = path}), "");
    return file;
  }
  std::string Write(FileId file, std::uint64_t offset, const std::string& bytes) {
    return Apply({.call = Call::kWrite, .file = file, .offset = offset, .bytes = bytes});
  }
  std::string Sync(FileId file, int error = 0) {
    const std::string begun = Apply({.call = Call::kSyncBegin, .file = file});
    const std::uint64_t begin = order_;
    Apply({.call = Call::kSyncEnd, .error = error, .file = file, .offset = begin});
    return begun;
  }
  void OpenFolder() { EXPECT_EQ(Apply({.call = Call::kOpen, .file = kFolder}), ""); }
  std::string Rename(const std::string& from, const std::string& to) {
    return Apply({.call = Call::kRename, .path = from, .target = to});
  }
  std::string Unlink(const std::string& path) {
    return Apply({.call = Call::kUnlink, .path = path});
  }

  // A live manifest with `edit` as its snapshot.
  FileId MakeManifest(FileNumber number, const VersionEdit& edit) {
    const FileId manifest = Create(ManifestFileName(number));
    const std::string header = ManifestHeaderBytes(number);
    const std::string bytes = header + EditRecord(edit, number, header.size());
    EXPECT_EQ(Write(manifest, 0, bytes), "");
    manifest_bytes_ = bytes.size();
    Sync(manifest);
    Sync(kFolder);
    return manifest;
  }
  std::string MakeCurrent(FileNumber number, bool synced = true) {
    const FileId pointer = Create(CurrentTemporaryName(number));
    EXPECT_EQ(Write(pointer, 0, EncodeCurrent({.manifest = number, .database = kDatabase})), "");
    if (synced) Sync(pointer);
    return Rename(CurrentTemporaryName(number), std::string(kCurrentFileName));
  }
  void MakeTable(std::size_t bytes) {
    const FileId table = Create(TableFileName(kTable));
    Write(table, 0, std::string(bytes, 't'));
    Sync(table);
    Sync(kFolder);
  }

  RecordedDisk disk_;
  RuleChecker rules_{disk_};
  std::uint64_t order_ = 0;
  FileId last_file_ = kFolder;
  std::size_t manifest_bytes_ = 0;
};

TEST_F(RulesTest, TheRightOrderBreaksNone) {
  OpenFolder();
  const FileId manifest = MakeManifest(kManifest, {});
  EXPECT_EQ(MakeCurrent(kManifest), "");
  Sync(kFolder);
  MakeTable(100);
  EXPECT_EQ(Write(manifest, manifest_bytes_,
                  EditRecord(Adding(kTable, 100), kManifest, manifest_bytes_)), "");
  EXPECT_EQ(Apply({.call = Call::kMark, .bytes = "made "}), "");
}

TEST_F(RulesTest, D1SeesATableThatIsNotSynced) {
  OpenFolder();
  const FileId manifest = MakeManifest(kManifest, {});
  MakeCurrent(kManifest);
  Sync(kFolder);
  const FileId table = Create(TableFileName(kTable));
  Write(table, 0, std::string(100, 't'));
  Sync(kFolder);
  const std::string edit = EditRecord(Adding(kTable, 100), kManifest, manifest_bytes_);
  EXPECT_NE(Write(manifest, manifest_bytes_, edit).find("not synced"), std::string::npos);
}

TEST_F(RulesTest, D1SeesATableWhoseNameIsNotSynced) {
  OpenFolder();
  const FileId manifest = MakeManifest(kManifest, {});
  MakeCurrent(kManifest);
  Sync(kFolder);
  const FileId table = Create(TableFileName(kTable));
  Write(table, 0, std::string(100, 't'));
  Sync(table);
  const std::string edit = EditRecord(Adding(kTable, 100), kManifest, manifest_bytes_);
  EXPECT_NE(Write(manifest, manifest_bytes_, edit).find("name is not synced"),
            std::string::npos);
}

TEST_F(RulesTest, M4SeesAPointerOrAManifestThatIsNotSynced) {
  OpenFolder();
  MakeManifest(kManifest, {});
  EXPECT_NE(MakeCurrent(kManifest, false).find("M4"), std::string::npos);
  const FileNumber next{3};
  const FileId manifest = Create(ManifestFileName(next));
  Write(manifest, 0, ManifestHeaderBytes(next));
  Sync(manifest);
  EXPECT_NE(MakeCurrent(next).find("M4"), std::string::npos);
}

TEST_F(RulesTest, F2SeesARemovalThatAPowerLossWouldRegret) {
  OpenFolder();
  MakeTable(100);
  MakeManifest(kManifest, Adding(kTable, 100));
  EXPECT_EQ(MakeCurrent(kManifest), "");
  Sync(kFolder);
  const FileNumber next{7};
  MakeManifest(next, {});
  EXPECT_EQ(MakeCurrent(next), "");
  // The switch is not durable yet.
  EXPECT_NE(Unlink(TableFileName(kTable)).find("F2"), std::string::npos);
  EXPECT_NE(Unlink(ManifestFileName(kManifest)).find("F2"), std::string::npos);
}

TEST_F(RulesTest, F2LetsGoWhatADurableSwitchHasDropped) {
  OpenFolder();
  MakeTable(100);
  MakeManifest(kManifest, Adding(kTable, 100));
  MakeCurrent(kManifest);
  Sync(kFolder);
  const FileNumber next{7};
  MakeManifest(next, {});
  MakeCurrent(next);
  Sync(kFolder);
  EXPECT_EQ(Unlink(TableFileName(kTable)), "");
  EXPECT_EQ(Unlink(ManifestFileName(kManifest)), "");
}

TEST_F(RulesTest, E1SeesAnyUseBehindAFailedSync) {
  OpenFolder();
  const FileId file = Create("000009.log");
  Write(file, 0, "x");
  EXPECT_EQ(Sync(file, 5), "");
  EXPECT_NE(Sync(file).find("E1"), std::string::npos);
  EXPECT_NE(Write(file, 1, "y").find("E1"), std::string::npos);
}

class SegmentRulesTest : public RulesTest {
 protected:
  FileId MakeSegment(FileNumber number) {
    const FileId file = Create(SegmentFileName(number));
    Write(file, 0, std::string(1024, '\0'));
    std::string header(kSegmentHeaderBytes, '\0');
    EncodeSegmentHeader(header.data(), {kDatabase, number, 1});
    EXPECT_EQ(Write(file, 0, header), "");
    return file;
  }
  std::string Use(FileId file, FileNumber number, const LogChain& chain) {
    std::string payload(kChainPayloadBytes, '\0');
    EncodeChain(payload.data(), chain);
    std::string record(kChainRecordBytes, '\0');
    const Slice parts[] = {payload};
    EncodeRecord(record.data(), kSegmentHeaderBytes, {kDatabase, number},
                 {.type = static_cast<std::uint8_t>(LogRecordType::kChain)}, parts);
    return Write(file, kSegmentHeaderBytes, record);
  }
};

TEST_F(SegmentRulesTest, W4SeesASegmentUsedBeforeItsHeaderOrNameIsSynced) {
  OpenFolder();
  const FileId first = MakeSegment(FileNumber{9});
  EXPECT_NE(Use(first, FileNumber{9}, {1, FileNumber{}}).find("header"), std::string::npos);
  const FileId second = MakeSegment(FileNumber{10});
  Sync(second);
  EXPECT_NE(Use(second, FileNumber{10}, {1, FileNumber{}}).find("name"), std::string::npos);
  const FileId third = MakeSegment(FileNumber{11});
  Sync(third);
  Sync(kFolder);
  EXPECT_EQ(Use(third, FileNumber{11}, {1, FileNumber{}}), "");
}

TEST_F(SegmentRulesTest, W9SeesASegmentRemovedThatIsStillReplayed) {
  OpenFolder();
  VersionEdit snapshot;
  snapshot.replay_from = 500;
  MakeManifest(kManifest, snapshot);
  MakeCurrent(kManifest);
  Sync(kFolder);
  for (const std::uint64_t number : {9u, 10u, 11u}) {
    const FileId file = MakeSegment(FileNumber{number});
    Sync(file);
    Sync(kFolder);
    const FileNumber before{number == 9 ? 0 : number - 1};
    EXPECT_EQ(Use(file, FileNumber{number}, {(number - 8) * 400, before}), "");
  }
  EXPECT_NE(Unlink(SegmentFileName(FileNumber{9})).find("W9"), std::string::npos);
  EXPECT_NE(Rename(SegmentFileName(FileNumber{10}), SegmentFileName(FileNumber{12})).find("W9"),
            std::string::npos);
}

}  // namespace
}  // namespace firn::power
