#include "version/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include "base/coding.h"
#include "sim/memory_file_system.h"
#include "testing/manifest_store.h"

namespace firn {
namespace {

using namespace firn::testing;  // NOLINT: the helpers of this folder's manifest tests
using ::testing::HasSubstr;

TEST(Manifest, ReadsBackTheSnapshotAndEveryEdit) {
  ManifestStore store;
  EXPECT_EQ(ReadFakes(store.files()).status().code(), StatusCode::kNotFound);
  store.Create(2);
  EXPECT_EQ(Dump(*ReadFakes(store.files())), Dump(store.state()));
  for (int step = 0; step < 20; ++step) {
    ASSERT_TRUE(store.Apply(ScriptedEdit(store.state(), step)).ok());
    const auto read = ReadFakes(store.files());
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    ASSERT_EQ(Dump(*read), Dump(store.state())) << "step " << step;
  }
  EXPECT_GT(store.state().version->FindTree(0)->table_count(), 3u);
  const auto before = store.state();
  store.Create(500);
  const auto read = ReadFakes(store.files());
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->manifest, FileNumber{500});
  EXPECT_EQ(read->next_file_number, 501u);
  EXPECT_EQ(Dump(*read->version), Dump(*before.version));
}

TEST(Manifest, DeliversTheDatabaseIdBeforeItMakesTables) {
  ManifestStore store;
  store.Create(2);
  ASSERT_TRUE(store.Apply(ScriptedEdit(store.state(), 0)).ok());
  DatabaseId seen;
  std::size_t made = 0;
  const auto read = ReadManifest(store.files(), "/", [&](const DatabaseId& database) {
    seen = database;
    EXPECT_EQ(made, 0u);
    return [&made](TableMetadata metadata) {
      ++made;
      return MakeFakeTable(std::move(metadata));
    };
  });
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(seen, kTestDatabase);
  EXPECT_EQ(made, read->version->FindTree(0)->table_count());
}

TEST(Manifest, ReadsEveryTruncationAsADroppedLastEditOrRefusesIt) {
  ManifestStore store;
  store.Create(2);
  std::vector<std::string> states = {Dump(store.state())};
  std::vector<std::uint64_t> ends = {store.writer().bytes()};
  for (int step = 0; step < 4; ++step) {
    ASSERT_TRUE(store.Apply(ScriptedEdit(store.state(), step)).ok());
    states.push_back(Dump(store.state()));
    ends.push_back(store.writer().bytes());
  }
  const std::string whole = store.ManifestBytes();
  ASSERT_EQ(whole.size(), ends.back());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    store.ReplaceManifest(whole.substr(0, size));
    const auto read = ReadFakes(store.files());
    // Padding behind a payload carries nothing.
    std::size_t complete = 0;
    while (complete < ends.size() && ends[complete] < size + kRecordAlignment) ++complete;
    if (!read.ok()) {
      EXPECT_LT(size, ends[0]) << read.status().ToString();
      EXPECT_EQ(read.status().code(), StatusCode::kCorruption);
      continue;
    }
    ASSERT_GT(complete, 0u);
    const std::string dump = Dump(*read);
    EXPECT_TRUE(dump == states[complete - 1] || (complete > 1 && dump == states[complete - 2]))
        << "size " << size;
  }
}

TEST(Manifest, FindsEveryFlippedBitOutsideTheLastEdit) {
  ManifestStore store;
  store.Create(2);
  ASSERT_TRUE(store.Apply(ScriptedEdit(store.state(), 0)).ok());
  const std::uint64_t last_edit = store.writer().bytes();
  const std::string before = Dump(store.state());
  ASSERT_TRUE(store.Apply(ScriptedEdit(store.state(), 1)).ok());
  const std::string after = Dump(store.state());
  const std::string whole = store.ManifestBytes();
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    store.ReplaceManifest(damaged);
    const auto read = ReadFakes(store.files());
    if (!read.ok()) {
      ASSERT_LT(bit / 8, last_edit);
      ASSERT_EQ(read.status().code(), StatusCode::kCorruption) << read.status().ToString();
    } else if (bit / 8 < last_edit) {
      // Only padding, which no checksum covers and no reader looks at, may differ unnoticed.
      ASSERT_EQ(Dump(*read), after) << "bit " << bit;
    } else {
      ASSERT_TRUE(Dump(*read) == before || Dump(*read) == after) << "bit " << bit;
    }
  }
}

