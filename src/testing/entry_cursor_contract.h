// What every EntryCursor owes its caller (base/entry.h), as one typed suite that each
// implementation is run through:
//
//   struct MemtableMaker {                 // default constructible, owns what the cursor reads
//     std::unique_ptr<EntryCursor> Make(const std::vector<Entry>& sorted);
//   };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Memtable, EntryCursorContract, MemtableMaker);
//
// `sorted` is in order E1 and its views stay valid until the end of the test; Make is called once.
// The suite lets a cursor return short batches, as the contract does, but no early end.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/entry.h"

namespace firn::testing {

// Entries with the bytes they view, sorted into order E1 on demand.
class EntryList {
 public:
  void Put(Slice key, SequenceNumber sequence) {
    const Slice value = Keep("value of " + std::string(key) + "@" + std::to_string(sequence));
    entries_.push_back({Keep(std::string(key)), value, sequence, EntryKind::kPut});
  }
  void Delete(Slice key, SequenceNumber sequence) {
    entries_.push_back({Keep(std::string(key)), Slice(), sequence, EntryKind::kDelete});
  }
  // Of entries with the same key and sequence one stays.
  const std::vector<Entry>& Sorted() {
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
      return a.key != b.key ? a.key < b.key : a.sequence > b.sequence;
    });
    const auto same = [](const Entry& a, const Entry& b) {
      return a.key == b.key && a.sequence == b.sequence;
    };
    entries_.erase(std::unique(entries_.begin(), entries_.end(), same), entries_.end());
    return entries_;
  }

 private:
  Slice Keep(std::string bytes) { return bytes_.emplace_back(std::move(bytes)); }
  std::deque<std::string> bytes_;  // a deque: views into it survive growth
  std::vector<Entry> entries_;
};

template <typename Maker>
class EntryCursorContract : public ::testing::Test {
 protected:
  void Start(EntryList list) {
    list_ = std::move(list);
    expected_ = list_.Sorted();
    cursor_ = maker_.Make(expected_);
    ASSERT_NE(cursor_, nullptr);
  }

  static std::string Describe(const Entry& entry) {
    return "'" + std::string(entry.key.substr(0, 40)) + "'@" + std::to_string(entry.sequence);
  }
  static void ExpectSame(const EntryBatch& batch, std::size_t i, const Entry& want) {
    const Entry& got = batch.entries[i];
    ASSERT_EQ(Describe(got), Describe(want));
    ASSERT_EQ(got.key, want.key);
    ASSERT_EQ(got.value, want.value);
    ASSERT_EQ(got.kind, want.kind);
    ASSERT_EQ(batch.heads[i], KeyHead(want.key));
  }

