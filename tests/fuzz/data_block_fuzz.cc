// A data block: one that passes the check has only entries inside it, in order, that are found by
// their key; and encoded again it holds the same entries.

#include <vector>

#include "base/hash.h"
#include "fuzz/fuzz_input.h"
#include "table/block.h"
#include "table/block_builder.h"
#include "testing/copied_entry.h"

namespace firn::testing {
namespace {

std::vector<CopiedEntry> EntriesOf(const BlockView& block) {
  std::vector<CopiedEntry> entries;
  for (std::size_t i = 0; i < block.count(); ++i) {
    entries.push_back({block.keys().Key(i), std::string(block.value(i)), block.sequence(i),
                       block.kind(i)});
    FIRN_CHECK(block.sequence(i) <= kSequenceMax);
  }
  return entries;
}

void CheckOrderAndSearch(const BlockView& block, const std::vector<CopiedEntry>& entries) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const CopiedEntry& entry = entries[i];
    FIRN_CHECK(block.keys().Equals(i, entry.key));
    FIRN_CHECK(block.keys().LowerBound(entry.key) <= i);
    FIRN_CHECK(block.keys().UpperBound(entry.key) > i);
    if (i > 0) FIRN_CHECK(entries[i - 1].key <= entry.key);
    if (!block.TagsMatch()) continue;
    const std::size_t found = block.Find(entry.key, KeyHash(entry.key), entry.sequence);
    FIRN_CHECK(found < entries.size() && entries[found].key == entry.key);
    FIRN_CHECK(entries[found].sequence <= entry.sequence);
  }
}

void Run(Slice input) {
  // As a frame holds it: the trailer's bytes may be read behind the block.
  std::string raw(input);
  raw.append(kBlockTrailerBytes, '\0');
  if (BlockView::Check(Slice(raw).substr(0, input.size())) != nullptr) return;
  const BlockView block(raw.data());
  const std::vector<CopiedEntry> entries = EntriesOf(block);
  CheckOrderAndSearch(block, entries);

  BlockBuilder builder;
  for (const CopiedEntry& entry : entries) {
    builder.Add({entry.key, entry.value, entry.sequence, entry.kind}, KeyHash(entry.key));
  }
  std::string again(builder.EncodeFront());
  again.append(builder.values());
  FIRN_CHECK(BlockView::Check(again) == nullptr);
  again.append(kBlockTrailerBytes, '\0');
  const BlockView reread(again.data());
  FIRN_CHECK(reread.TagsMatch());
  FIRN_CHECK(EntriesOf(reread) == entries);
}

}  // namespace
}  // namespace firn::testing

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  firn::testing::Run(firn::testing::FuzzInput(data, size).Rest());
  return 0;
}
