#include "version/version_edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/coding.h"
#include "version/fake_table.h"

namespace firn {
namespace {

using ::testing::HasSubstr;
using testing::FakeMetadata;
using testing::MakeFakeTable;

std::string Encoded(const VersionEdit& edit) {
  std::string bytes;
  edit.EncodeTo(bytes);
  return bytes;
}

VersionEdit FullEdit() {
  VersionEdit edit;
  edit.next_file_number = 100;
  edit.next_run_id = 50;
  edit.next_keyspace_id = 9;
  edit.last_sequence = kSequenceMax;
  edit.replay_from = 1u << 30;
  edit.log_durable = (1u << 30) + 8;
  edit.incarnation = 3;
  edit.dropped = {7, 8};
  edit.created = {{5, "logs"}, {6, std::string(kKeyspaceNameBytesMax, 'n')}};
  edit.removed = {{0, 0, {1}, {11}}, {5, kLastLevel, {2}, {12}}};
  edit.added = {{0, 1, {40}, FakeMetadata(20, std::string("a\0b", 3), "b")},
                {5, kLastLevel, {41}, FakeMetadata(21, "", "")}};
  edit.added[0].metadata.upper_exclusive = true;
  edit.added[0].metadata.range_tombstones = 4;
  edit.flushed = {{0, 77}, {5, 0}};
  return edit;
}

TEST(VersionEdit, SurvivesARoundTripWithEveryField) {
  const VersionEdit edit = FullEdit();
  const auto decoded = VersionEdit::Decode(Encoded(edit));
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  EXPECT_EQ(*decoded, edit);
  EXPECT_EQ(Encoded(*decoded), Encoded(edit));

  const auto empty = VersionEdit::Decode("");
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ(*empty, VersionEdit{});
}

TEST(VersionEdit, DecodesATruncationToAnErrorOrToAShorterEdit) {
  const std::string bytes = Encoded(FullEdit());
  std::size_t accepted = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string cut = bytes.substr(0, size);
    const auto decoded = VersionEdit::Decode(cut);
    if (!decoded.ok()) {
      EXPECT_EQ(decoded.status().code(), StatusCode::kCorruption);
      continue;
    }
    ++accepted;
    EXPECT_EQ(Encoded(*decoded), cut);
  }
  EXPECT_EQ(accepted, 17u) << "only cuts between fields leave a valid edit";
}

TEST(VersionEdit, DecodesEveryFlippedBitToAnErrorOrToWhatTheBytesSay) {
  const std::string bytes = Encoded(FullEdit());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const auto decoded = VersionEdit::Decode(damaged);
    if (!decoded.ok()) continue;
    EXPECT_EQ(Encoded(*decoded), damaged) << "bit " << bit;
  }
}

std::string Field(std::uint16_t number, std::uint16_t flags, Slice payload) {
  std::string bytes;
  AppendFixed(bytes, number);
  AppendFixed(bytes, flags);
  AppendFixed(bytes, static_cast<std::uint32_t>(payload.size()));
  bytes.append(payload);
  return bytes;
}

TEST(VersionEdit, SkipsUnknownFieldsUnlessTheyMustBeUnderstood) {
  const std::string known = Encoded({.next_file_number = 5});
  const auto skipped = VersionEdit::Decode(known + Field(9, 0, "future"));
  ASSERT_TRUE(skipped.ok()) << skipped.status().ToString();
  EXPECT_EQ(skipped->next_file_number, 5u);

  const auto refused = VersionEdit::Decode(known + Field(9, 1, "future"));
  EXPECT_EQ(refused.status().code(), StatusCode::kNotSupported);
}

TEST(VersionEdit, RefusesWhatItWouldNotWrite) {
  const std::string number(8, '\1');
  const auto code = [](const std::string& bytes) {
    return VersionEdit::Decode(bytes).status().code();
  };
  EXPECT_EQ(code(Field(1, 1, number)), StatusCode::kOk);
  EXPECT_EQ(code(Field(1, 0, number)), StatusCode::kCorruption) << "missing must-understand bit";
  EXPECT_EQ(code(Field(1, 3, number)), StatusCode::kCorruption) << "undefined flag";
  EXPECT_EQ(code(Field(1, 1, number + "x")), StatusCode::kCorruption) << "too long";
  EXPECT_EQ(code(Field(1, 1, number) + Field(1, 1, number)), StatusCode::kCorruption) << "twice";
  EXPECT_EQ(code(Field(2, 1, number) + Field(1, 1, number)), StatusCode::kCorruption) << "order";
  EXPECT_EQ(code(Field(17, 1, std::string(4, '\0'))), StatusCode::kCorruption) << "empty name";
  EXPECT_EQ(code(Field(17, 1, std::string(4 + 256, 'n'))), StatusCode::kCorruption) << "long name";
  EXPECT_EQ(code(Field(4, 1, std::string(8, '\xFF'))), StatusCode::kCorruption) << "sequence";
}

