// The pieces of a table that have rules of their own: key columns, fences, tags, filters, and the
// structure checks behind the checksums (which random damage never gets to).
#include <gtest/gtest.h>

#include <random>

#include "base/hash.h"
#include "table/block.h"
#include "table/block_builder.h"
#include "table/block_codec.h"
#include "table/fences.h"
#include "table/filter.h"
#include "table/partition.h"
#include "table/table_properties.h"
#include "table/tag_match.h"
#include "table/tombstone_block.h"

namespace firn::testing {
namespace {

TEST(TagMatch, AgreesWithALoopForEveryCountAndTag) {
  std::mt19937 random(3);
  for (std::size_t count = 1; count <= 64; ++count) {
    std::array<char, 64 + 16> tags;
    for (char& tag : tags) tag = static_cast<char>(random() % 5 - 2);
    for (int wanted = -3; wanted <= 3; ++wanted) {
      std::uint64_t expected = 0;
      for (std::size_t i = 0; i < count; ++i) {
        if (tags[i] == static_cast<char>(wanted)) expected |= std::uint64_t{1} << i;
      }
      const auto tag = static_cast<std::uint8_t>(wanted);
      ASSERT_EQ(MatchTags(tags.data(), count, tag), expected);
      ASSERT_EQ(MatchTagsPortable(tags.data(), count, tag), expected);
    }
  }
}

TEST(Separator, IsShortAndLiesBetween) {
  std::vector<std::string> keys = {"", "a", "ab", "abc", "abcdef", "abd", "abf", "b", "ba"};
  keys.push_back(std::string(1, '\0'));
  for (const char* start : {"", "a", "b"}) {
    for (std::size_t ones = 1; ones <= 3; ++ones) {
      keys.push_back(start + std::string(ones, '\xFF'));
      keys.push_back(start + std::string(ones, '\xFF') + "x");
    }
    keys.push_back(std::string(start) + '\xFE');
  }
  std::sort(keys.begin(), keys.end());
  std::string buffer;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(Separator(keys[i], keys[i], buffer), keys[i]);
    for (std::size_t j = i + 1; j < keys.size(); ++j) {
      const Slice separator = Separator(keys[i], keys[j], buffer);
      EXPECT_GE(separator, keys[i]);
      EXPECT_LT(separator, keys[j]);
      EXPECT_LE(separator.size(), keys[i].size());
    }
  }
  EXPECT_EQ(Separator("abcdefgh", "abzz", buffer), "abd");
  EXPECT_EQ(Separator("abcdefgh", "abd", buffer), "abce");
}

TEST(Fences, BoundsAgreeWithASortedArray) {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> fences;
    const std::string prefix(random() % 12, 'p');
    const std::size_t count = 1 + random() % 40;
    for (std::size_t i = 0; i < count; ++i) {
      std::string fence = prefix;
      const std::size_t length = random() % 14;
      for (std::size_t j = 0; j < length; ++j) fence += static_cast<char>(random() % 3 * 127);
      fences.push_back(fence);
    }
    std::sort(fences.begin(), fences.end());
    FenceBuilder builder;
    for (const std::string& fence : fences) builder.Add(fence);
    std::string section;
    builder.AppendTo(section);
    KeyColumn column;
    ASSERT_EQ(ParseFences(section, count, &column), nullptr);
    const auto probe = [&](const std::string& key) {
      const auto lower = std::lower_bound(fences.begin(), fences.end(), key) - fences.begin();
      const auto upper = std::upper_bound(fences.begin(), fences.end(), key) - fences.begin();
      ASSERT_EQ(column.LowerBound(key), static_cast<std::size_t>(lower));
      ASSERT_EQ(column.UpperBound(key), static_cast<std::size_t>(upper));
    };
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(column.Key(i), fences[i]);
      ASSERT_TRUE(column.Equals(i, fences[i]));
      ASSERT_FALSE(column.Equals(i, fences[i] + '\0'));
      ASSERT_NO_FATAL_FAILURE(probe(fences[i]));
      ASSERT_NO_FATAL_FAILURE(probe(fences[i] + '\0'));
      ASSERT_NO_FATAL_FAILURE(probe(fences[i].substr(0, fences[i].size() / 2)));
      ASSERT_NO_FATAL_FAILURE(probe(fences[i] + "\xff"));
    }
    ASSERT_NO_FATAL_FAILURE(probe(""));
    ASSERT_NO_FATAL_FAILURE(probe("zzz"));
  }
}

