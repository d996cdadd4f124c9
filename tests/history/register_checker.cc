#include "history/register_checker.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <unordered_set>

namespace firn::history {
namespace {

constexpr std::size_t kNone = ~std::size_t{0};
constexpr std::size_t kWordBits = 64;

// The value after `operation`, or nullopt when it cannot happen to `value`.
std::optional<Value> Step(const Operation& operation, Value value) {
  switch (operation.kind) {
    case Operation::Kind::kRead:
      if (operation.value != value) return std::nullopt;
      return value;
    case Operation::Kind::kWrite: return operation.value;
    case Operation::Kind::kConditional:
      if ((operation.expected == value) != operation.succeeded) return std::nullopt;
      return operation.succeeded ? operation.value : value;
  }
  return std::nullopt;
}

// The calls and returns of the operations that are not done yet, in the order of time: a list from
// which an operation is lifted and to which it returns in constant time.
class PendingList {
 public:
  // Operation i is node 2i when it begins and 2i + 1 when it ends; the last node stands for the
  // head and the end.
  explicit PendingList(const std::vector<Operation>& history)
      : nodes_(2 * history.size() + 1), head_(2 * history.size()) {
    std::vector<std::pair<std::uint64_t, std::size_t>> moments;
    for (std::size_t i = 0; i < history.size(); ++i) {
      moments.emplace_back(history[i].begin, 2 * i);
      moments.emplace_back(history[i].end, 2 * i + 1);
    }
    std::sort(moments.begin(), moments.end());
    std::size_t last = head_;
    for (const auto& [moment, node] : moments) {
      nodes_[last].next = node;
      nodes_[node].previous = last;
      last = node;
    }
    nodes_[last].next = head_;
    nodes_[head_].previous = last;
  }

  [[nodiscard]] bool empty() const { return nodes_[head_].next == head_; }
  [[nodiscard]] std::size_t first() const { return nodes_[head_].next; }
  [[nodiscard]] std::size_t Next(std::size_t node) const { return nodes_[node].next; }
  void Lift(std::size_t operation) {
    Unlink(2 * operation);
    Unlink(2 * operation + 1);
  }
  // In the opposite order of the lifting.
  void Return(std::size_t operation) {
    Relink(2 * operation + 1);
    Relink(2 * operation);
  }

 private:
  struct Node {
    std::size_t previous = 0;
    std::size_t next = 0;
  };
  void Unlink(std::size_t node) {
    nodes_[nodes_[node].previous].next = nodes_[node].next;
    nodes_[nodes_[node].next].previous = nodes_[node].previous;
  }
  void Relink(std::size_t node) {
    nodes_[nodes_[node].previous].next = node;
    nodes_[nodes_[node].next].previous = node;
  }

  std::vector<Node> nodes_;
  std::size_t head_;
};

// Which operations, numbered as they began, are done: all before a point and few behind it.
class DoneSet {
 public:
  explicit DoneSet(std::size_t count) : words_(count / kWordBits + 1) {}
  void Flip(std::size_t operation) {
    const std::size_t word = operation / kWordBits;
    words_[word] ^= std::uint64_t{1} << (operation % kWordBits);
    used_ = std::max(used_, word + 1);
    if (words_[word] != kFullWord) full_ = std::min(full_, word);
  }
  // Tells the set and the value apart from all others of the same history: full words at the front
  // are counted, empty ones at the end left out.
  void AppendKey(Value value, std::string& key) {
    while (used_ > 0 && words_[used_ - 1] == 0) --used_;
    while (full_ < used_ && words_[full_] == kFullWord) ++full_;
    const auto append = [&](const void* bytes, std::size_t count) {
      key.append(static_cast<const char*>(bytes), count);
    };
    append(&value, sizeof(value));
    append(&full_, sizeof(full_));
    append(words_.data() + full_, (std::max(used_, full_) - full_) * sizeof(words_[0]));
  }

 private:
  static constexpr std::uint64_t kFullWord = ~std::uint64_t{0};
  std::vector<std::uint64_t> words_;
  std::size_t used_ = 0;  // no word behind is used
  std::size_t full_ = 0;  // all words before are full
};

class Search {
 public:
  Search(const std::vector<Operation>& history, Value initial)
      : history_(history), pending_(history), done_(history.size()), value_(initial) {}

  // The operation that was in the way when most were done; kNone: an order was found.
  std::size_t Run() {
    std::size_t node = pending_.first();
    std::size_t in_the_way = kNone;
    std::size_t most_done = 0;
    while (!pending_.empty()) {
      const std::size_t operation = node / 2;
      const bool begins = node % 2 == 0;
      if (begins) {
        node = TryNext(operation) ? pending_.first() : pending_.Next(node);
        continue;
      }
      // It has ended, so it must be done before any that begins from here on.
      if (in_the_way == kNone || path_.size() >= most_done) {
        in_the_way = operation;
        most_done = path_.size();
      }
      if (path_.empty()) return in_the_way;
      node = UndoLast();
    }
    return kNone;
  }

 private:
  struct Done {
    std::size_t operation;
    Value before;
  };

  bool TryNext(std::size_t operation) {
    const std::optional<Value> next = Step(history_[operation], value_);
    if (!next.has_value()) return false;
    done_.Flip(operation);
    key_.clear();
    done_.AppendKey(*next, key_);
    if (!seen_.insert(key_).second) {
      done_.Flip(operation);
      return false;
    }
    path_.push_back({operation, value_});
    value_ = *next;
    pending_.Lift(operation);
    return true;
  }

  // Where to go on.
  std::size_t UndoLast() {
    const Done last = path_.back();
    path_.pop_back();
    done_.Flip(last.operation);
    value_ = last.before;
    pending_.Return(last.operation);
    return pending_.Next(2 * last.operation);
  }

  const std::vector<Operation>& history_;
  PendingList pending_;
  DoneSet done_;
  Value value_;
  std::vector<Done> path_;
  std::unordered_set<std::string> seen_;
  std::string key_;
};

std::string Name(Value value) { return value == kAbsent ? "absent" : std::to_string(value); }

}  // namespace

std::string Describe(const Operation& operation) {
  std::string text =
      "[" + std::to_string(operation.begin) + ", " + std::to_string(operation.end) + "] ";
  switch (operation.kind) {
    case Operation::Kind::kRead: return text + "read " + Name(operation.value);
    case Operation::Kind::kWrite: return text + "write " + Name(operation.value);
    case Operation::Kind::kConditional:
      return text + (operation.succeeded ? "replaced " : "did not replace ") +
             Name(operation.expected) + " by " + Name(operation.value);
  }
  return text;
}

std::optional<std::string> CheckRegister(std::vector<Operation> history, Value initial) {
  std::sort(history.begin(), history.end(),
            [](const Operation& a, const Operation& b) { return a.begin < b.begin; });
  const std::size_t in_the_way = Search(history, initial).Run();
  if (in_the_way == kNone) return std::nullopt;
  constexpr std::size_t kShown = 12;  // before and behind
  std::string text = "no order explains " + Describe(history[in_the_way]) + "; initially " +
                     Name(initial) + ", around it:";
  const std::size_t end = std::min(history.size(), in_the_way + kShown);
  for (std::size_t i = in_the_way - std::min(in_the_way, kShown); i < end; ++i) {
    text += "\n  " + Describe(history[i]);
  }
  return text;
}

}  // namespace firn::history
