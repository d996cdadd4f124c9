// The steps inside a block and on the way to one, each by itself and out of the processor's cache:
// what they compute, not what memory costs. 16 random hexadecimal digits a key, 100 bytes a value,
// blocks of 48 entries (what a store makes of 6 KiB), fences over 1,024 blocks. One thread.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "table/block.h"
#include "table/block_builder.h"
#include "table/block_codec.h"
#include "table/fences.h"
#include "table/tag_match.h"

namespace firn {
namespace {

constexpr std::size_t kBlockEntries = 48;
constexpr std::size_t kFences = 1024;
constexpr std::size_t kValueBytes = 100;

std::uint64_t Mix(std::uint64_t x) {
  // The finalizer of SplitMix64 (Steele, Lea, Flood 2014).
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

std::vector<std::string> SortedKeys(std::size_t count) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < count; ++i) {
    std::string key(16, '0');
    std::uint64_t digits = Mix(i + 1);
    for (std::size_t at = key.size(); at-- > 0; digits >>= 4)
      key[at] = "0123456789abcdef"[digits & 15];
    keys.push_back(std::move(key));
  }
  std::ranges::sort(keys);
  return keys;
}

// One encoded block and what it should hold.
class Block {
 public:
  Block() : keys_(SortedKeys(kBlockEntries)) {
    for (const std::string& key : keys_) hashes_.push_back(KeyHash(key));
    Fill(builder_);
    bytes_ = std::string(builder_.EncodeFront()) + std::string(builder_.values());
    FIRN_CHECK(BlockView::Check(bytes_) == nullptr);
  }
  void Fill(BlockBuilder& builder) const {
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      builder.Add({.key = keys_[i], .value = value_, .sequence = 0, .kind = EntryKind::kPut},
                  hashes_[i]);
    }
  }
  [[nodiscard]] const std::string& key(std::size_t i) const { return keys_[i]; }
  [[nodiscard]] std::uint64_t hash(std::size_t i) const { return hashes_[i]; }
  [[nodiscard]] Slice value() const { return value_; }
  [[nodiscard]] Slice bytes() const { return bytes_; }
  [[nodiscard]] BlockView view() const { return BlockView(bytes_.data()); }

 private:
  const std::vector<std::string> keys_;
  const std::string value_ = std::string(kValueBytes, 'v');
  std::vector<std::uint64_t> hashes_;
  BlockBuilder builder_;
  std::string bytes_;
};

void Items(benchmark::State& state, std::size_t each) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(each));
}

void HashOfKey(benchmark::State& state) {
  std::string key(static_cast<std::size_t>(state.range(0)), 'k');
  std::uint64_t hash = 0;
  for (auto iteration : state) {
    ++key[3];
    hash = KeyHash(key);
    benchmark::DoNotOptimize(hash);
  }
  FIRN_CHECK(hash == KeyHash(key));
  Items(state, 1);
}
BENCHMARK(HashOfKey)->ArgName("bytes")->Arg(16)->Arg(24)->Arg(61);

// Heads decide: ten steps without a branch, then one comparison.
void FenceSearch(benchmark::State& state) {
  const std::vector<std::string> keys = SortedKeys(kFences);
  FenceBuilder builder;
  for (const std::string& key : keys) builder.Add(key);
  std::string section;
  builder.AppendTo(section);
  KeyColumn fences;
  FIRN_CHECK(ParseFences(section, kFences, &fences) == nullptr);
  std::size_t i = 0;
  for (auto iteration : state) {
    i = (i + 617) % kFences;  // prime to kFences: every fence, no two neighbours in turn
    FIRN_CHECK(fences.LowerBound(keys[i]) == i);
  }
  Items(state, 1);
}
BENCHMARK(FenceSearch);

void KeySearchInBlock(benchmark::State& state) {
  const Block block;
  const BlockView view = block.view();
  std::size_t i = 0;
  for (auto iteration : state) {
    i = (i + 29) % kBlockEntries;
    FIRN_CHECK(view.keys().LowerBound(block.key(i)) == i);
  }
  Items(state, 1);
}
BENCHMARK(KeySearchInBlock);