std::string Filter(const std::vector<std::uint64_t>& hashes, std::uint32_t bits) {
  std::string filter(FilterBytes(hashes.size(), bits), '\0');
  BuildFilter(hashes, bits, filter.data());
  return filter;
}

// Found by the corruption sweep under the undefined-behaviour sanitizer: a scan that starts at no
// key at all, an empty Slice without an address, handed that address to memcmp.
TEST(Fences, AnEmptyKeyWithoutAnAddressIsBeforeEveryFence) {
  FenceBuilder builder;
  builder.Add("prefix-a");
  builder.Add("prefix-b");
  std::string section;
  builder.AppendTo(section);
  KeyColumn fences;
  ASSERT_EQ(ParseFences(section, 2, &fences), nullptr);
  EXPECT_EQ(fences.LowerBound(Slice()), 0u);
  EXPECT_EQ(fences.UpperBound(Slice()), 0u);
}

TEST(Filter, NeverMissesAKeyAndRarelyInventsOne) {
  constexpr int kKeys = 20000;
  std::vector<std::uint64_t> hashes;
  for (int i = 0; i < kKeys; ++i) hashes.push_back(KeyHash("key" + std::to_string(i)));
  const std::string bytes = Filter(hashes, 10);
  EXPECT_LE(bytes.size(), kKeys * 10 / 8 + 2 * kFilterLineBytes);
  FilterView filter;
  ASSERT_TRUE(FilterView::Parse(bytes, &filter));
  for (const std::uint64_t hash : hashes) ASSERT_TRUE(filter.MayContain(hash));
  int invented = 0;
  for (int i = 0; i < kKeys; ++i) {
    if (filter.MayContain(KeyHash("absent" + std::to_string(i)))) ++invented;
  }
  EXPECT_LT(invented, kKeys * 15 / 1000);
  EXPECT_GT(invented, 0);
}

TEST(Filter, OfAnUnknownTypeVersionOrSeedIsIgnored) {
  const std::string good = Filter({KeyHash("present")}, 10);
  FilterView filter;
  ASSERT_TRUE(FilterView::Parse(good, &filter));
  EXPECT_FALSE(filter.MayContain(KeyHash("absent")));
  for (const std::size_t field : {0u, 1u, 8u}) {
    std::string other = good;
    other[field] = 99;
    ASSERT_TRUE(FilterView::Parse(other, &filter));
    EXPECT_FALSE(filter.active());
    EXPECT_TRUE(filter.MayContain(KeyHash("absent")));
  }
}

TEST(Filter, OfAnImpossibleSizeIsRefused) {
  const std::string good = Filter({1, 2, 3}, 10);
  FilterView filter;
  EXPECT_FALSE(FilterView::Parse(good.substr(0, good.size() - 1), &filter));
  EXPECT_FALSE(FilterView::Parse(good.substr(0, 10), &filter));
  std::string lines = good;
  lines[4] = 2;
  EXPECT_FALSE(FilterView::Parse(lines, &filter));
  std::string probes = good;
  probes[3] = 60;
  EXPECT_FALSE(FilterView::Parse(probes, &filter));
}

std::string EncodeBlock(const std::vector<Entry>& entries) {
  BlockBuilder builder;
  for (const Entry& entry : entries) builder.Add(entry, KeyHash(entry.key));
  return std::string(builder.EncodeFront()) + std::string(builder.values());
}

TEST(Block, FindsByTagOnlyWhatMatchesTheWholeKey) {
  std::vector<std::string> keys;
  for (int i = 100; i < 164; ++i) keys.push_back("prefix" + std::to_string(i) + "suffix");
  std::vector<Entry> entries;
  for (const std::string& key : keys) entries.push_back({key, key, 5, EntryKind::kPut});
  const std::string bytes = EncodeBlock(entries);
  ASSERT_EQ(BlockView::Check(bytes), nullptr);
  const BlockView block(bytes.data());
  EXPECT_TRUE(block.TagsMatch());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(block.Find(keys[i], KeyHash(keys[i]), kSequenceMax), i);
    EXPECT_EQ(block.Find(keys[i], KeyHash(keys[i]), 4), block.count());
    // The right tag with another key.
    EXPECT_EQ(block.Find(keys[i] + "x", KeyHash(keys[i]), kSequenceMax), block.count());
    EXPECT_EQ(block.Find(keys[i].substr(1), KeyHash(keys[i]), kSequenceMax), block.count());
  }
}

