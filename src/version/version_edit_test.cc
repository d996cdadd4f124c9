#include "version/version_edit.h"

#include <gtest/gtest.h>

#include "base/coding.h"
#include "testing/fake_table.h"

namespace firn {
namespace {

using testing::FakeMetadata;

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

}  // namespace
}  // namespace firn
