// Every source has a batch of its own; the loser tree picks the next entry among their fronts.
//
// M1  Views handed out are the sources' own. A source is therefore refilled only at the start of a
//     call: a delivered batch ends where a source's batch runs dry.
// M2  The merge's position lies, for every source, in front of the entry of its batch that is next;
//     where the batch is used up, it is the source's own position.
// M3  Ranks are read behind `prefix_`, which the undelivered entries of all source batches share:
//     keys that differ late only (zero-padded numbers, paths) then tie as rarely as others.
// M4  The last source, the base, usually holds nearly everything, and settled. While its batch is
//     used up it may be parked, out of the tree: its plain entries in front of the others' least
//     front then go to the caller with no batch in between. Where such stretches are short, the
//     base is asked for larger and larger batches instead.
#include "merge/merging_cursor.h"

#include <algorithm>
#include <ranges>
#include <string>

#include "base/check.h"
#include "base/common_prefix.h"
#include "base/status_macros.h"
#include "merge/direction.h"
#include "merge/loser_tree.h"

namespace firn {
namespace {

// Ties cost a comparison of keys each; a new prefix about two a source and a new tree.
constexpr std::size_t kTiesBeforeNewPrefix = 32;
// The first batch asked of a source is one entry, since of most a short scan needs to know only
// that they have nothing to add; each later one is larger, so that a long scan soon reads whole
// batches.
constexpr std::size_t kFirstAsk = 1;
constexpr std::size_t kAskGrowth = 4;
// A plain stretch pays for leaving and entering the tree from about here on.
constexpr std::size_t kWorthwhileStretch = 8;

class MergingCursor final : public EntryCursor {
 public:
  explicit MergingCursor(std::vector<std::unique_ptr<EntryCursor>> cursors)
      : sources_(cursors.size()), ranks_(cursors.size()) {
    for (std::size_t i = 0; i < cursors.size(); ++i) sources_[i].cursor = std::move(cursors[i]);
  }

  Status SeekToFirst() override {
    return SeekAll([](EntryCursor& cursor) { return cursor.SeekToFirst(); });
  }
  Status SeekToLast() override {
    return SeekAll([](EntryCursor& cursor) { return cursor.SeekToLast(); });
  }
  Status Seek(Slice target) override {
    return SeekAll([&](EntryCursor& cursor) { return cursor.Seek(target); });
  }
  Status SeekForPrev(Slice target) override {
    return SeekAll([&](EntryCursor& cursor) { return cursor.SeekForPrev(target); });
  }

  Status Next(EntryBatch& batch, std::size_t limit) override {
    return Move(Direction::kForward, batch, limit);
  }
  Status Prev(EntryBatch& batch, std::size_t limit) override {
    return Move(Direction::kBackward, batch, limit);
  }
  Status NextPlain(std::span<KeyValue> items, const Slice* stop, std::size_t* count) override {
    return MovePlain(Direction::kForward, items, stop, count);
  }
  Status PrevPlain(std::span<KeyValue> items, const Slice* stop, std::size_t* count) override {
    return MovePlain(Direction::kBackward, items, stop, count);
  }

 private:
  struct Source {
    std::unique_ptr<EntryCursor> cursor;
    bool exhausted = false;  // nothing more in this direction
    std::size_t next = 0;    // first entry of `batch` not delivered yet
    std::size_t ask = kFirstAsk;
    EntryBatch batch;

    [[nodiscard]] bool dry() const { return next == batch.count; }
    // Of what is not delivered. Requires: !dry().
    [[nodiscard]] const Entry& front() const { return batch.entries[next]; }
    [[nodiscard]] const Entry& back() const { return batch.entries[batch.count - 1]; }
  };

  auto TieBreak() {
    return [this](std::size_t a, std::size_t b) {
      ++ties_;
      return FrontPrecedes(a, b);
    };
  }

  template <typename SeekOne>
  Status SeekAll(SeekOne seek_one) {
    ForgetBatches();
    failure_ = Status();
    // The base first: its block arrives while the others seek.
    for (Source& source : std::views::reverse(sources_)) {
      if (Status status = seek_one(*source.cursor); !status.ok()) return Fail(std::move(status));
    }
    return {};
  }

  void ForgetBatches() {
    for (Source& source : sources_) {
      source.exhausted = false;
      source.next = source.batch.count = 0;
      source.ask = kFirstAsk;
    }
    tree_built_ = false;
    prefix_.clear();
    ties_ = 0;
  }

  // After a failure the sources stand anywhere: only a new seek makes sense of them again.
  Status Fail(Status status) {
    failure_ = std::move(status);
    return failure_;
  }