TEST(Block, OffsetsAroundTheLargestOfSixteenBitsComeBack) {
  const std::string key = "key";
  const std::size_t front = EncodeBlock({{key, "", 5, EntryKind::kPut}}).size();
  for (std::size_t bytes = 0xFFFF - 3; bytes <= 0x10000 + 3; ++bytes) {
    const std::string value(bytes - front, 'v');
    const std::string encoded = EncodeBlock({{key, value, 5, EntryKind::kPut}});
    ASSERT_EQ(BlockView::Check(encoded), nullptr) << bytes;
    EXPECT_EQ(BlockView(encoded.data()).value(0), value) << bytes;
  }
}

// Damage that carries a right checksum: the structure checks alone must keep reads inside the
// block.
TEST(Block, CheckRefusesOrSurvivesEveryDamagedByteAndTruncation) {
  const std::vector<Entry> entries = {{"", "empty", 9, EntryKind::kPut},
                                      {"a", "", 8, EntryKind::kDelete},
                                      {"a", "old", 3, EntryKind::kPut},
                                      {"abcdefghijk", "tail", 7, EntryKind::kPut}};
  const std::string good = EncodeBlock(entries);
  ASSERT_EQ(BlockView::Check(good), nullptr);
  std::size_t read = 0;
  const auto probe = [&read](const std::string& bytes) {
    // An exact copy on the heap: a sanitizer sees any read outside.
    const std::vector<char> exact(bytes.begin(), bytes.end());
    if (BlockView::Check({exact.data(), exact.size()}) != nullptr) return;
    const BlockView block(exact.data());
    for (std::size_t i = 0; i < block.count(); ++i) {
      read += block.keys().Key(i).size();
      for (const char byte : block.value(i)) read += static_cast<unsigned char>(byte);
      read += block.sequence(i) + static_cast<std::size_t>(block.kind(i));
    }
  };
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(value);
      probe(bytes);
    }
    EXPECT_NE(BlockView::Check(good.substr(0, at)), nullptr) << at;
  }
  EXPECT_GT(read, 0u);
}

TEST(Block, CheckRefusesWrongOrderKindAndSequence) {
  const auto check = [](std::vector<Entry> entries) {
    return BlockView::Check(EncodeBlock(entries)) == nullptr;
  };
  EXPECT_TRUE(check({{"a", "", 2, EntryKind::kPut}, {"a", "", 1, EntryKind::kPut}}));
  EXPECT_FALSE(check({{"a", "", 1, EntryKind::kPut}, {"a", "", 2, EntryKind::kPut}}));
  EXPECT_FALSE(check({{"a", "", 1, EntryKind::kPut}, {"a", "", 1, EntryKind::kPut}}));
  EXPECT_FALSE(check({{"a", "value", 1, EntryKind::kDelete}}));
  EXPECT_FALSE(check({{"a", "", 1, EntryKind::kMerge}}));
  EXPECT_FALSE(check({{"a", "", 1, EntryKind::kRangeDelete}}));
  EXPECT_FALSE(check({{"a", "", kSequenceMax + 1, EntryKind::kPut}}));
  EXPECT_TRUE(check({{"a", "", kSequenceMax, EntryKind::kPut}, {"b", "", 0, EntryKind::kPut}}));
}