  // One Next of at most `limit`: checks the batch against the entries after the position.
  void StepForward(std::size_t limit) {
    ASSERT_TRUE(cursor_->Next(batch_, limit).ok());
    ASSERT_LE(batch_.count, limit);
    const std::size_t left = expected_.size() - position_;
    ASSERT_LE(batch_.count, left);
    ASSERT_EQ(batch_.count == 0, left == 0) << "the end must be at the end, and only there";
    for (std::size_t i = 0; i < batch_.count; ++i) {
      ASSERT_NO_FATAL_FAILURE(ExpectSame(batch_, i, expected_[position_ + i]));
    }
    position_ += batch_.count;
  }
  void StepBackward(std::size_t limit) {
    ASSERT_TRUE(cursor_->Prev(batch_, limit).ok());
    ASSERT_LE(batch_.count, limit);
    ASSERT_LE(batch_.count, position_);
    ASSERT_EQ(batch_.count == 0, position_ == 0) << "the end must be at the end, and only there";
    for (std::size_t i = 0; i < batch_.count; ++i) {
      ASSERT_NO_FATAL_FAILURE(ExpectSame(batch_, i, expected_[position_ - 1 - i]));
    }
    position_ -= batch_.count;
  }
  // The shortcuts: what comes is right; nothing coming proves nothing.
  void StepForwardPlain(std::size_t limit, const Slice* stop = nullptr) {
    std::vector<KeyValue> items(limit);
    std::size_t count = 0;
    ASSERT_TRUE(cursor_->NextPlain(items, stop, &count).ok());
    ASSERT_LE(count, std::min(limit, expected_.size() - position_));
    for (std::size_t i = 0; i < count; ++i) {
      ExpectPlain(items[i], position_ + i);
      ASSERT_TRUE(stop == nullptr || items[i].key < *stop) << "went past the stop";
    }
    position_ += count;
    plain_items_ += count;
  }
  void StepBackwardPlain(std::size_t limit, const Slice* stop = nullptr) {
    std::vector<KeyValue> items(limit);
    std::size_t count = 0;
    ASSERT_TRUE(cursor_->PrevPlain(items, stop, &count).ok());
    ASSERT_LE(count, std::min(limit, position_));
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t at = position_ - 1 - i;
      ASSERT_TRUE(stop == nullptr || items[i].key > *stop) << "went past the stop";
      ExpectPlain(items[i], at);
      ASSERT_TRUE(at == 0 || expected_[at - 1].key != expected_[at].key) << "has newer versions";
    }
    position_ -= count;
    plain_items_ += count;
  }
  void ExpectPlain(const KeyValue& got, std::size_t at) {
    ASSERT_EQ(expected_[at].sequence, 0u);
    ASSERT_EQ(expected_[at].kind, EntryKind::kPut);
    ASSERT_EQ(got.key, expected_[at].key);
    ASSERT_EQ(got.value, expected_[at].value);
  }
  void DrainForward(std::size_t limit) {
    do {
      ASSERT_NO_FATAL_FAILURE(StepForward(limit));
    } while (batch_.count != 0);
  }
  void DrainBackward(std::size_t limit) {
    do {
      ASSERT_NO_FATAL_FAILURE(StepBackward(limit));
    } while (batch_.count != 0);
  }

  void SeekToFirst() {
    ASSERT_TRUE(cursor_->SeekToFirst().ok());
    position_ = 0;
  }
  void SeekToLast() {
    ASSERT_TRUE(cursor_->SeekToLast().ok());
    position_ = expected_.size();
  }
  void Seek(Slice target) {
    ASSERT_TRUE(cursor_->Seek(target).ok());
    position_ = CountWhere([&](const Entry& entry) { return entry.key < target; });
  }
  void SeekForPrev(Slice target) {
    ASSERT_TRUE(cursor_->SeekForPrev(target).ok());
    position_ = CountWhere([&](const Entry& entry) { return entry.key <= target; });
  }
  template <typename Predicate>
  std::size_t CountWhere(Predicate predicate) const {
    return static_cast<std::size_t>(std::count_if(expected_.begin(), expected_.end(), predicate));
  }

  // Seeks to `target` both ways and reads a few entries to either side.
  void ProbeAround(Slice target) {
    SCOPED_TRACE("target '" + std::string(target.substr(0, 40)) + "'");
    for (const std::size_t limit : {std::size_t{1}, std::size_t{3}}) {
      ASSERT_NO_FATAL_FAILURE(Seek(target));
      ASSERT_NO_FATAL_FAILURE(StepForward(limit));
      ASSERT_NO_FATAL_FAILURE(Seek(target));
      ASSERT_NO_FATAL_FAILURE(StepBackward(limit));
      ASSERT_NO_FATAL_FAILURE(SeekForPrev(target));
      ASSERT_NO_FATAL_FAILURE(StepBackward(limit));
      ASSERT_NO_FATAL_FAILURE(SeekForPrev(target));
      ASSERT_NO_FATAL_FAILURE(StepForward(limit));
    }
  }

  Maker maker_;
  EntryList list_;
  std::vector<Entry> expected_;
  std::unique_ptr<EntryCursor> cursor_;
  EntryBatch batch_;
  std::size_t position_ = 0;
  std::size_t plain_items_ = 0;
};

// "k00000", "k00002", ...: gaps between keys, so that a target can miss.
inline std::string EvenKey(int i) {
  const std::string digits = std::to_string(2 * i);
  return "k" + std::string(5 - digits.size(), '0') + digits;
}
inline EntryList EvenKeys(int count) {
  EntryList list;
  for (int i = 0; i < count; ++i) {
    if (i % 7 == 3) {
      list.Delete(EvenKey(i), static_cast<SequenceNumber>(i + 1));
    } else {
      list.Put(EvenKey(i), static_cast<SequenceNumber>(i + 1));
    }
  }
  return list;
}

