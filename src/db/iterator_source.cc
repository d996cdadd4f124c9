#include "db/iterator_source.h"

#include <algorithm>
#include <utility>

#include "base/seeded_bug.h"
#include "cache/epoch.h"
#include "merge/concatenating_cursor.h"
#include "merge/merging_cursor.h"

namespace firn {
namespace {

// What an iterator costs besides the frames and memtables it pins: two windows and its cursors.
// Booked as a flat sum, because counting each part would cost more than it tells.
constexpr std::uint64_t kIteratorBytes = 16 << 10;

std::unique_ptr<EntryCursor> CursorOver(const Run& run) {
  if (run.tables.size() == 1) {
    return run.tables.front()->NewCursor(TableReader::CursorUse::kRead);
  }
  return NewConcatenatingCursor({.lowers = run.lowers,
                                 .uppers = run.uppers,
                                 .open = [&run](std::size_t part) {
                                   return run.tables[part]->NewCursor(
                                       TableReader::CursorUse::kRead);
                                 }});
}

std::unique_ptr<EntryCursor> CursorOver(const ReadView& view) {
  std::vector<std::unique_ptr<EntryCursor>> sources;
  for (const Memtable* memtable : view.memtables()) {
    if (!memtable->empty()) sources.push_back(memtable->NewCursor());
  }
  for (const Run* run : view.runs()) sources.push_back(CursorOver(*run));
  // Nothing anywhere: an empty run stands for it.
  static const Run empty;
  if (sources.empty()) sources.push_back(CursorOver(empty));
  return NewMergingCursor(std::move(sources));
}

}  // namespace

Iterator::Source::Source(Status failure) : status_(std::move(failure)) {}

Iterator::Source::Source(std::shared_ptr<Engine> engine, Engine::Moment moment,
                         const IteratorOptions& options)
    : engine_(std::move(engine)),
      moment_(std::move(moment)),
      keyspace_(options.keyspace.state()) {
  engine_->ledger().Add(MemoryClass::kIterator, kIteratorBytes);
  const ReadView& view = *moment_.view.get();
  if (Status collected = CollectTombstones(view); !collected.ok()) {
    Fail(std::move(collected));
    return;
  }
  VisibleCursorSettings settings;
  settings.at = moment_.sequence;
  if (options.lower.has_value()) settings.lower = std::string(*options.lower);
  if (options.upper.has_value()) settings.upper = std::string(*options.upper);
  settings.tombstones = tombstones_.empty() ? nullptr : &tombstones_;
  cursor_.emplace(CursorOver(view), std::move(settings));
}

Iterator::Source::~Source() {
  if (engine_ == nullptr || BugIsOn(SeededBug::kIteratorMemoryKept)) return;
  engine_->ledger().Remove(MemoryClass::kIterator, kIteratorBytes);
}

Status Iterator::Source::CollectTombstones(const ReadView& view) {
  std::vector<RangeTombstone> all;
  for (const Memtable* memtable : view.memtables()) {
    if (memtable->has_range_tombstones()) memtable->AppendRangeTombstones(moment_.sequence, all);
  }
  for (const Run* run : view.runs()) {
    if (run->range_tombstones == 0) continue;
    for (const auto& table : run->tables) {
      if (table->metadata().range_tombstones == 0) continue;
      EpochDomain::Guard guard;
      auto tombstones = table->Tombstones();
      if (!tombstones.ok()) return std::move(tombstones).status();
      (*tombstones)->AppendTo(all);
    }
  }
  std::erase_if(all, [&](const RangeTombstone& each) { return each.sequence > moment_.sequence; });
  if (!all.empty()) tombstones_ = FragmentedTombstones::BuildForSnapshots(all, {});
  return Status();
}

void Iterator::Source::Fail(Status status) {
  count_ = 0;
  status_ = std::move(status);
}

bool Iterator::Source::Ready() {
  if (!cursor_.has_value()) return false;
  if (engine_->closed()) {
    Fail(Status(StatusCode::kClosed, "the store was closed under this iterator"));
    return false;
  }
  status_ = Status();
  return true;
}

void Iterator::Source::Fill(bool forward) {
  std::span<KeyValue> window = first_window_;
  if (walks_on_) {
    if (large_window_ == nullptr) {
      large_window_ = std::make_unique_for_overwrite<std::array<KeyValue, kWindow>>();
    }
    window = *large_window_;
  }
  walks_on_ = true;
  items_ = window.data();
  Status filled = forward ? cursor_->Next(window, &count_) : cursor_->Prev(window, &count_);
  if (!filled.ok()) Fail(std::move(filled));
}

void Iterator::Source::SeekToFirst() { SeekForward(Slice()); }

void Iterator::Source::Seek(Slice target) { SeekForward(target); }

void Iterator::Source::SeekForward(Slice target) {
  if (!Ready()) return;
  walks_on_ = false;
  const DeadRange& known = moment_.keyspace->dead_range;
  std::optional<DeadRange::Bounds> dead;
  if (!known.unknown()) {
    EpochDomain::Guard guard;
    dead = known.Around(cursor_->Inside(target), moment_.sequence);
  }
  Status sought = !dead.has_value()     ? cursor_->Seek(target)
                  : dead->end.has_value() ? cursor_->Seek(*dead->end)
                                          : cursor_->SeekToLast();
  if (!sought.ok()) return Fail(std::move(sought));
  Fill(true);
  if (status_.ok() && cursor_->hidden() >= engine_->tuning().dead_walk_min) RememberDead(target);
}

void Iterator::Source::RememberDead(Slice target) {
  DeadRange::Bounds seen{.begin = std::string(cursor_->Inside(target)), .end = std::nullopt};
  if (count_ != 0) {
    seen.end = std::string(items_[0].key);
  } else if (cursor_->upper() != nullptr) {
    seen.end = *cursor_->upper();
  }
  if (!seen.end.has_value() || seen.begin < *seen.end) {
    engine_->LearnDeadRange(*moment_.keyspace, seen, moment_.sequence);
  }
}

void Iterator::Source::SeekToLast() {
  if (!Ready()) return;
  walks_on_ = false;
  if (Status sought = cursor_->SeekToLast(); !sought.ok()) return Fail(std::move(sought));
  Fill(false);
}

void Iterator::Source::SeekForPrev(Slice target) {
  if (!Ready()) return;
  walks_on_ = false;
  if (Status sought = cursor_->SeekForPrev(target); !sought.ok()) return Fail(std::move(sought));
  Fill(false);
}

void Iterator::Source::NextWindow() {
  if (Ready()) Fill(true);
}

void Iterator::Source::PrevWindow() {
  if (Ready()) Fill(false);
}

void Iterator::Source::Turn(bool forward, Slice current_key) {
  if (!Ready()) return;
  // Positions again at the current item, then drops it: it comes first in the new direction.
  const std::string key(current_key);
  walks_on_ = false;
  Status sought = forward ? cursor_->Seek(key) : cursor_->SeekForPrev(key);
  if (!sought.ok()) return Fail(std::move(sought));
  Fill(forward);
}

}  // namespace firn
