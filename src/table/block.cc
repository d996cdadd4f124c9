#include "table/block.h"

#include <algorithm>

#include "base/hash.h"

namespace firn {

const char* BlockView::Check(Slice raw) {
  if (raw.size() < kBlockHeaderBytes) return "block shorter than its header";
  const auto entries = static_cast<std::uint8_t>(raw[0]);
  const auto flags = static_cast<std::uint8_t>(raw[1]);
  if (entries == 0 || entries > kBlockEntriesMax) return "block with an impossible entry count";
  if ((flags & ~kBlockKnownFlags) != 0 || LoadFixed<std::uint16_t>(raw.data() + 2) != 0) {
    return "block with unknown flags";
  }
  if ((flags & kBlockWideMarks) != 0 && (flags & kBlockHasMarks) == 0) {
    return "block with unknown flags";
  }
  const std::size_t limit = entries == 1 ? kOversizedBlockBytesMax : kBlockBytesMax;
  if (raw.size() > limit) return "block too large";
  const BlockLayout layout = LayoutOf(entries, flags);
  const std::size_t prefix_bytes = LoadFixed<std::uint32_t>(raw.data() + 4);
  if (layout.prefix > raw.size()) return "block shorter than its columns";
  if (prefix_bytes > kKeyBytesMax || prefix_bytes > raw.size() - layout.prefix) {
    return "block shorter than its prefix";
  }
  const BlockView view(raw.data());
  if (view.keys_.offset(0) != layout.prefix + prefix_bytes) return "key tails misplaced";
  if (view.keys_.offset(2 * std::size_t{entries}) != raw.size())
    return "values do not fill the block";
  const Slice padding = raw.substr(kBlockHeaderBytes + entries, PaddedTagBytes(entries) - entries);
  if (std::any_of(padding.begin(), padding.end(), [](char byte) { return byte != 0; })) {
    return "dirty padding";
  }
  if (const char* wrong = view.keys_.Check(raw.size()); wrong != nullptr) return wrong;
  return view.CheckEntries();
}

const char* BlockView::CheckEntries() const {
  for (std::size_t i = 0; i < count(); ++i) {
    const std::size_t begin = keys_.offset(count() + i);
    const std::size_t end = keys_.offset(count() + i + 1);
    if (end < begin) return "value outside";
    if (end - begin > kValueBytesMax) return "value too long";
    const EntryKind entry_kind = kind(i);
    if (entry_kind != EntryKind::kPut && entry_kind != EntryKind::kDelete) {
      return "entry of an unknown kind";
    }
    if (entry_kind == EntryKind::kDelete && end != begin) return "delete with a value";
    if (base_sequence_ > kSequenceMax || sequence(i) > kSequenceMax) return "sequence too large";
    if (i > 0 && sequence(i - 1) <= sequence(i) && keys_.Compare(i - 1, i) == 0) {
      return "versions of a key out of order";
    }
  }
  return nullptr;
}

bool BlockView::TagsMatch() const {
  for (std::size_t i = 0; i < count(); ++i) {
    const auto tag = static_cast<std::uint8_t>(keys_.base[kBlockHeaderBytes + i]);
    if (tag != static_cast<std::uint8_t>(KeyHash(keys_.Key(i)))) return false;
  }
  return true;
}

}  // namespace firn