// Shapes on which a comparison by heads goes wrong when ties are not broken by the whole key.
inline std::vector<std::string> AwkwardKeys() {
  std::vector<std::string> keys = {""};
  for (std::size_t zeros = 1; zeros <= 10; ++zeros) keys.push_back(std::string(zeros, '\0'));
  for (const char* text : {"a", "ab", "abcdefg", "abcdefgh", "abcdefghi", "abcdefghj"}) {
    keys.emplace_back(text);
    keys.push_back(std::string(text) + '\0');
    keys.push_back(std::string(text) + std::string(2, '\0'));
    keys.push_back(std::string(text) + '\xff');
  }
  for (std::size_t ones = 1; ones <= 10; ++ones) keys.push_back(std::string(ones, '\xff'));
  keys.push_back(std::string(300, 'p'));
  keys.push_back(std::string(299, 'p') + 'q');
  std::sort(keys.begin(), keys.end());
  return keys;
}

TYPED_TEST_SUITE_P(EntryCursorContract);

TYPED_TEST_P(EntryCursorContract, YieldsNothingFromAnEmptySource) {
  this->Start({});
  this->SeekToFirst();
  this->StepForward(64);
  this->StepBackward(64);
  this->SeekToLast();
  this->StepBackward(1);
  this->StepForward(1);
  this->ProbeAround("");
  this->ProbeAround("any");
}

TYPED_TEST_P(EntryCursorContract, YieldsASingleEntryFromBothSides) {
  EntryList list;
  list.Put("only", 5);
  this->Start(std::move(list));
  this->SeekToFirst();
  this->DrainForward(64);
  this->DrainBackward(64);
  this->SeekToLast();
  this->DrainBackward(1);
  for (const char* target : {"", "onl", "only", "onlyy", "z"}) this->ProbeAround(target);
}

TYPED_TEST_P(EntryCursorContract, WalksForwardWithEveryLimit) {
  this->Start(EvenKeys(300));
  for (std::size_t limit = 1; limit <= EntryBatch::kCapacity; ++limit) {
    ASSERT_NO_FATAL_FAILURE(this->SeekToFirst());
    ASSERT_NO_FATAL_FAILURE(this->DrainForward(limit));
  }
}

TYPED_TEST_P(EntryCursorContract, WalksBackwardWithEveryLimit) {
  this->Start(EvenKeys(300));
  for (std::size_t limit = 1; limit <= EntryBatch::kCapacity; ++limit) {
    ASSERT_NO_FATAL_FAILURE(this->SeekToLast());
    ASSERT_NO_FATAL_FAILURE(this->DrainBackward(limit));
  }
}

TYPED_TEST_P(EntryCursorContract, StaysAtTheEndAndComesBackFromIt) {
  this->Start(EvenKeys(100));
  this->SeekToFirst();
  this->DrainForward(64);
  this->StepForward(64);
  this->DrainBackward(64);
  this->StepBackward(64);
  this->DrainForward(64);
}

TYPED_TEST_P(EntryCursorContract, SeeksToHitsMissesAndBeyondBothEnds) {
  this->Start(EvenKeys(200));
  this->ProbeAround("");
  this->ProbeAround("a");
  this->ProbeAround("z");
  for (int i = 0; i < 200; ++i) {
    ASSERT_NO_FATAL_FAILURE(this->ProbeAround(EvenKey(i)));
    ASSERT_NO_FATAL_FAILURE(this->ProbeAround(EvenKey(i) + "x"));
  }
}

TYPED_TEST_P(EntryCursorContract, TurnsAroundBetweenAnyTwoEntries) {
  this->Start(EvenKeys(150));
  this->SeekToFirst();
  for (int i = 0; i < 150; ++i) {
    ASSERT_NO_FATAL_FAILURE(this->StepForward(2));
    ASSERT_NO_FATAL_FAILURE(this->StepBackward(1));
  }
  this->SeekToLast();
  for (int i = 0; i < 150; ++i) {
    ASSERT_NO_FATAL_FAILURE(this->StepBackward(2));
    ASSERT_NO_FATAL_FAILURE(this->StepForward(1));
  }
}

TYPED_TEST_P(EntryCursorContract, YieldsAllVersionsOfAKeyNewestFirst) {
  EntryList list;
  list.Put("a", 1);
  list.Put("c", 2);
  for (SequenceNumber sequence = 3; sequence < 400; ++sequence) {
    if (sequence % 5 == 0) {
      list.Delete("b", sequence);
    } else {
      list.Put("b", sequence);
    }
  }
  list.Put("c", kSequenceMax);
  this->Start(std::move(list));
  this->SeekToFirst();
  this->DrainForward(7);
  this->DrainBackward(64);
  for (const char* target : {"a", "aa", "b", "bb", "c", "d"}) this->ProbeAround(target);
  this->Seek("b");
  this->DrainForward(64);
  this->SeekForPrev("b");
  this->DrainBackward(64);
}

