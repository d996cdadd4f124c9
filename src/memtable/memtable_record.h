// An entry as it lies in the arena, and its place in order E1.
//
// A record never moves and never changes once a node points to it, so a pointer to it is a position
// that stays good while the memtable lives.
//   0  8  sequence << 8 | kind
//   8  .  key length, value length (varints), key, value; no alignment: ten bytes of overhead for
//         short keys and values
#pragma once

#include <cstdint>
#include <cstring>

#include "base/coding.h"
#include "base/entry.h"
#include "memtable/arena.h"

namespace firn {

class Record {
 public:
  Record() = default;
  explicit Record(const char* bytes) : bytes_(bytes) {}

  // Copies the entry into the arena.
  static const char* Create(Arena& arena, const Entry& entry) {
    char lengths[2 * kVarint32BytesMax];
    char* const lengths_end =
        StoreVarint(StoreVarint(lengths, entry.key.size()), entry.value.size());
    const auto lengths_bytes = static_cast<std::size_t>(lengths_end - lengths);
    char* const bytes = arena.Allocate(
        sizeof(std::uint64_t) + lengths_bytes + entry.key.size() + entry.value.size(), 1);
    StoreFixed(bytes, entry.sequence << 8 | static_cast<std::uint64_t>(entry.kind));
    char* at = bytes + sizeof(std::uint64_t);
    std::memcpy(at, lengths, lengths_bytes);
    at += lengths_bytes;
    if (!entry.key.empty()) std::memcpy(at, entry.key.data(), entry.key.size());
    at += entry.key.size();
    if (!entry.value.empty()) std::memcpy(at, entry.value.data(), entry.value.size());
    return bytes;
  }

  [[nodiscard]] const char* bytes() const { return bytes_; }
  [[nodiscard]] SequenceNumber sequence() const { return tag() >> 8; }
  [[nodiscard]] Slice key() const {
    const char* at = bytes_ + sizeof(std::uint64_t);
    const std::size_t key_bytes = ReadLength(&at);
    ReadLength(&at);
    return Slice(at, key_bytes);
  }
  [[nodiscard]] Entry entry() const {
    const char* at = bytes_ + sizeof(std::uint64_t);
    const std::size_t key_bytes = ReadLength(&at);
    const std::size_t value_bytes = ReadLength(&at);
    return {Slice(at, key_bytes), Slice(at + key_bytes, value_bytes), sequence(),
            static_cast<EntryKind>(tag() & 0xff)};
  }

 private:
  [[nodiscard]] std::uint64_t tag() const { return LoadFixed<std::uint64_t>(bytes_); }
  // These bytes were written by Create, so no bound is checked.
  static std::size_t ReadLength(const char** at) {
    std::size_t length = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(*(*at)++);
      length |= static_cast<std::size_t>(byte & 0x7fu) << shift;
      if (byte < 0x80) [[likely]]
        return length;
    }
  }

  const char* bytes_ = nullptr;
};

// A place between two entries: after all smaller keys, and of `key` itself after the versions with
// a sequence above `above`.
struct Target {
  // Before every version of `key`, and after every one.
  static constexpr std::int64_t kBeforeAll = static_cast<std::int64_t>(kSequenceMax);
  static constexpr std::int64_t kAfterAll = -1;

  Target(Slice key_in, std::int64_t above_in)
      : head(KeyHead(key_in)), key(key_in), above(above_in) {}
  // In front of the record itself.
  explicit Target(Record record)
      : Target(record.key(), static_cast<std::int64_t>(record.sequence())) {}

  // Whether the record, whose head is `record_head`, lies before this place.
  [[nodiscard]] bool IsAfter(std::uint64_t record_head, const char* record) const {
    if (record_head != head) [[likely]]
      return record_head < head;
    return IsAfterEqualHead(Record(record));
  }
  [[nodiscard]] bool IsAfterEqualHead(Record record) const {
    // Equal heads do not mean eight equal bytes: a short key ties with its zero-padded twin.
    const int order = record.key().compare(key);
    if (order != 0) return order < 0;
    return static_cast<std::int64_t>(record.sequence()) > above;
  }

  std::uint64_t head;
  Slice key;
  std::int64_t above;
};

}  // namespace firn