TEST(Partition, ParseRefusesOrSurvivesEveryDamagedByteAndTruncation) {
  PartitionBuilder builder(10);
  std::uint64_t offset = 0;
  for (int i = 0; i < 3; ++i) {
    const BlockHandle handle{.offset = offset, .stored_bytes = 100, .raw_bytes = 100};
    builder.AddBlock(handle, 2);
    builder.AddFence("fence" + std::to_string(i));
    builder.AddKeyHash(KeyHash(std::to_string(i)));
    offset = handle.end();
  }
  const std::string good(builder.Encode());
  const BlockHandle self{.offset = offset,
                         .stored_bytes = static_cast<std::uint32_t>(good.size()),
                         .raw_bytes = static_cast<std::uint32_t>(good.size())};
  PartitionView view;
  ASSERT_EQ(ParsePartition(good, self, &view), nullptr);
  EXPECT_EQ(view.entries, 6u);
  std::size_t accepted = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int value : {0, 1, 127, 128, 255}) {
      std::vector<char> bytes(good.begin(), good.end());
      bytes[at] = static_cast<char>(value);
      view = PartitionView();
      if (ParsePartition({bytes.data(), bytes.size()}, self, &view) != nullptr) continue;
      accepted += view.fences.LowerBound("fence1") <= view.blocks ? 1 : 0;
      accepted += view.filter.MayContain(KeyHash("1")) ? 1 : 0;
    }
    const std::vector<char> cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(at));
    EXPECT_NE(ParsePartition({cut.data(), cut.size()}, self, &view), nullptr) << at;
  }
  EXPECT_GT(accepted, 0u);
}

// A search that knows the fences' prefix as a number must not take a key for one that begins with
// it because it ends in time, or because what it lacks is zeros.
TEST(Partition, FindsTheBlockThatAllFencesTogetherName) {
  std::mt19937 random(6);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> fences;
    std::string prefix;
    for (std::size_t left = random() % 12; left > 0; --left) {
      prefix += static_cast<char>(random() % 3 * 127);
    }
    const std::size_t count = 1 + random() % 64;
    for (std::size_t i = 0; i < count; ++i) {
      std::string fence = prefix;
      for (std::size_t left = random() % 14; left > 0; --left) {
        fence += static_cast<char>(random() % 3 * 127);
      }
      fences.push_back(fence);
    }
    std::sort(fences.begin(), fences.end());
    PartitionBuilder builder(0);
    BlockHandle handle{.offset = 0, .stored_bytes = 100, .raw_bytes = 100};
    for (const std::string& fence : fences) {
      builder.AddBlock(handle, 1);
      builder.AddFence(fence);
      handle.offset = handle.end();
    }
    const std::string encoded(builder.Encode());
    const auto bytes = static_cast<std::uint32_t>(encoded.size());
    PartitionView view;
    ASSERT_EQ(ParsePartition(encoded, {handle.offset, bytes, bytes}, &view), nullptr);
    const auto probe = [&](const std::string& key) {
      if (key > fences.back()) return;
      const auto expected = std::lower_bound(fences.begin(), fences.end(), key) - fences.begin();
      ASSERT_EQ(view.FindBlock(key), static_cast<std::size_t>(expected));
    };
    for (const std::string& fence : fences) {
      for (std::size_t bytes_kept = 0; bytes_kept <= fence.size(); ++bytes_kept) {
        ASSERT_NO_FATAL_FAILURE(probe(fence.substr(0, bytes_kept)));
        ASSERT_NO_FATAL_FAILURE(probe(fence.substr(0, bytes_kept) + '\0'));
        ASSERT_NO_FATAL_FAILURE(probe(fence.substr(0, bytes_kept) + '\1'));
      }
    }
  }
}

TEST(Properties, KeepEverythingAndRefuseWhatTheyMustUnderstand) {
  TableMetadata metadata;
  metadata.lower = std::string("\0lower", 6);
  metadata.upper = "upper";
  metadata.upper_exclusive = true;
  metadata.entries = 1;
  metadata.deletes = std::uint64_t{1} << 60;
  metadata.sequence_max = kSequenceMax;
  TableOrigin origin{.keyspace = 300,
                     .sequence_max = kSequenceMax,
                     .inputs = {FileNumber{7}, FileNumber{std::uint64_t{1} << 60}},
                     .begin = "lower",
                     .end = std::nullopt};
  const std::string encoded = EncodeProperties({metadata, origin});
  auto parsed = ParseProperties(encoded);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->metadata, metadata);
  EXPECT_EQ(parsed->origin, origin);
  parsed = ParseProperties(encoded + std::string("\x0A\x02zz", 4));
  ASSERT_TRUE(parsed.ok()) << "an even tag may be ignored";
  EXPECT_EQ(parsed->metadata, metadata);
  EXPECT_EQ(ParseProperties(EncodeProperties({metadata, {}}))->origin, std::nullopt);
  const Status newer = ParseProperties(encoded + std::string("\x0B\x00", 2)).status();
  EXPECT_EQ(newer.code(), StatusCode::kNotSupported);
  EXPECT_NE(newer.message().find("property 11"), Slice::npos) << newer.ToString();
  for (std::size_t length = 0; length < encoded.size(); ++length) {
    EXPECT_EQ(ParseProperties(encoded.substr(0, length)).status().code(), StatusCode::kCorruption);
  }
}