void TagMatch(benchmark::State& state) {
  const Block block;
  const char* const tags = block.bytes().data() + kBlockHeaderBytes;
  std::size_t i = 0;
  for (auto iteration : state) {
    i = (i + 29) % kBlockEntries;
    const auto tag = static_cast<std::uint8_t>(block.hash(i));
    FIRN_CHECK((MatchTags(tags, kBlockEntries, tag) >> i & 1) != 0);
  }
  Items(state, 1);
}
BENCHMARK(TagMatch);

// Tags, then the whole key of what they point to.
void FindInBlock(benchmark::State& state) {
  const Block block;
  std::size_t i = 0;
  for (auto iteration : state) {
    i = (i + 29) % kBlockEntries;
    const BlockView view(block.bytes().data());
    FIRN_CHECK(view.Find(block.key(i), block.hash(i), kSequenceMax) == i);
  }
  Items(state, 1);
}
BENCHMARK(FindInBlock);

// Every key put together from its columns, every value found.
void ReadBlock(benchmark::State& state) {
  const Block block;
  std::array<char, 16 + KeyColumn::kCopySlack> key;
  for (auto iteration : state) {
    const BlockView view(block.bytes().data());
    for (std::size_t i = 0; i < view.count(); ++i) {
      const char* const end = view.keys().CopyKeyLoosely(i, key.data());
      benchmark::DoNotOptimize(key.data());
      FIRN_CHECK(static_cast<std::size_t>(end - key.data()) == block.key(i).size());
      FIRN_CHECK(view.value(i).size() == kValueBytes);
    }
  }
  FIRN_CHECK(Slice(key.data(), 16) == block.key(kBlockEntries - 1) || state.iterations() == 0);
  Items(state, kBlockEntries);
}
BENCHMARK(ReadBlock);

// What a block from disk is asked before it is believed.
void CheckBlock(benchmark::State& state) {
  const Block block;
  for (auto iteration : state) {
    FIRN_CHECK(BlockView::Check(block.bytes()) == nullptr && block.view().TagsMatch());
  }
  Items(state, kBlockEntries);
}
BENCHMARK(CheckBlock);

void BuildBlock(benchmark::State& state) {
  const Block block;
  BlockBuilder builder;
  for (auto iteration : state) {
    builder.Clear();
    block.Fill(builder);
    FIRN_CHECK(builder.EncodeFront().size() + builder.values().size() == block.bytes().size());
  }
  Items(state, kBlockEntries);
}
BENCHMARK(BuildBlock);

// Values of one letter compress well: the cost of the call more than that of the matter.
void Compress(benchmark::State& state, Compression codec) {
  const Block block;
  BlockCompressor compressor(codec);
  std::string stored;
  for (auto iteration : state) FIRN_CHECK(compressor.Compress(block.bytes(), stored));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(block.bytes().size()));
}
BENCHMARK_CAPTURE(Compress, Lz4, Compression::kLz4);
BENCHMARK_CAPTURE(Compress, Zstd, Compression::kZstd);

void DecompressBlock(benchmark::State& state, Compression codec) {
  const Block block;
  std::string stored;
  FIRN_CHECK(BlockCompressor(codec).Compress(block.bytes(), stored));
  std::string raw(block.bytes().size(), '\0');
  for (auto iteration : state) {
    FIRN_CHECK(Decompress(static_cast<std::uint8_t>(codec), stored, raw));
  }
  FIRN_CHECK(raw == block.bytes() || state.iterations() == 0);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(raw.size()));
}
BENCHMARK_CAPTURE(DecompressBlock, Lz4, Compression::kLz4);
BENCHMARK_CAPTURE(DecompressBlock, Zstd, Compression::kZstd);

}  // namespace
}  // namespace firn

BENCHMARK_MAIN();
