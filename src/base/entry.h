// An entry, and the cursor contract by which every sorted source (memtable, table, merge) yields
// entries in batches: one virtual call moves up to 64 of them.
//
// Order E1: key ascending (unsigned bytewise), then sequence descending: the newest of a key first.
#pragma once

#include <array>
#include <cstring>
#include <span>

#include "base/types.h"
#include "firn/slice.h"
#include "firn/status.h"

namespace firn {

struct Entry {
  Slice key;
  Slice value;  // empty unless kind is kPut
  SequenceNumber sequence = 0;
  EntryKind kind = EntryKind::kPut;
};

// A deleted range of keys: `begin` inclusive, `end` exclusive. Hides every entry of a smaller
// sequence in it. Travels beside entries, never among them.
struct RangeTombstone {
  Slice begin;
  Slice end;
  SequenceNumber sequence = 0;
};

// First 8 bytes of a key as a big-endian number, zero padded: head order equals key order except
// that equal heads need the rest of the key compared (a short key and its zero-padded twin too).
inline std::uint64_t KeyHead(Slice key) {
  std::uint64_t head = 0;
  if (key.size() >= sizeof(head)) [[likely]] {
    std::memcpy(&head, key.data(), sizeof(head));
  } else if (!key.empty()) {
    std::memcpy(&head, key.data(), key.size());
  }
  return __builtin_bswap64(head);  // the supported machines are little-endian (checked in coding.h)
}

// Up to kCapacity entries and their key heads. Arrays are left uninitialised on purpose: filling
// them on every construction would cost more than a short scan.
struct EntryBatch {
  static constexpr std::size_t kCapacity = 64;
  EntryBatch() {}  // NOLINT(modernize-use-equals-default): keeps the arrays uninitialised
  std::size_t count = 0;
  union {
    std::array<std::uint64_t, kCapacity> heads;
  };
  union {
    std::array<Entry, kCapacity> entries;
  };
  static_assert(std::is_trivially_destructible_v<Entry>);
};

// A position between two entries of one sorted source.
// Threads:  one thread at a time.
// Lifetime: the views in a filled batch stay valid until the next non-const call on the cursor.
class EntryCursor {
 public:
  EntryCursor() = default;
  EntryCursor(const EntryCursor&) = delete;
  EntryCursor& operator=(const EntryCursor&) = delete;
  virtual ~EntryCursor() = default;

  virtual Status SeekToFirst() = 0;              // before the first entry
  virtual Status SeekToLast() = 0;               // after the last entry
  virtual Status Seek(Slice target) = 0;         // before the first entry whose key is >= target
  virtual Status SeekForPrev(Slice target) = 0;  // after the last entry whose key is <= target

  // Fills `batch` with up to `limit` (1..kCapacity) of the entries after the position in order E1
  // and moves behind them. May return fewer than are left; count 0 with ok() is the end (C4: an
  // error never looks like the end).
  virtual Status Next(EntryBatch& batch, std::size_t limit) = 0;
  // The same backwards: entries before the position in exactly reversed order, position moves
  // in front of them.
  virtual Status Prev(EntryBatch& batch, std::size_t limit) = 0;

  // Shortcuts past the batch for settled data, the bulk of most stores: up to items.size() of the
  // entries after (before) the position, but only such as any read sees without a further look:
  // puts of sequence 0, and backwards also the only version of their key. With a `stop` (may be
  // null) only keys before (after) it. `*count` 0 with ok() says nothing: ask Next (Prev). Views as
  // in a batch.
  virtual Status NextPlain(std::span<KeyValue> items, const Slice* stop, std::size_t* count) {
    static_cast<void>(items);
    static_cast<void>(stop);
    *count = 0;
    return {};
  }
  virtual Status PrevPlain(std::span<KeyValue> items, const Slice* stop, std::size_t* count) {
    static_cast<void>(items);
    static_cast<void>(stop);
    *count = 0;
    return {};
  }
};

}  // namespace firn