TEST(Manifest, FindsEveryFlippedBitAndTruncationOfCurrent) {
  ManifestStore store;
  store.Create(2);
  const auto content = store.files().ReadFile("/CURRENT", kCurrentBytesMax);
  ASSERT_TRUE(content.ok());
  for (std::size_t bit = 0; bit < content->size() * 8; ++bit) {
    std::string damaged = *content;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    store.ReplaceCurrent(damaged);
    const StatusCode code = ReadFakes(store.files()).status().code();
    EXPECT_TRUE(code == StatusCode::kCorruption || code == StatusCode::kNotSupported);
  }
  for (std::size_t size = 0; size < content->size(); ++size) {
    store.ReplaceCurrent(content->substr(0, size));
    EXPECT_EQ(ReadFakes(store.files()).status().code(), StatusCode::kCorruption) << size;
  }
}

TEST(Manifest, TakesAHoleBeforeALaterEditForCorruptionNotForATornTail) {
  ManifestStore store;
  store.Create(2);
  const std::uint64_t first = store.writer().bytes();
  ASSERT_TRUE(store.Apply(ScriptedEdit(store.state(), 0)).ok());
  const std::uint64_t second = store.writer().bytes();
  ASSERT_TRUE(store.Apply(ScriptedEdit(store.state(), 1)).ok());
  std::string damaged = store.ManifestBytes();
  std::fill(damaged.begin() + static_cast<std::ptrdiff_t>(first),
            damaged.begin() + static_cast<std::ptrdiff_t>(second), '\0');
  store.ReplaceManifest(damaged);
  const auto read = ReadFakes(store.files());
  EXPECT_EQ(read.status().code(), StatusCode::kCorruption);
  EXPECT_THAT(read.status().ToString(), HasSubstr("edit 2 is damaged but was made durable"));
  EXPECT_THAT(read.status().ToString(), HasSubstr("MANIFEST-000002, offset"));
}

// What a lost write of the past leaves behind: it proves nothing about what came after it.
TEST(Manifest, AnEarlierEditBehindATornTailProvesNothing) {
  ManifestStore store;
  store.Create(2);
  ASSERT_TRUE(store.Apply(ScriptedEdit(store.state(), 0)).ok());
  const std::string whole = store.ManifestBytes();
  const std::string torn(64, 't');
  const RecordHeader earlier = {.type = kEditRecordType, .first_sequence = 1, .incarnation = 1};
  store.ReplaceManifest(whole + torn +
                        store.ForgedRecord(whole.size() + torn.size(), earlier, ""));
  const auto read = ReadFakes(store.files());
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(Dump(*read), Dump(store.state()));
  RecordHeader later = earlier;
  later.first_sequence = 4;
  store.ReplaceManifest(whole + torn + store.ForgedRecord(whole.size() + torn.size(), later, ""));
  EXPECT_EQ(ReadFakes(store.files()).status().code(), StatusCode::kCorruption);
}

// Each edit alone fits; only the whole does not.
TEST(Manifest, RefusesTablesThatOverlapOrStandInTwoPlaces) {
  const auto reading = [](const VersionEdit& edit) {
    ManifestStore store;
    store.Create(2);
    const std::string whole = store.ManifestBytes();
    std::string payload;
    edit.EncodeTo(payload);
    const RecordHeader header = {.type = kEditRecordType,
                                 .first_sequence = 2,
                                 .incarnation = 1,
                                 .durable_position = whole.size()};
    store.ReplaceManifest(whole + store.ForgedRecord(whole.size(), header, payload));
    return ReadFakes(store.files()).status();
  };
  const VersionEdit apart = {.added = {{0, 0, {1}, FakeMetadata(5, "a", "c")},
                                       {0, 0, {1}, FakeMetadata(6, "d", "f")}}};
  EXPECT_TRUE(reading(apart).ok());
  const Status overlap = reading({.added = {{0, 0, {1}, FakeMetadata(5, "a", "d")},
                                            {0, 0, {1}, FakeMetadata(6, "c", "f")}}});
  EXPECT_EQ(overlap.code(), StatusCode::kCorruption);
  EXPECT_THAT(overlap.ToString(), HasSubstr("MANIFEST-000002, offset"));
  const Status twice = reading({.added = {{0, 0, {1}, FakeMetadata(5, "a", "d")},
                                          {0, 1, {2}, FakeMetadata(5, "a", "d")}}});
  EXPECT_EQ(twice.code(), StatusCode::kCorruption);
  EXPECT_THAT(twice.ToString(), HasSubstr("MANIFEST-000002, offset"));
}