TYPED_TEST_P(EntryCursorContract, BreaksTiesOfHeadsByTheWholeKey) {
  EntryList list;
  SequenceNumber sequence = 0;
  for (const std::string& key : AwkwardKeys()) {
    list.Put(key, ++sequence);
    if (sequence % 3 == 0) list.Delete(key, ++sequence);
  }
  for (int i = 0; i < 200; ++i) list.Put("samehead" + EvenKey(i), ++sequence);
  this->Start(std::move(list));
  this->SeekToFirst();
  this->DrainForward(64);
  this->DrainBackward(5);
  for (const std::string& key : AwkwardKeys()) {
    ASSERT_NO_FATAL_FAILURE(this->ProbeAround(key));
    ASSERT_NO_FATAL_FAILURE(this->ProbeAround(key + "0"));
  }
  for (int i = 0; i < 200; i += 9) {
    ASSERT_NO_FATAL_FAILURE(this->ProbeAround("samehead" + EvenKey(i)));
    ASSERT_NO_FATAL_FAILURE(this->ProbeAround("samehead" + EvenKey(i) + "x"));
  }
}

TYPED_TEST_P(EntryCursorContract, AgreesWithASortedArrayOnARandomWalk) {
  std::mt19937 random(20);  // NOLINT: a fixed seed keeps the walk the same everywhere
  EntryList list;
  const std::vector<std::string> awkward = AwkwardKeys();
  for (int i = 0; i < 2000; ++i) {
    const SequenceNumber sequence = 1 + static_cast<SequenceNumber>(i);
    const unsigned shape = random() % 4;
    if (shape == 0) {
      list.Put(awkward[random() % awkward.size()], sequence);
    } else if (shape == 1) {
      list.Delete(EvenKey(static_cast<int>(random() % 500)), sequence);
    } else {
      list.Put(EvenKey(static_cast<int>(random() % 500)), sequence);
    }
  }
  // A settled stretch, one key of which was written again. Not every source can hold one.
  if constexpr (!requires { TypeParam::kNothingSettled; }) {
    for (int i = 0; i < 600; ++i) list.Put("settled" + EvenKey(i), 0);
    list.Put("settled" + EvenKey(300), 3000);
  }
  this->Start(std::move(list));
  this->SeekToFirst();
  for (int i = 0; i < 5000; ++i) {
    const std::size_t limit = 1 + random() % EntryBatch::kCapacity;
    const auto place = random() % 3;
    const std::string near = place == 0   ? "settled" + EvenKey(static_cast<int>(random() % 600))
                             : place == 1 ? EvenKey(static_cast<int>(random() % 510))
                                          : awkward[random() % awkward.size()] + "x";
    const Entry& some = this->expected_[random() % this->expected_.size()];
    const Slice near_slice = near;
    const Slice* const stop = random() % 2 == 0 ? &near_slice : nullptr;
    switch (random() % 12) {
      case 0:
        ASSERT_NO_FATAL_FAILURE(this->Seek(near));
        break;
      case 1:
        ASSERT_NO_FATAL_FAILURE(this->SeekForPrev(near));
        break;
      case 2:
        ASSERT_NO_FATAL_FAILURE(this->Seek(some.key));
        break;
      case 3:
        ASSERT_NO_FATAL_FAILURE(this->SeekForPrev(some.key));
        break;
      case 4:
      case 5:
        ASSERT_NO_FATAL_FAILURE(this->StepForward(limit));
        break;
      case 6:
      case 7:
        ASSERT_NO_FATAL_FAILURE(this->StepForwardPlain(limit, stop));
        break;
      case 8:
      case 9:
        ASSERT_NO_FATAL_FAILURE(this->StepBackwardPlain(limit, stop));
        break;
      default:
        ASSERT_NO_FATAL_FAILURE(this->StepBackward(limit));
        break;
    }
  }
}

REGISTER_TYPED_TEST_SUITE_P(EntryCursorContract, YieldsNothingFromAnEmptySource,
                            YieldsASingleEntryFromBothSides, WalksForwardWithEveryLimit,
                            WalksBackwardWithEveryLimit, StaysAtTheEndAndComesBackFromIt,
                            SeeksToHitsMissesAndBeyondBothEnds, TurnsAroundBetweenAnyTwoEntries,
                            YieldsAllVersionsOfAKeyNewestFirst, BreaksTiesOfHeadsByTheWholeKey,
                            AgreesWithASortedArrayOnARandomWalk);

}  // namespace firn::testing