TEST(VersionEdit, RefusesTablesThatCannotBe) {
  const auto refuses = [](const std::function<void(AddedTable&)>& change) {
    VersionEdit edit;
    edit.added = {{0, 1, {2}, FakeMetadata(3, "a", "b")}};
    change(edit.added[0]);
    return VersionEdit::Decode(Encoded(edit)).status().code() == StatusCode::kCorruption;
  };
  EXPECT_FALSE(refuses([](AddedTable&) {}));
  EXPECT_TRUE(refuses([](AddedTable& table) { table.level = kLevelsMax; }));
  EXPECT_TRUE(refuses([](AddedTable& table) { table.metadata.number = {}; }));
  EXPECT_TRUE(refuses([](AddedTable& table) { table.metadata.lower = "c"; }));
  EXPECT_TRUE(refuses([](AddedTable& table) { table.metadata.deletes = 11; }));
  EXPECT_TRUE(refuses([](AddedTable& table) { table.metadata.sequence_min = 1000; }));
  EXPECT_TRUE(refuses([](AddedTable& table) { table.metadata.sequence_max = kSequenceMax + 1; }));
  EXPECT_TRUE(refuses([](AddedTable& table) {
    table.metadata.upper = "a";
    table.metadata.upper_exclusive = true;
  }));
}

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

TEST(Apply, AddsMovesAndRemovesTablesAndLeavesTheBaseAlone) {
  const auto empty = MakeEmptyVersion();
  const auto flushed = Applied(
      empty, {.added = {{0, 0, {1}, FakeMetadata(1, "a", "c")}, {0, 0, {1}, FakeMetadata(2, "d", "f")}},
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

TEST(Apply, OrdersRunsOfALevelNewestFirst) {
  auto version = MakeEmptyVersion();
  for (std::uint64_t i = 1; i <= 3; ++i) {
    version = Applied(version, {.added = {{0, 0, {i}, FakeMetadata(i, "a", "z")}}});
  }
  const auto& runs = version->FindTree(0)->levels[0];
  ASSERT_EQ(runs.size(), 3u);
  EXPECT_EQ(runs[0]->id, RunId{3});
  EXPECT_EQ(runs[2]->id, RunId{1});
}

TEST(Apply, SharesUntouchedTreesAndRuns) {
  auto base = Applied(MakeEmptyVersion(),
                      {.created = {{1, "one"}},
                       .added = {{0, 0, {1}, FakeMetadata(1, "a", "b")},
                                 {1, 0, {2}, FakeMetadata(2, "a", "b")}}});
  const auto next = Applied(base, {.added = {{0, 0, {3}, FakeMetadata(3, "a", "b")}}});
  EXPECT_EQ(next->FindTree(1), base->FindTree(1));
  EXPECT_EQ(next->FindTree(0)->levels[0][1], base->FindTree(0)->levels[0][0]);
}

TEST(Apply, CreatesRenamesAndDropsKeyspaces) {
  const auto created = Applied(MakeEmptyVersion(), {.created = {{1, "one"}, {2, "two"}}});
  EXPECT_EQ(created->keyspaces.size(), 3u);
  const auto swapped = Applied(created, {.created = {{1, "two"}, {2, "one"}}});
  EXPECT_EQ(swapped->keyspaces.Find(1)->name, "two");
  const auto dropped = Applied(swapped, {.dropped = {1}, .created = {{3, "two"}}});
  EXPECT_EQ(dropped->keyspaces.Find(1), nullptr);
  EXPECT_EQ(dropped->keyspaces.Find(3)->name, "two");
}

TEST(Apply, RefusesEditsThatDoNotFitAndSaysWhy) {
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
  EXPECT_THAT(Refusal(base, {.flushed = {{0, 18}}}), HasSubstr("goes backwards"));
  EXPECT_THAT(Refusal(base, {.flushed = {{5, 18}}}), HasSubstr("keyspace 5"));
}

}  // namespace
}  // namespace firn
