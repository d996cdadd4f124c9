// What every FileSystem must do, as typed tests (env/file_system.h says it in words).
//
// A disk under test is a default-constructible type with
//   FileSystem& file_system();   std::string root();   // an empty, writable directory
// and one line: INSTANTIATE_TYPED_TEST_SUITE_P(Name, FileSystemContract, Disk);
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "env/file_system.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace firn::testing {

template <typename Disk>
class FileSystemContract : public ::testing::Test {
 protected:
  FileSystem& fs() { return disk_.file_system(); }
  std::string Path(const std::string& name) { return disk_.root() + "/" + name; }

  void WriteFile(const std::string& name, Slice content) {
    auto file = fs().CreateFile(Path(name));
    ASSERT_TRUE(file.ok()) << file.status().ToString();
    ASSERT_TRUE((*file)->Append(content).ok());
    ASSERT_TRUE((*file)->Close().ok());
  }
  std::string Content(const std::string& name) {
    auto content = fs().ReadFile(Path(name), 1 << 20);
    EXPECT_TRUE(content.ok()) << content.status().ToString();
    return content.ok() ? *content : std::string();
  }

 private:
  Disk disk_;
};

TYPED_TEST_SUITE_P(FileSystemContract);

TYPED_TEST_P(FileSystemContract, AppendsAreReadBackInOrder) {
  auto file = this->fs().CreateFile(this->Path("a"));
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->Append("one").ok());
  ASSERT_TRUE((*file)->Append("").ok());
  ASSERT_TRUE((*file)->Append(std::string("t\0o", 3)).ok());
  ASSERT_TRUE((*file)->SyncData().ok());
  EXPECT_EQ(this->Content("a"), std::string("onet\0o", 6));
  EXPECT_TRUE((*file)->Close().ok());
  EXPECT_TRUE((*file)->Close().ok()) << "closing twice is harmless";
}

TYPED_TEST_P(FileSystemContract, CreatingAnExistingFileIsAConflictAndKeepsIt) {
  this->WriteFile("a", "kept");
  EXPECT_EQ(this->fs().CreateFile(this->Path("a")).status().code(), StatusCode::kConflict);
  EXPECT_EQ(this->fs().CreateSegment(this->Path("a"), 4096, SegmentBackend::kMapped)
                .status().code(), StatusCode::kConflict);
  EXPECT_EQ(this->Content("a"), "kept");
}

TYPED_TEST_P(FileSystemContract, MissingNamesAreNotFoundAndTheMessageNamesThePath) {
  const std::string path = this->Path("missing");
  FileSystem& fs = this->fs();
  const std::vector<Status> answers = {
      fs.OpenFile(path).status(), fs.ReadFile(path, 10).status(),
      fs.ReopenSegment(path, SegmentBackend::kPositioned).status(),
      fs.OpenDirectory(path).status(), fs.List(path).status(), fs.FileSize(path).status(),
      fs.FreeSpace(path).status(), fs.Rename(path, this->Path("b")), fs.Remove(path),
      fs.RemoveDirectory(path), fs.Link(path, this->Path("b")),
      fs.CreateFile(path + "/below").status(), fs.Lock(path + "/below").status(),
      fs.CreateDirectory(path + "/below")};
  for (const Status& answer : answers) {
    EXPECT_EQ(answer.code(), StatusCode::kNotFound) << answer.ToString();
    EXPECT_THAT(std::string(answer.message()), ::testing::HasSubstr(path));
  }
}

TYPED_TEST_P(FileSystemContract, PositionedReadsAreExactOrNameTheOffset) {
  this->WriteFile("a", "0123456789");
  auto file = this->fs().OpenFile(this->Path("a"));
  ASSERT_TRUE(file.ok());
  EXPECT_EQ((*file)->Size().value(), 10u);
  std::string bytes(4, '\0');
  ASSERT_TRUE((*file)->ReadAt(6, bytes).ok());
  EXPECT_EQ(bytes, "6789");
  EXPECT_TRUE((*file)->ReadAt(10, {}).ok());
  for (const std::uint64_t offset : {7u, 10u, 1000u}) {
    const Status status = (*file)->ReadAt(offset, bytes);
    EXPECT_EQ(status.code(), StatusCode::kCorruption);
    EXPECT_THAT(std::string(status.message()),
                ::testing::HasSubstr("at offset " + std::to_string(offset)));
  }
}