  Status Move(Direction direction, EntryBatch& batch, std::size_t limit) {
    FIRN_DCHECK(limit >= 1 && limit <= EntryBatch::kCapacity);
    batch.count = 0;
    FIRN_RETURN_IF_ERROR(failure_);
    if (Status status = Prepare(direction); !status.ok()) return Fail(std::move(status));
    Merge(batch, limit);
    return {};
  }

  Status Prepare(Direction direction) {
    if (direction != direction_) FIRN_RETURN_IF_ERROR(TurnTo(direction));
    if (!tree_built_ || base_parked_) {
      base_parked_ = false;
      FIRN_RETURN_IF_ERROR(FillDry(sources_.size()));
      BuildTree();
      return {};
    }
    const std::size_t winner = tree_.winner();
    if (!sources_[winner].dry()) return {};
    FIRN_RETURN_IF_ERROR(Fill(sources_[winner]));
    if (NeedsNewPrefix(sources_[winner])) {
      BuildTree();
    } else {
      tree_.ReplayWinner(FrontRank(sources_[winner]), TieBreak());
    }
    return {};
  }

  Status MovePlain(Direction direction, std::span<KeyValue> items, const Slice* stop,
                   std::size_t* count) {
    *count = 0;
    FIRN_RETURN_IF_ERROR(failure_);
    Source& base = sources_.back();
    if (!base.dry() || base.exhausted) return {};
    if (Status status = ParkBase(direction); !status.ok()) return Fail(std::move(status));
    const Source& nearest = sources_[tree_.winner()];
    const Slice* end = stop;
    if (!nearest.dry()) {
      const Slice& front = nearest.front().key;
      const bool forward = direction == Direction::kForward;
      if (end == nullptr || (forward ? front < *end : *end < front)) end = &front;
    }
    Status status = direction == Direction::kForward ? base.cursor->NextPlain(items, end, count)
                                                     : base.cursor->PrevPlain(items, end, count);
    if (!status.ok()) return Fail(std::move(status));
    if (*count >= std::min(kWorthwhileStretch, items.size())) base.ask = 1;
    return {};
  }

  // Requires: the base's batch is used up. Afterwards the tree ranks the others.
  Status ParkBase(Direction direction) {
    if (direction != direction_) FIRN_RETURN_IF_ERROR(TurnTo(direction));
    if (!tree_built_) {
      FIRN_RETURN_IF_ERROR(FillDry(sources_.size() - 1));
      BuildTree();
    } else if (!base_parked_) {
      // It was delivered from last, or it would not be used up: it is the winner.
      FIRN_CHECK(tree_.winner() == sources_.size() - 1);
      tree_.ReplayWinner(UINT64_MAX, TieBreak());
    }
    base_parked_ = true;
    return {};
  }

  // The first `count` sources, where they are used up.
  Status FillDry(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      if (sources_[i].dry()) FIRN_RETURN_IF_ERROR(Fill(sources_[i]));
    }
    return {};
  }

  Status Fill(Source& source) {
    if (source.exhausted) return {};
    source.next = source.batch.count = 0;
    FIRN_RETURN_IF_ERROR(Pull(source, source.ask));
    source.ask = std::min(kAskGrowth * source.ask, EntryBatch::kCapacity);
    source.exhausted = source.batch.count == 0;
    return {};
  }

  Status Pull(Source& source, std::size_t limit) const {
    return direction_ == Direction::kForward ? source.cursor->Next(source.batch, limit)
                                             : source.cursor->Prev(source.batch, limit);
  }

  // Backwards, ranks are complements: the tree always looks for the least.
  [[nodiscard]] std::uint64_t RankAt(const Source& source, std::size_t index) const {
    const std::uint64_t head =
        prefix_.empty() ? source.batch.heads[index]
                        : KeyHead(source.batch.entries[index].key.substr(prefix_.size()));
    return direction_ == Direction::kForward ? head : ~head;
  }
  [[nodiscard]] std::uint64_t FrontRank(const Source& source) const {
    return source.dry() ? UINT64_MAX : RankAt(source, source.next);
  }

  void BuildTree() {
    if (std::ranges::any_of(sources_, [&](const Source& s) { return NeedsNewPrefix(s); })) {
      FindPrefix();
    }
    for (std::size_t i = 0; i < sources_.size(); ++i) ranks_[i] = FrontRank(sources_[i]);
    tree_.Build(ranks_, TieBreak());
    tree_built_ = true;
    last_winner_ = sources_.size();
  }

  // A batch is sorted, so what its ends share all of it shares.
  [[nodiscard]] bool SharesPrefix(const Source& source) const {
    return source.dry() || (source.front().key.starts_with(prefix_) &&
                            source.back().key.starts_with(prefix_));
  }
  [[nodiscard]] bool NeedsNewPrefix(const Source& source) const {
    return ties_ >= kTiesBeforeNewPrefix || !SharesPrefix(source);
  }
  void FindPrefix() {
    ties_ = 0;
    const auto first = std::ranges::find_if(sources_, [](const Source& s) { return !s.dry(); });
    if (first == sources_.end()) return;
    Slice shared = first->front().key;
    for (const Source& source : sources_) {
      if (source.dry()) continue;
      shared = SharedStart(SharedStart(shared, source.front().key), source.back().key);
    }
    prefix_.assign(shared);
  }
  static Slice SharedStart(Slice a, Slice b) { return a.substr(0, CommonPrefixBytes(a, b)); }