TEST(Manifest, RefusesTheManifestOfAnotherStoreOrNumber) {
  ManifestStore store;
  store.Create(2);
  const std::string header = EncodeManifestHeader(
      {.must_understand = 0, .may_ignore = 0, .database = {9, 9}, .number = {2}, .incarnation = 1});
  const std::string whole = store.ManifestBytes();
  store.ReplaceManifest(header + whole.substr(header.size()));
  EXPECT_THAT(ReadFakes(store.files()).status().ToString(), HasSubstr("another store"));

  store.ReplaceManifest(whole);
  store.ReplaceCurrent(EncodeCurrent({{3}, kTestDatabase}));
  EXPECT_THAT(ReadFakes(store.files()).status().ToString(), HasSubstr("is missing"));
  EXPECT_EQ(ReadFakes(store.files()).status().code(), StatusCode::kCorruption);
}

TEST(Manifest, RefusesUnknownFeaturesThatMustBeUnderstood) {
  ManifestStore store;
  store.Create(2);
  const std::string body = store.ManifestBytes().substr(kManifestHeaderBytes);
  ManifestHeader header = {.must_understand = 0,
                           .may_ignore = 1,
                           .database = kTestDatabase,
                           .number = {2},
                           .incarnation = 1};
  store.ReplaceManifest(EncodeManifestHeader(header) + body);
  EXPECT_TRUE(ReadFakes(store.files()).ok());
  header.must_understand = 1;
  store.ReplaceManifest(EncodeManifestHeader(header) + body);
  EXPECT_EQ(ReadFakes(store.files()).status().code(), StatusCode::kNotSupported);
  store.ReplaceCurrent("firn current 2\nwhatever");
  EXPECT_EQ(ReadFakes(store.files()).status().code(), StatusCode::kNotSupported);
}

TEST(ApplyToState, RefusesNumbersThatGoBackwardsAndLeavesTheStateAlone) {
  ManifestState state = TestState();
  ASSERT_TRUE(
      ApplyToState(state, {.next_file_number = 10, .last_sequence = 5}, MakeFakeTable).ok());
  const std::string before = Dump(state);
  const auto refused = [&](const VersionEdit& edit) {
    const Status status = ApplyToState(state, edit, MakeFakeTable);
    return status.code() == StatusCode::kCorruption && Dump(state) == before;
  };
  EXPECT_TRUE(refused({.next_file_number = 9}));
  EXPECT_TRUE(refused({.last_sequence = 4}));
  EXPECT_TRUE(refused({.incarnation = 0}));
  EXPECT_TRUE(refused({.next_file_number = 20, .dropped = {3}})) << "all or nothing";
}

TEST(ApplyToState, NeverLetsAUsedNumberBeGivenOutAgain) {
  ManifestState state = TestState();
  ASSERT_TRUE(
      ApplyToState(state,
                   {.created = {{8, "eight"}}, .added = {{8, 0, {30}, FakeMetadata(40, "a", "b")}}},
                   MakeFakeTable)
          .ok());
  EXPECT_EQ(state.next_file_number, 41u);
  EXPECT_EQ(state.next_run_id, 31u);
  EXPECT_EQ(state.next_keyspace_id, 9u);
  EXPECT_EQ(state.last_sequence, 409u);
}

