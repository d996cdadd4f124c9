// Damages a small table in every place and requires that all the rest of it is read, and that the
// report of what is lost is exact.
#include "table/table_salvage.h"

#include <algorithm>
#include <map>

#include "table/table_fixture.h"

namespace firn::testing {
namespace {

constexpr const char* kPath = "/000001.table";
constexpr std::size_t kEntries = 200;
constexpr std::size_t kBlockEntries = 12;  // more than any block of the specimen has

struct Salvaged {
  std::unique_ptr<SalvagedTable> table;
  std::map<std::string, std::string> entries;
};

class TableSalvage : public ::testing::TestWithParam<Compression> {
 protected:
  void SetUp() override {
    for (std::size_t i = 0; i < kEntries; ++i) {
      const std::string key = "key" + std::to_string(1000 + i);
      set_.Put(key, key + std::string(40, static_cast<char>('a' + i % 26)), i + 1);
    }
    const TableSettings settings{
        .block_bytes = 500, .partition_blocks = 4, .compression = GetParam()};
    const auto metadata = fixture_.Write(FileNumber{1}, set_.Sorted(), settings, {{"a", "b", 9}});
    ASSERT_TRUE(metadata.ok()) << metadata.status().ToString();
    metadata_ = *metadata;
    bytes_ = *fixture_.file_system().ReadFile(kPath, 1 << 20);
  }

  void Change(const std::function<void(std::string&)>& change) {
    fixture_.files().CloseAll();
    ASSERT_TRUE(fixture_.file_system().Corrupt(kPath, change).ok());
  }
  Salvaged Survey(const TableMetadata* known = nullptr) {
    Salvaged salvaged{SalvagedTable::Survey(fixture_.context(), FileNumber{1}, known), {}};
    const auto cursor = salvaged.table->NewCursor();
    EXPECT_TRUE(cursor->SeekToFirst().ok());
    EntryBatch batch;
    while (cursor->Next(batch, 7).ok() && batch.count > 0) {
      for (std::size_t i = 0; i < batch.count; ++i) {
        salvaged.entries.emplace(batch.entries[i].key, batch.entries[i].value);
      }
    }
    EXPECT_EQ(salvaged.entries.size(), salvaged.table->entries());
    return salvaged;
  }
  // Every entry is there as written, or is in the key range of a loss; the counts add up. Returns
  // how many are missing.
  std::size_t ExpectExact(const Salvaged& salvaged, const std::string& when) {
    std::size_t missing = 0;
    for (const Entry& entry : set_.Sorted()) {
      const auto found = salvaged.entries.find(std::string(entry.key));
      if (found != salvaged.entries.end()) {
        EXPECT_EQ(found->second, entry.value) << when;
        continue;
      }
      ++missing;
      const auto holds = [&](const TableLoss& loss) {
        return !loss.tombstones && (!loss.after || *loss.after < entry.key) &&
               (!loss.before || *loss.before > entry.key);
      };
      EXPECT_TRUE(std::ranges::any_of(salvaged.table->losses(), holds)) << when << entry.key;
    }
    std::uint64_t counted = 0;
    bool known = true;
    for (const TableLoss& loss : salvaged.table->losses()) {
      counted += loss.entries.value_or(0);
      known = known && (loss.tombstones || loss.entries);
    }
    EXPECT_TRUE(!known || counted == missing) << when << counted << " counted, " << missing;
    return missing;
  }

