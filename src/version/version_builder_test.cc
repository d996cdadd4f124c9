#include "version/version_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/fake_table.h"

namespace firn {
namespace {

using testing::FakeMetadata;
using ::testing::HasSubstr;
using testing::MakeFakeTable;

std::shared_ptr<const Version> Applied(const std::shared_ptr<const Version>& base,
                                       const VersionEdit& edit) {
  auto version = Apply(*base, edit, MakeFakeTable);
  EXPECT_TRUE(version.ok()) << version.status().ToString();
  return version.ok() ? *version : base;
}

std::string Refusal(const std::shared_ptr<const Version>& base, const VersionEdit& edit) {
  const auto version = Apply(*base, edit, MakeFakeTable);
  EXPECT_FALSE(version.ok());
  EXPECT_EQ(version.status().code(), StatusCode::kCorruption);
  return version.status().ToString();
}

TEST(VersionBuilder, AddsMovesAndRemovesTablesAndLeavesTheBaseAlone) {
  const auto empty = MakeEmptyVersion();
  const auto flushed = Applied(empty, {.added = {{0, 0, {1}, FakeMetadata(1, "a", "c")},
                                                 {0, 0, {1}, FakeMetadata(2, "d", "f")}},
                                       .flushed = {{0, 29}}});
  ASSERT_EQ(flushed->FindTree(0)->levels[0].size(), 1u);
  EXPECT_EQ(flushed->FindTree(0)->levels[0][0]->tables.size(), 2u);
  EXPECT_EQ(flushed->FindTree(0)->flushed, 29u);
  EXPECT_EQ(empty->FindTree(0)->run_count(), 0u);

  const auto moved = Applied(flushed, {.removed = {{0, 0, {1}, {2}}},
                                       .added = {{0, kLastLevel, {2}, FakeMetadata(2, "d", "f")}}});
  const Tree& tree = *moved->FindTree(0);
  ASSERT_EQ(tree.run_count(), 2u);
  EXPECT_EQ(tree.last_run()->tables[0], flushed->FindTree(0)->levels[0][0]->tables[1])
      << "a moved table keeps its reader";
  EXPECT_EQ(tree.levels[0][0]->tables[0], flushed->FindTree(0)->levels[0][0]->tables[0]);

  const auto emptied = Applied(moved, {.removed = {{0, 0, {1}, {1}}, {0, kLastLevel, {2}, {2}}}});
  EXPECT_EQ(emptied->FindTree(0)->run_count(), 0u) << "runs without tables go away";
}

TEST(VersionBuilder, OrdersRunsOfALevelNewestFirst) {
  auto version = MakeEmptyVersion();
  for (std::uint64_t i = 1; i <= 3; ++i) {
    version = Applied(version, {.added = {{0, 0, {i}, FakeMetadata(i, "a", "z")}}});
  }
  const auto& runs = version->FindTree(0)->levels[0];
  ASSERT_EQ(runs.size(), 3u);
  EXPECT_EQ(runs[0]->id, RunId{3});
  EXPECT_EQ(runs[2]->id, RunId{1});
}

TEST(VersionBuilder, SharesUntouchedTreesAndRuns) {
  auto base = Applied(MakeEmptyVersion(), {.created = {{1, "one"}},
                                           .added = {{0, 0, {1}, FakeMetadata(1, "a", "b")},
                                                     {1, 0, {2}, FakeMetadata(2, "a", "b")}}});
  const auto next = Applied(base, {.added = {{0, 0, {3}, FakeMetadata(3, "a", "b")}}});
  EXPECT_EQ(next->FindTree(1), base->FindTree(1));
  EXPECT_EQ(next->FindTree(0)->levels[0][1], base->FindTree(0)->levels[0][0]);
}

TEST(VersionBuilder, CreatesRenamesAndDropsKeyspaces) {
  const auto created = Applied(MakeEmptyVersion(), {.created = {{1, "one"}, {2, "two"}}});
  EXPECT_EQ(created->keyspaces.size(), 3u);
  const auto swapped = Applied(created, {.created = {{1, "two"}, {2, "one"}}});
  EXPECT_EQ(swapped->keyspaces.Find(1)->name, "two");
  const auto dropped = Applied(swapped, {.dropped = {1}, .created = {{3, "two"}}});
  EXPECT_EQ(dropped->keyspaces.Find(1), nullptr);
  EXPECT_EQ(dropped->keyspaces.Find(3)->name, "two");
}

TEST(VersionBuilder, RefusesEditsThatDoNotFitAndSaysWhy) {
  const auto base = Applied(MakeEmptyVersion(), {.created = {{1, "one"}},
                                                 .added = {{0, 0, {1}, FakeMetadata(1, "a", "c")}},
                                                 .flushed = {{0, 19}}});
  EXPECT_THAT(Refusal(base, {.removed = {{0, 0, {1}, {9}}}}), HasSubstr("table 9 (keyspace 0"));
  EXPECT_THAT(Refusal(base, {.removed = {{0, 0, {2}, {1}}}}), HasSubstr("run 2"));
  EXPECT_THAT(Refusal(base, {.removed = {{0, 1, {1}, {1}}}}), HasSubstr("level 1"));
  EXPECT_THAT(Refusal(base, {.removed = {{4, 0, {1}, {1}}}}), HasSubstr("keyspace 4"));
  EXPECT_THAT(Refusal(base, {.added = {{4, 0, {2}, FakeMetadata(2, "a", "b")}}}),
              HasSubstr("keyspace 4"));
  EXPECT_THAT(Refusal(base, {.added = {{0, 0, {1}, FakeMetadata(2, "b", "d")}}}),
              HasSubstr("V1: table 1 and table 2"));
  EXPECT_THAT(Refusal(base, {.added = {{0, 0, {1}, FakeMetadata(1, "a", "c")}}}),
              HasSubstr("table 1"));
  EXPECT_THAT(Refusal(base, {.added = {{0, 7, {2}, FakeMetadata(2, "a", "b")},
                                       {0, 7, {3}, FakeMetadata(3, "c", "d")}}}),
              HasSubstr("V3"));
  EXPECT_THAT(Refusal(base, {.removed = {{0, 0, {1}, {1}}},
                             .added = {{0, 1, {2}, FakeMetadata(1, "a", "d")}}}),
              HasSubstr("moves with different metadata"));
  EXPECT_THAT(Refusal(base, {.dropped = {9}}), HasSubstr("keyspace 9 does not exist"));
  EXPECT_THAT(Refusal(base, {.dropped = {0}}), HasSubstr("the default keyspace"));
  EXPECT_THAT(Refusal(base, {.dropped = {1}, .created = {{1, "x"}}}), HasSubstr("keyspace 1"));
  EXPECT_THAT(Refusal(base, {.created = {{2, "one"}}}), HasSubstr("name already in use"));
  EXPECT_THAT(Refusal(base, {.created = {{2, ""}}}), HasSubstr("empty or overlong"));
  EXPECT_THAT(Refusal(base, {.created = {{2, std::string(kKeyspaceNameBytesMax + 1, 'n')}}}),
              HasSubstr("empty or overlong"));
  EXPECT_THAT(Refusal(base, {.created = {{2, "one"}, {3, "one"}}}), HasSubstr("keyspace 2 takes"))
      << "the first of two";
  EXPECT_THAT(Refusal(base, {.removed = {{0, kLevelsMax, {1}, {1}}}}), HasSubstr("not there"));
  EXPECT_THAT(Refusal(base, {.added = {{0, kLevelsMax, {2}, FakeMetadata(2, "a", "b")}}}),
              HasSubstr("has no place"));
  EXPECT_THAT(Refusal(base, {.flushed = {{0, 18}}}), HasSubstr("goes backwards"));
  EXPECT_THAT(Refusal(base, {.flushed = {{5, 18}}}), HasSubstr("keyspace 5"));
}

// A manifest is replayed through one builder: only what is left at the end gets a reader.
TEST(VersionBuilder, MakesNoReaderForATableThatALaterEditRemoves) {
  VersionBuilder builder(*MakeEmptyVersion());
  ASSERT_TRUE(builder.Add({.added = {{0, 0, {1}, FakeMetadata(1, "a", "c")}}}).ok());
  ASSERT_TRUE(builder.Add({.added = {{0, 0, {2}, FakeMetadata(2, "a", "c")}}}).ok());
  ASSERT_TRUE(builder.Add({.removed = {{0, 0, {1}, {1}}}}).ok());
  std::vector<std::uint64_t> made;
  const auto version = builder.Finish([&](TableMetadata metadata) {
    made.push_back(metadata.number.value);
    return MakeFakeTable(std::move(metadata));
  });
  ASSERT_TRUE(version.ok());
  EXPECT_EQ(made, std::vector<std::uint64_t>{2});
  EXPECT_EQ((*version)->FindTree(0)->run_count(), 1u);
}

}  // namespace
}  // namespace firn