TYPED_TEST_P(FileSystemContract, ReadFileRefusesWhatIsLongerThanAllowed) {
  this->WriteFile("a", "0123456789");
  EXPECT_EQ(this->fs().ReadFile(this->Path("a"), 10).value(), "0123456789");
  EXPECT_EQ(this->fs().ReadFile(this->Path("a"), 9).status().code(), StatusCode::kCorruption);
}

TYPED_TEST_P(FileSystemContract, SegmentsStartAsZerosAndKeepTheirSize) {
  constexpr std::uint64_t kBytes = 300'001;  // neither whole pages nor whole write chunks
  for (const auto backend : {SegmentBackend::kMapped, SegmentBackend::kPositioned}) {
    const std::string name = backend == SegmentBackend::kMapped ? "mapped" : "positioned";
    auto segment = this->fs().CreateSegment(this->Path(name), kBytes, backend);
    ASSERT_TRUE(segment.ok()) << segment.status().ToString();
    EXPECT_EQ((*segment)->size(), kBytes);
    EXPECT_EQ((*segment)->mapping() != nullptr, backend == SegmentBackend::kMapped);
    ASSERT_TRUE((*segment)->WriteAt(kBytes - 3, "end").ok());
    ASSERT_TRUE((*segment)->SyncData().ok());
    ASSERT_TRUE((*segment)->Close().ok());
    EXPECT_EQ(this->fs().FileSize(this->Path(name)).value(), kBytes);
    EXPECT_EQ(this->Content(name), std::string(kBytes - 3, '\0') + "end");
  }
}