  TableFixture fixture_;
  EntrySet set_;
  TableMetadata metadata_;
  std::string bytes_;
};

TEST_P(TableSalvage, AWholeTableHasNoLosses) {
  const Salvaged salvaged = Survey();
  EXPECT_EQ(ExpectExact(salvaged, ""), 0u);
  EXPECT_TRUE(salvaged.table->losses().empty());
  EXPECT_TRUE(salvaged.table->index_status().ok());
  EXPECT_EQ(salvaged.table->first_key(), "key1000");
  EXPECT_EQ(salvaged.table->last_key(), "key1199");
  ASSERT_EQ(salvaged.table->tombstones().size(), 1u);
  EXPECT_EQ(salvaged.table->tombstones()[0].end, "b");
}

TEST_P(TableSalvage, AFlippedByteAnywhereLosesNoMoreThanItsBlock) {
  std::size_t harmless = 0;
  for (std::size_t offset = 0; offset < bytes_.size(); ++offset) {
    const auto flip = [&](std::string& bytes) {
      bytes[offset] = static_cast<char>(bytes[offset] ^ 0x04);
    };
    Change(flip);
    const Salvaged salvaged = Survey();
    const std::string when = "offset " + std::to_string(offset) + " ";
    const std::size_t missing = ExpectExact(salvaged, when);
    ASSERT_LT(missing, kBlockEntries) << when;
    if (missing == 0) ++harmless;
    // What is not lost as data is noticed all the same.
    const bool noticed =
        !salvaged.table->losses().empty() || !salvaged.table->index_status().ok();
    ASSERT_TRUE(noticed) << when;
    Change(flip);
  }
  EXPECT_GT(harmless, 0u) << "footer, top and partitions are found without each other";
}

TEST_P(TableSalvage, ACutTableGivesEverythingBeforeTheCut) {
  for (std::size_t length = 0; length < bytes_.size(); length += 7) {
    Change([&](std::string& bytes) { bytes = bytes_.substr(0, length); });
    const Salvaged salvaged = Survey(&metadata_);
    const std::size_t missing = ExpectExact(salvaged, "length " + std::to_string(length) + " ");
    const std::size_t share = kEntries * (bytes_.size() - length) / bytes_.size();
    // Index blocks lie between the data, so shares are not exact.
    ASSERT_LE(missing, share + 2 * kBlockEntries) << length;
    ASSERT_FALSE(salvaged.table->losses().empty() && salvaged.table->index_status().ok())
        << length;
  }
}

TEST_P(TableSalvage, ALostStretchInTheMiddleIsOneLossBetweenItsNeighbours) {
  Change([&](std::string& bytes) { bytes.replace(bytes.size() / 3, 700, 700, '\0'); });
  const Salvaged salvaged = Survey();
  const std::size_t missing = ExpectExact(salvaged, "");
  EXPECT_GT(missing, 0u);
  ASSERT_EQ(salvaged.table->losses().size(), 1u);
  const TableLoss& loss = salvaged.table->losses().front();
  EXPECT_EQ(loss.entries, missing);
  EXPECT_LE(loss.offset, bytes_.size() / 3);
  EXPECT_GE(loss.end, bytes_.size() / 3 + 700);
  EXPECT_EQ(std::stoi(loss.before->substr(3)) - std::stoi(loss.after->substr(3)),
            static_cast<int>(missing) + 1);
}

TEST_P(TableSalvage, ATableWithoutItsEndIsLostFromThereOn) {
  const std::size_t cut = bytes_.size() * 2 / 3;
  Change([&](std::string& bytes) {
    bytes.resize(cut);
    bytes.resize(bytes_.size(), '\0');
  });
  const Salvaged salvaged = Survey();
  EXPECT_GT(ExpectExact(salvaged, ""), 0u);
  ASSERT_FALSE(salvaged.table->losses().empty());
  const TableLoss& loss = salvaged.table->losses().back();
  EXPECT_LE(loss.offset, cut);
  EXPECT_EQ(loss.end, bytes_.size());
  EXPECT_FALSE(loss.entries.has_value()) << "nobody is left to count";
  EXPECT_EQ(loss.after, salvaged.table->last_key());
  EXPECT_FALSE(loss.before.has_value());
}

TEST_P(TableSalvage, LostRangeTombstonesAreSaid) {
  const std::size_t at = bytes_.find("\x09\x01\x01" "ab");
  ASSERT_NE(at, std::string::npos);
  Change([&](std::string& bytes) { bytes[at] ^= 1; });
  const Salvaged salvaged = Survey();
  EXPECT_EQ(ExpectExact(salvaged, ""), 0u);
  ASSERT_EQ(salvaged.table->losses().size(), 1u);
  EXPECT_TRUE(salvaged.table->losses().front().tombstones);
}

TEST_P(TableSalvage, AMissingFileIsLostAsAWhole) {
  ASSERT_TRUE(fixture_.file_system().Remove(kPath).ok());
  const Salvaged salvaged = Survey(&metadata_);
  EXPECT_TRUE(salvaged.table->empty());
  ASSERT_EQ(salvaged.table->losses().size(), 2u);
  EXPECT_EQ(salvaged.table->losses()[0].entries, kEntries);
  EXPECT_TRUE(salvaged.table->losses()[1].tombstones);
}

TEST_P(TableSalvage, BytesOfAnotherStoreAreNotBelieved) {
  TableContext other = fixture_.context();
  other.database.low ^= 1;
  const auto table = SalvagedTable::Survey(other, FileNumber{1}, nullptr);
  EXPECT_TRUE(table->empty());
  const Slice footer = Slice(bytes_).substr(bytes_.size() - kFooterBytes);
  const auto identity = IdentifyTable(footer, bytes_.size());
  ASSERT_TRUE(identity.has_value());
  EXPECT_EQ(identity->database, kTestDatabase);
  EXPECT_EQ(identity->number, FileNumber{1});
}

INSTANTIATE_TEST_SUITE_P(Codecs, TableSalvage,
                         ::testing::Values(Compression::kNone, Compression::kLz4,
                                           Compression::kZstd),
                         [](const auto& codec) {
                           switch (codec.param) {
                             case Compression::kNone: return "Plain";
                             case Compression::kLz4: return "Lz4";
                             default: return "Zstd";
                           }
                         });

}  // namespace
}  // namespace firn::testing