  [[nodiscard]] bool FrontPrecedes(std::size_t a, std::size_t b) const {
    const Source& left = sources_[a];
    const Source& right = sources_[b];
    if (left.dry() || right.dry()) return left.dry() == right.dry() ? a < b : right.dry();
    const bool forward = Compare(left.front(), a, right.front(), b) < 0;
    return forward == (direction_ == Direction::kForward);
  }
  // Order E1, then the earlier source; never 0 for different sources.
  static int Compare(const Entry& a, std::size_t source_a, const Entry& b, std::size_t source_b) {
    if (const int order = a.key.compare(b.key); order != 0) return order;
    if (a.sequence != b.sequence) return a.sequence > b.sequence ? -1 : 1;
    return source_a < source_b ? -1 : source_a > source_b;
  }

  void Merge(EntryBatch& batch, std::size_t limit) {
    while (batch.count < limit) {
      const std::size_t winner = tree_.winner();
      Source& source = sources_[winner];
      if (source.dry()) return;  // all are, or this one waits for the next call (M1)
      Deliver(source, batch);
      // Two wins in a row hint at a stretch, which is worth looking at the second best.
      if (winner == last_winner_) DeliverStretch(source, batch, limit);
      last_winner_ = winner;
      if (source.dry()) return;
      tree_.ReplayWinner(RankAt(source, source.next), TieBreak());
    }
  }

  static void Deliver(Source& source, EntryBatch& batch) {
    batch.heads[batch.count] = source.batch.heads[source.next];
    batch.entries[batch.count] = source.batch.entries[source.next];
    ++batch.count;
    ++source.next;
  }

  void DeliverStretch(Source& source, EntryBatch& batch, std::size_t limit) {
    const std::uint64_t second = tree_.SecondRank();
    const std::size_t room = std::min(limit - batch.count, source.batch.count - source.next);
    std::size_t length = room;
    if (room != 0 && RankAt(source, source.next + room - 1) >= second) {
      length = 0;
      while (RankAt(source, source.next + length) < second) ++length;
    }
    std::copy_n(source.batch.heads.data() + source.next, length,
                batch.heads.data() + batch.count);
    std::copy_n(source.batch.entries.data() + source.next, length,
                batch.entries.data() + batch.count);
    batch.count += length;
    source.next += length;
  }

  // Puts the sources where the merge stands (M2), so that they can be read the other way.
  Status TurnTo(Direction direction) {
    direction_ = direction;
    for (Source& source : sources_) {
      if (!source.dry()) FIRN_RETURN_IF_ERROR(Reposition(source));
      source.exhausted = false;
      source.ask = kFirstAsk;
    }
    tree_built_ = false;
    prefix_.clear();
    ties_ = 0;
    return {};
  }

  // Seeks know keys only; the versions of the turning key on the wrong side are read and skipped.
  Status Reposition(Source& source) {
    Entry turn = source.front();
    turn_key_.assign(turn.key);
    turn.key = turn_key_;
    const bool forward = direction_ == Direction::kForward;
    FIRN_RETURN_IF_ERROR(forward ? source.cursor->Seek(turn.key)
                                 : source.cursor->SeekForPrev(turn.key));
    do {
      FIRN_RETURN_IF_ERROR(Pull(source, EntryBatch::kCapacity));
      for (source.next = 0; !source.dry(); ++source.next) {
        const int order = Compare(source.front(), 0, turn, 0);
        if (forward ? order > 0 : order < 0) return {};
      }
    } while (source.batch.count != 0);
    return {};
  }

  std::vector<Source> sources_;
  std::vector<std::uint64_t> ranks_;
  LoserTree tree_;
  bool tree_built_ = false;
  bool base_parked_ = false;  // M4; meaningless while no tree is built
  std::string prefix_;     // empty: the heads in the batches are the ranks
  std::size_t ties_ = 0;   // since the prefix was found
  Direction direction_ = Direction::kForward;
  std::size_t last_winner_ = 0;
  Status failure_;
  std::string turn_key_;
};

}  // namespace

std::unique_ptr<EntryCursor> NewMergingCursor(std::vector<std::unique_ptr<EntryCursor>> sources) {
  FIRN_CHECK(!sources.empty());
  if (sources.size() == 1) return std::move(sources.front());
  return std::make_unique<MergingCursor>(std::move(sources));
}

}  // namespace firn
