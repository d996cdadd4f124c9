// An EntryCursor over a sorted vector, for tests and benchmarks: the simplest correct source, and
// a hostile one. With kFleeting the views it hands out are copies that are freed on the next call,
// so a reader that keeps them too long reads freed memory under a sanitizer and rubbish without
// one.
//
// Threads: one. Lifetime: the vector, and what its entries view, outlive the cursor.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/entry.h"

namespace firn::testing {

enum class Views : std::uint8_t { kStable, kFleeting };

// Order E1.
inline bool Precedes(const Entry& a, const Entry& b) {
  return a.key != b.key ? a.key < b.key : a.sequence > b.sequence;
}

class VectorCursor final : public EntryCursor {
 public:
  // Requires: `entries` in order E1. A batch has at most `batch_max` entries.
  VectorCursor(const std::vector<Entry>& entries, Views views,
               std::size_t batch_max = EntryBatch::kCapacity)
      : entries_(entries), views_(views), batch_max_(batch_max) {}

  Status SeekToFirst() override { return MoveTo(0); }
  Status SeekToLast() override { return MoveTo(entries_.size()); }
  Status Seek(Slice target) override {
    return MoveTo(CountWhere([&](const Entry& entry) { return entry.key < target; }));
  }
  Status SeekForPrev(Slice target) override {
    return MoveTo(CountWhere([&](const Entry& entry) { return entry.key <= target; }));
  }
  Status Next(EntryBatch& batch, std::size_t limit) override {
    copies_.clear();
    const std::size_t count = std::min({limit, batch_max_, entries_.size() - position_});
    for (std::size_t i = 0; i < count; ++i) Put(batch, i, entries_[position_ + i]);
    batch.count = count;
    position_ += count;
    return {};
  }
  Status Prev(EntryBatch& batch, std::size_t limit) override {
    copies_.clear();
    const std::size_t count = std::min({limit, batch_max_, position_});
    for (std::size_t i = 0; i < count; ++i) Put(batch, i, entries_[position_ - 1 - i]);
    batch.count = count;
    position_ -= count;
    return {};
  }

  Status NextPlain(std::span<KeyValue> items, const Slice* stop, std::size_t* count) override {
    copies_.clear();
    const std::size_t most = std::min(items.size(), batch_max_);
    for (*count = 0; *count < most && position_ < entries_.size(); ++position_) {
      if (!Plain(position_) || (stop != nullptr && entries_[position_].key >= *stop)) break;
      items[(*count)++] = Shown(entries_[position_]);
    }
    return {};
  }
  Status PrevPlain(std::span<KeyValue> items, const Slice* stop, std::size_t* count) override {
    copies_.clear();
    const std::size_t most = std::min(items.size(), batch_max_);
    for (*count = 0; *count < most && position_ > 0; --position_) {
      const bool only_version =
          position_ > 1 && entries_[position_ - 2].key != entries_[position_ - 1].key;
      if (!Plain(position_ - 1) || !only_version) break;
      if (stop != nullptr && entries_[position_ - 1].key <= *stop) break;
      items[(*count)++] = Shown(entries_[position_ - 1]);
    }
    return {};
  }

 private:
  [[nodiscard]] bool Plain(std::size_t index) const {
    return entries_[index].sequence == 0 && entries_[index].kind == EntryKind::kPut;
  }
  KeyValue Shown(const Entry& entry) {
    if (views_ == Views::kStable) return {.key = entry.key, .value = entry.value};
    return {.key = Copy(entry.key), .value = Copy(entry.value)};
  }
  Status MoveTo(std::size_t position) {
    copies_.clear();
    position_ = position;
    return {};
  }
  template <typename Predicate>
  std::size_t CountWhere(Predicate predicate) const {
    return static_cast<std::size_t>(
        std::partition_point(entries_.begin(), entries_.end(), predicate) - entries_.begin());
  }
  void Put(EntryBatch& batch, std::size_t index, Entry entry) {
    if (views_ == Views::kFleeting) {
      entry.key = Copy(entry.key);
      entry.value = Copy(entry.value);
    }
    batch.heads[index] = KeyHead(entry.key);
    batch.entries[index] = entry;
  }
  // Scribbles on release, for builds without a sanitizer.
  struct Scribbled {
    explicit Scribbled(Slice from) : bytes(from) {}
    Scribbled(const Scribbled&) = delete;
    Scribbled& operator=(const Scribbled&) = delete;
    ~Scribbled() { std::fill(bytes.begin(), bytes.end(), '\xdd'); }
    std::string bytes;
  };
  Slice Copy(Slice from) {
    copies_.push_back(std::make_unique<Scribbled>(from));
    return copies_.back()->bytes;
  }

  const std::vector<Entry>& entries_;
  const Views views_;
  const std::size_t batch_max_;
  std::size_t position_ = 0;
  std::vector<std::unique_ptr<Scribbled>> copies_;
};

}  // namespace firn::testing
