// The yardstick of memtable_bench.cc: a memtable of LevelDB's design (skip list with p = 1/4 and at
// most 12 levels, nodes and length-prefixed internal keys in one arena, 8-byte sequence and kind
// behind the key, memcmp order). Written for this comparison; LevelDB's own is not in its package.
// One writer, lock-free readers. Values lie behind the key in the same allocation, as in LevelDB.
#pragma once

#include <atomic>
#include <cstring>
#include <new>

#include "base/coding.h"
#include "base/entry.h"
#include "memtable/arena.h"

namespace firn::bench {

class SkipList {
 public:
  explicit SkipList(ArenaPool& pool) : arena_(pool), head_(NewNode(nullptr, kHeightMax)) {}

  struct Node {
    const char* record;
    std::atomic<Node*> next[1];  // as many as the node is high
    [[nodiscard]] Node* Next(int level) const { return next[level].load(std::memory_order_acquire); }
  };

  void Insert(Slice key, Slice value, SequenceNumber sequence, EntryKind kind) {
    const std::size_t bytes = LengthBytes(key.size() + 8) + key.size() + 8 +
                              LengthBytes(value.size()) + value.size();
    char* const record = arena_.Allocate(bytes, 1);
    char* at = StoreVarint(record, key.size() + 8);
    if (!key.empty()) std::memcpy(at, key.data(), key.size());
    at += key.size();
    StoreFixed(at, sequence << 8 | static_cast<std::uint64_t>(kind));
    at = StoreVarint(at + 8, value.size());
    if (!value.empty()) std::memcpy(at, value.data(), value.size());

    Node* previous[kHeightMax];
    FindNotBefore(key, sequence, previous);
    const int height = RandomHeight();
    for (; height_ < height; ++height_) previous[height_] = head_;
    Node* const node = NewNode(record, height);
    for (int level = 0; level < height; ++level) {
      node->next[level].store(previous[level]->Next(level), std::memory_order_relaxed);
      previous[level]->next[level].store(node, std::memory_order_release);
    }
  }

  [[nodiscard]] bool Get(Slice key, SequenceNumber at, Entry* entry) const {
    const Node* const node = FindNotBefore(key, at, nullptr);
    if (node == nullptr) return false;
    *entry = Decode(node->record);
    return entry->key == key;
  }

  [[nodiscard]] const Node* first() const { return head_->Next(0); }
  [[nodiscard]] std::size_t bytes() const { return arena_.used_bytes(); }

  static Entry Decode(const char* record) {
    std::size_t key_bytes = 0;
    const char* const key = ReadLength(record, &key_bytes);
    const auto tag = LoadFixed<std::uint64_t>(key + key_bytes - 8);
    std::size_t value_bytes = 0;
    const char* const value = ReadLength(key + key_bytes, &value_bytes);
    return {Slice(key, key_bytes - 8), Slice(value, value_bytes), tag >> 8,
            static_cast<EntryKind>(tag & 0xff)};
  }

 private:
  static constexpr int kHeightMax = 12;

  static std::size_t LengthBytes(std::size_t length) {
    std::size_t bytes = 1;
    for (; length >= 0x80; length >>= 7) ++bytes;
    return bytes;
  }
  static const char* ReadLength(const char* at, std::size_t* length) {
    if (static_cast<signed char>(*at) >= 0) [[likely]] {
      *length = static_cast<std::size_t>(*at);
      return at + 1;
    }
    *length = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at++);
      *length |= static_cast<std::size_t>(byte & 0x7fu) << shift;
      if (byte < 0x80) return at;
    }
  }
  static bool IsBefore(const char* record, Slice key, SequenceNumber sequence) {
    std::size_t bytes = 0;
    const char* const at = ReadLength(record, &bytes);
    const int order = Slice(at, bytes - 8).compare(key);
    if (order != 0) return order < 0;
    return LoadFixed<std::uint64_t>(at + bytes - 8) >> 8 > sequence;
  }
  Node* FindNotBefore(Slice key, SequenceNumber sequence, Node** previous) const {
    Node* node = head_;
    for (int level = height_ - 1;;) {
      Node* const next = node->Next(level);
      if (next != nullptr && IsBefore(next->record, key, sequence)) {
        node = next;
        continue;
      }
      if (previous != nullptr) previous[level] = node;
      if (level == 0) return next;
      --level;
    }
  }
  Node* NewNode(const char* record, int height) {
    const std::size_t bytes = sizeof(Node) + sizeof(Node*) * static_cast<std::size_t>(height - 1);
    Node* const node = new (arena_.Allocate(bytes, alignof(Node))) Node;
    node->record = record;
    for (int level = 0; level < height; ++level) {
      node->next[level].store(nullptr, std::memory_order_relaxed);
    }
    return node;
  }
  int RandomHeight() {
    int height = 1;
    for (; height < kHeightMax; ++height) {
      random_ = random_ * 6364136223846793005u + 1442695040888963407u;  // Knuth's MMIX generator
      if (random_ >> 62 != 0) break;
    }
    return height;
  }

  Arena arena_;
  int height_ = 1;
  std::uint64_t random_ = 301;
  Node* const head_;
};

}  // namespace firn::bench