TEST(Properties, RefuseAnOriginThatIsCutOrTooLarge) {
  TableMetadata metadata;
  metadata.lower = "lower";
  metadata.upper = "upper";
  const std::string plain = EncodeProperties({metadata, {}});
  const auto with_origin = [&plain](const std::string& origin) {
    // Behind the lower bound: a tag, a length and its bytes.
    std::string changed = plain.substr(0, 2 + 5) + '\x02';
    AppendLengthPrefixed(changed, origin);
    return ParseProperties(changed + plain.substr(2 + 5));
  };
  ASSERT_TRUE(with_origin("\x07\x09").ok());
  EXPECT_EQ(with_origin("\x07\x09\x05")->origin->inputs.size(), 1u);
  EXPECT_FALSE(with_origin("").ok());
  EXPECT_FALSE(with_origin("\x80").ok()) << "half a keyspace";
  EXPECT_FALSE(with_origin("\x07").ok()) << "no sequence";
  EXPECT_FALSE(with_origin("\x07\x09\x85").ok()) << "half an input";
  EXPECT_FALSE(with_origin("\xff\xff\xff\xff\x1f\x09").ok()) << "keyspaces are 32 bits";
}

TEST(TombstoneBlock, RefusesTruncationDisorderAndEmptyRanges) {
  std::string encoded(4, '\0');
  AppendTombstone(encoded, {"a", "c", 5});
  AppendTombstone(encoded, {"b", "d", kSequenceMax});
  encoded[0] = 2;
  std::vector<RangeTombstone> tombstones;
  ASSERT_EQ(ParseTombstones(encoded, &tombstones), nullptr);
  EXPECT_EQ(tombstones[1].sequence, kSequenceMax);
  for (std::size_t length = 0; length < encoded.size(); ++length) {
    EXPECT_NE(ParseTombstones(encoded.substr(0, length), &tombstones), nullptr);
  }
  encoded[0] = 1;
  EXPECT_NE(ParseTombstones(encoded, &tombstones), nullptr);
  std::string inverted("\2\0\0\0", 4);
  AppendTombstone(inverted, {"b", "c", 5});
  AppendTombstone(inverted, {"a", "d", 5});
  EXPECT_NE(ParseTombstones(inverted, &tombstones), nullptr);
  std::string empty("\1\0\0\0", 4);
  AppendTombstone(empty, {"b", "b", 5});
  EXPECT_NE(ParseTombstones(empty, &tombstones), nullptr);
}

TEST(BlockCodec, RefusesWrongSizesUnknownCodecsAndGarbage) {
  const std::string raw(1000, 'r');
  for (const Compression codec : {Compression::kLz4, Compression::kZstd}) {
    BlockCompressor compressor(codec);
    std::string stored;
    ASSERT_TRUE(compressor.Compress(raw, stored));
    const auto id = static_cast<std::uint8_t>(codec);
    std::vector<char> out(raw.size());
    EXPECT_TRUE(Decompress(id, stored, out));
    EXPECT_EQ(std::string(out.begin(), out.end()), raw);
    std::vector<char> small(raw.size() - 1);
    EXPECT_FALSE(Decompress(id, stored, small));
    std::vector<char> large(raw.size() + 1);
    EXPECT_FALSE(Decompress(id, stored, large));
    EXPECT_FALSE(Decompress(id, "garbage", out));
    EXPECT_FALSE(compressor.Compress("x", stored));
  }
  std::vector<char> out(4);
  EXPECT_FALSE(Decompress(0, "abcd", out));
  EXPECT_FALSE(Decompress(9, "abcd", out));
}

}  // namespace
}  // namespace firn::testing