// The example of docs/format/manifest.md; a change here is a change of the format.
TEST(Manifest, NamesOfKeyspacesAreReadAroundDamage) {
  ManifestStore store;
  store.Create(2);
  const std::uint64_t first = store.ManifestBytes().size();
  const auto create = [&](KeyspaceId id, const std::string& name) {
    VersionEdit edit;
    edit.created = {{id, name}};
    ASSERT_TRUE(store.Apply(edit).ok());
  };
  create(1, "one");
  create(2, "two");
  create(1, "renamed");
  VersionEdit drop;
  drop.dropped = {2};
  ASSERT_TRUE(store.Apply(drop).ok());
  const auto names = [&] {
    return SalvageKeyspaceNames(store.files(), "/", {2}, kTestDatabase);
  };
  using Names = std::map<KeyspaceId, std::string>;
  EXPECT_EQ(names(), (Names{{0, "default"}, {1, "renamed"}}));
  std::string damaged = store.ManifestBytes();
  damaged[first + 50] ^= 1;
  damaged[3] ^= 1;
  store.ReplaceManifest(damaged);
  EXPECT_FALSE(ReadFakes(store.files()).ok());
  EXPECT_EQ(names(), (Names{{0, "default"}, {1, "renamed"}})) << "one creation was lost";
  EXPECT_TRUE(SalvageKeyspaceNames(store.files(), "/", {3}, kTestDatabase).empty());
  const std::string forged = store.ForgedRecord(
      damaged.size(), {.type = kEditRecordType, .first_sequence = 6}, "no version edit");
  store.ReplaceManifest(damaged + forged);
  EXPECT_EQ(names(), (Names{{0, "default"}, {1, "renamed"}})) << "a record, and no edit";
}

TEST(Manifest, KeepsItsBytes) {
  ManifestStore store;
  store.Create(2);
  VersionEdit flush;
  flush.next_file_number = 6;
  flush.added = {{0, 0, {1}, FakeMetadata(5, "apple", "plum")}};
  flush.flushed = {{0, 59}};
  ASSERT_TRUE(store.Apply(flush).ok());
  EXPECT_EQ(*store.files().ReadFile("/CURRENT", kCurrentBytesMax),
            "firn current 1\n"
            "manifest MANIFEST-000002\n"
            "database 0102030405060708 1112131415161718\n"
            "features 0000000000000000 0000000000000000\n"
            "checksum 3005c9ba6d0ea64f\n");
  EXPECT_EQ(HexDump(store.ManifestBytes()),
            "66 69 72 6e 6d 61 6e 69 01 00 00 00 01 00 00 00\n"
            "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
            "08 07 06 05 04 03 02 01 18 17 16 15 14 13 12 11\n"
            "02 00 00 00 00 00 00 00 83 67 43 b6 aa 9a d9 27\n"
            "dd 42 a4 d0 91 77 28 70 8f 00 00 00 01 6b 29 66\n"
            "01 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00\n"
            "00 00 00 00 00 00 00 00 01 00 01 00 08 00 00 00\n"
            "03 00 00 00 00 00 00 00 02 00 01 00 08 00 00 00\n"
            "01 00 00 00 00 00 00 00 03 00 01 00 04 00 00 00\n"
            "01 00 00 00 04 00 01 00 08 00 00 00 00 00 00 00\n"
            "00 00 00 00 05 00 01 00 08 00 00 00 00 00 00 00\n"
            "00 00 00 00 06 00 01 00 08 00 00 00 00 00 00 00\n"
            "00 00 00 00 07 00 01 00 04 00 00 00 01 00 00 00\n"
            "11 00 01 00 0b 00 00 00 00 00 00 00 64 65 66 61\n"
            "75 6c 74 14 00 01 00 0c 00 00 00 00 00 00 00 00\n"
            "00 00 00 00 00 00 00 00 ba 97 7d 8d c2 29 aa a1\n"
            "9d 00 00 00 01 16 e3 e5 02 00 00 00 00 00 00 00\n"
            "00 00 00 00 01 00 00 00 f8 00 00 00 00 00 00 00\n"
            "01 00 01 00 08 00 00 00 06 00 00 00 00 00 00 00\n"
            "13 00 01 00 71 00 00 00 00 00 00 00 00 00 00 00\n"
            "01 00 00 00 00 00 00 00 05 00 00 00 00 00 00 00\n"
            "ed 03 00 00 00 00 00 00 69 6c 74 7c 9f 60 15 17\n"
            "0a 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00\n"
            "00 00 00 00 00 00 00 00 64 00 00 00 00 00 00 00\n"
            "84 03 00 00 00 00 00 00 32 00 00 00 00 00 00 00\n"
            "3b 00 00 00 00 00 00 00 05 00 00 00 04 00 00 00\n"
            "61 70 70 6c 65 70 6c 75 6d 14 00 01 00 0c 00 00\n"
            "00 00 00 00 00 3b 00 00 00 00 00 00 00 00 00 00\n");
}

}  // namespace
}  // namespace firn