TYPED_TEST_P(FileSystemContract, MappedStoresAndPositionedWritesSeeEachOther) {
  auto segment = this->fs().CreateSegment(this->Path("a"), 100'000, SegmentBackend::kMapped);
  ASSERT_TRUE(segment.ok());
  char* const mapping = (*segment)->mapping();
  (*segment)->Populate(5, 50'000);
  mapping[70'000] = 'm';
  ASSERT_TRUE((*segment)->WriteAt(70'001, "w").ok());
  EXPECT_EQ(mapping[70'001], 'w');
  EXPECT_EQ(this->Content("a").substr(70'000, 2), "mw");
  (*segment)->Release(0, 100'000);
  EXPECT_EQ(mapping[70'000], 'm') << "releasing pages loses nothing";
  (*segment)->Release(99'999, 1'000'000);  // hints are cut to the file
  (*segment)->Populate(100'000, 1);
  ASSERT_TRUE((*segment)->Close().ok());
  EXPECT_EQ(this->Content("a").substr(70'000, 2), "mw");
}

TYPED_TEST_P(FileSystemContract, ReopenedSegmentsKeepContentAndSize) {
  this->WriteFile("a", "old content");
  for (const auto backend : {SegmentBackend::kMapped, SegmentBackend::kPositioned}) {
    auto segment = this->fs().ReopenSegment(this->Path("a"), backend);
    ASSERT_TRUE(segment.ok());
    EXPECT_EQ((*segment)->size(), 11u);
    ASSERT_TRUE((*segment)->WriteAt(0, "new").ok());
    ASSERT_TRUE((*segment)->Close().ok());
    EXPECT_EQ(this->Content("a"), "new content");
  }
  this->WriteFile("empty", "");
  EXPECT_EQ(this->fs().ReopenSegment(this->Path("empty"), SegmentBackend::kMapped)
                .status().code(), StatusCode::kCorruption);
  EXPECT_EQ(this->fs().CreateSegment(this->Path("b"), 0, SegmentBackend::kMapped)
                .status().code(), StatusCode::kInvalidArgument);
}

TYPED_TEST_P(FileSystemContract, DirectoriesAreListedSortedAndRemovedWhenEmpty) {
  ASSERT_TRUE(this->fs().CreateDirectory(this->Path("d")).ok());
  ASSERT_TRUE(this->fs().CreateDirectory(this->Path("d")).ok()) << "creating twice is ok";
  this->WriteFile("d/b", "");
  this->WriteFile("d/a", "");
  EXPECT_THAT(this->fs().List(this->Path("d")).value(), ::testing::ElementsAre("a", "b"));
  EXPECT_EQ(this->fs().RemoveDirectory(this->Path("d")).code(), StatusCode::kIo);
  ASSERT_TRUE(this->fs().Remove(this->Path("d/a")).ok());
  ASSERT_TRUE(this->fs().Remove(this->Path("d/b")).ok());
  auto handle = this->fs().OpenDirectory(this->Path("d"));
  ASSERT_TRUE(handle.ok());
  EXPECT_TRUE((*handle)->Sync().ok());
  EXPECT_TRUE(this->fs().RemoveDirectory(this->Path("d")).ok());
  EXPECT_EQ(this->fs().List(this->Path("d")).status().code(), StatusCode::kNotFound);
}

TYPED_TEST_P(FileSystemContract, AFileIsNoDirectoryAndADirectoryNoFile) {
  this->WriteFile("f", "x");
  ASSERT_TRUE(this->fs().CreateDirectory(this->Path("d")).ok());
  EXPECT_EQ(this->fs().CreateDirectory(this->Path("f")).code(), StatusCode::kConflict);
  EXPECT_EQ(this->fs().OpenDirectory(this->Path("f")).status().code(), StatusCode::kIo);
  EXPECT_EQ(this->fs().List(this->Path("f")).status().code(), StatusCode::kIo);
  EXPECT_EQ(this->fs().OpenFile(this->Path("d")).status().code(), StatusCode::kIo);
  EXPECT_EQ(this->fs().FileSize(this->Path("d")).status().code(), StatusCode::kIo);
  EXPECT_EQ(this->fs().Remove(this->Path("d")).code(), StatusCode::kIo);
  EXPECT_EQ(this->fs().RemoveDirectory(this->Path("f")).code(), StatusCode::kIo);
  EXPECT_EQ(this->fs().Rename(this->Path("f"), this->Path("d")).code(), StatusCode::kIo);
}

TYPED_TEST_P(FileSystemContract, RenameReplacesItsTarget) {
  this->WriteFile("a", "new");
  this->WriteFile("b", "old");
  auto old = this->fs().OpenFile(this->Path("b"));
  ASSERT_TRUE(old.ok());
  ASSERT_TRUE(this->fs().Rename(this->Path("a"), this->Path("b")).ok());
  EXPECT_EQ(this->Content("b"), "new");
  EXPECT_EQ(this->fs().FileSize(this->Path("a")).status().code(), StatusCode::kNotFound);
  std::string bytes(3, '\0');
  EXPECT_TRUE((*old)->ReadAt(0, bytes).ok()) << "an open file outlives its name";
  EXPECT_EQ(bytes, "old");
}

TYPED_TEST_P(FileSystemContract, LinksShareContentAndAreRemovedOneByOne) {
  this->WriteFile("a", "shared");
  this->WriteFile("taken", "");
  ASSERT_TRUE(this->fs().Link(this->Path("a"), this->Path("b")).ok());
  EXPECT_EQ(this->fs().Link(this->Path("a"), this->Path("taken")).code(), StatusCode::kConflict);
  ASSERT_TRUE(this->fs().Remove(this->Path("a")).ok());
  EXPECT_EQ(this->Content("b"), "shared");
}

TYPED_TEST_P(FileSystemContract, ALockIsExclusiveUntilReleasedAndItsFileStays) {
  auto lock = this->fs().Lock(this->Path("LOCK"));
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(this->fs().Lock(this->Path("LOCK")).status().code(), StatusCode::kBusy);
  ASSERT_TRUE(this->fs().Link(this->Path("LOCK"), this->Path("alias")).ok());
  EXPECT_EQ(this->fs().Lock(this->Path("alias")).status().code(), StatusCode::kBusy);
  EXPECT_TRUE(this->fs().Lock(this->Path("OTHER")).ok());
  *lock = nullptr;
  EXPECT_TRUE(this->fs().FileSize(this->Path("LOCK")).ok());
  EXPECT_TRUE(this->fs().Lock(this->Path("LOCK")).ok());
}

TYPED_TEST_P(FileSystemContract, FreeSpaceIsKnown) {
  EXPECT_GT(this->fs().FreeSpace(this->Path("")).value(), 0u);
}

REGISTER_TYPED_TEST_SUITE_P(
    FileSystemContract, AppendsAreReadBackInOrder, CreatingAnExistingFileIsAConflictAndKeepsIt,
    MissingNamesAreNotFoundAndTheMessageNamesThePath, PositionedReadsAreExactOrNameTheOffset,
    ReadFileRefusesWhatIsLongerThanAllowed, SegmentsStartAsZerosAndKeepTheirSize,
    MappedStoresAndPositionedWritesSeeEachOther, ReopenedSegmentsKeepContentAndSize,
    DirectoriesAreListedSortedAndRemovedWhenEmpty, AFileIsNoDirectoryAndADirectoryNoFile,
    RenameReplacesItsTarget, LinksShareContentAndAreRemovedOneByOne,
    ALockIsExclusiveUntilReleasedAndItsFileStays, FreeSpaceIsKnown);

}  // namespace firn::testing
