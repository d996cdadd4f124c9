// Splitting a node, in the order that readers rely on:
//   1. build the right node, a leaf with both its neighbours; nobody sees it yet
//   2. insert its separator into the parent (which may split first, the same way), or make a
//      new root; a reader may be on the right node from here on, and go on to its neighbours
//   3. raise `splits` of the old node; who came before step 2 will notice and come again
//   4. leaves: link the right node between the old one and its successor. Not before 3: who came
//      before 2 and looks for the first record of the successor must notice
//   5. truncate the old node's order
//   6. raise `splits` again; from here on the freed slots may be filled. Who came between 3 and 5
//      has the order of before and would take what fills them for the records that moved
// A leaf that is appended goes through 1 to 4: nothing moves, but it comes between two leaves.
// Between 3 and 5 the old leaf still shows the records that moved; cursors skip what they have
// seen.
#include "memtable/memtable_tree.h"

#include <new>
#include <type_traits>

#include "base/check.h"
#include "base/cooperation.h"
#include "base/seeded_bug.h"

namespace firn {
namespace {

template <typename T>
T Load(const std::atomic<T>& from) {
  return from.load(std::memory_order_acquire);
}
template <typename T>
void Store(std::atomic<T>& to, std::type_identity_t<T> value) {
  to.store(value, std::memory_order_release);
}

// Fills the free slot and puts it in order. Returns the slot, for what else belongs into it.
template <typename AnyNode>
unsigned FillFreeSlot(AnyNode& node, Permutation order, std::uint64_t head, const char* record) {
  const unsigned slot = order.free_slot();
  Store(node.heads[slot], head);
  Store(node.records[slot], record);
  return slot;
}

bool IsBehindLast(const Leaf& leaf, Permutation order, const Target& target) {
  if (order.count() == 0) return true;
  const unsigned last = order.slot(order.count() - 1);
  return target.IsAfter(Load(leaf.heads[last]), Load(leaf.records[last]));
}

// The lines that a descent reads, at once: a binary search would fetch them one after the other.
void Prefetch(const Node* node) {
  const char* const bytes = reinterpret_cast<const char*>(node);
  for (std::size_t line = 0; line < sizeof(Leaf); line += 64) __builtin_prefetch(bytes + line);
}

}  // namespace

static_assert(sizeof(Leaf) == 256);
static_assert(sizeof(InnerNode) == 384);

MemtableTree::MemtableTree(Arena& arena)
    : arena_(arena), root_(&first_leaf_), last_leaf_(&first_leaf_) {
  finger_.leaf = &first_leaf_;
}

template <typename AnyNode, typename... Arguments>
AnyNode* MemtableTree::NewNode(Arguments... arguments) {
  return new (arena_.Allocate(sizeof(AnyNode), alignof(AnyNode))) AnyNode(arguments...);
}

MemtableTree::Descent MemtableTree::Descend(const Target& target) const {
  Descent descent;
  while (!TryDescend(target, descent)) {
  }
  return descent;
}

// `splits` of a child is read before the parent is looked at again. If the parent is unchanged
// then, the child had not split when it was read (N4), and a later split will show in its `splits`
// (N3).
bool MemtableTree::TryDescend(const Target& target, Descent& descent) const {
  const Node* node = Load(root_);
  std::uint32_t splits = node->LoadSplits();
  if (Load(root_) != node) return false;
  while (node->level > 0) {
    const auto& inner = static_cast<const InnerNode&>(*node);
    const Permutation order = inner.LoadOrder();
    const Node* const child = inner.Child(order, LowerBound(inner, order, target));
    Prefetch(child);
    const std::uint32_t child_splits = child->LoadSplits();
    YieldPoint("descent: child read");
    if (inner.LoadOrder() != order || inner.LoadSplits() != splits) return false;
    node = child;
    splits = child_splits;
  }
  descent = {static_cast<const Leaf*>(node), splits};
  return true;
}

const char* MemtableTree::FindWithEqualHead(const Target& target) const {
  for (;;) {
    const auto [leaf, splits] = Descend(target);
    YieldPoint("find: leaf reached");
    const Permutation order = leaf->LoadOrder();
    YieldPoint("find: order read");
    const unsigned position = LowerBound(*leaf, order, target);
    const Leaf* holder = leaf;
    Permutation holder_order = order;
    unsigned slot = order.slot(position);
    if (position == order.count()) {
      // The first record of the successor is its separator: never moved, never preceded (N2, N5).
      holder = Load(leaf->next);
      if (holder != nullptr) holder_order = holder->LoadOrder();
      slot = holder_order.slot(0);
    }
    YieldPoint("find: slot chosen");
    const bool equal = holder != nullptr && Load(holder->heads[slot]) == target.head;
    const char* const record = equal ? Load(holder->records[slot]) : nullptr;
    if (leaf->LoadSplits() == splits) return record;
  }
}

bool MemtableTree::TryCopyLeaf(const Leaf* leaf, std::uint32_t splits, LeafCopy& copy) {
  YieldPoint("copy: splits read");
  const Permutation order = leaf->LoadOrder();
  YieldPoint("copy: order read");
  copy.leaf = leaf;
  copy.count = order.count();
  for (unsigned i = 0; i < copy.count; ++i) {
    copy.heads[i] = Load(leaf->heads[order.slot(i)]);
    copy.records[i] = Load(leaf->records[order.slot(i)]);
  }
  YieldPoint("copy: records read");
  copy.next = Load(leaf->next);
  return leaf->LoadSplits() == splits;
}

void MemtableTree::CopyLeaf(const Leaf* leaf, LeafCopy& copy) {
  while (!TryCopyLeaf(leaf, leaf->LoadSplits(), copy)) {
  }
}

void MemtableTree::CopyLeafOf(const Target& target, LeafCopy& copy) const {
  for (;;) {
    const auto [leaf, splits] = Descend(target);
    if (TryCopyLeaf(leaf, splits, copy)) return;
  }
}

void MemtableTree::Insert(Record record) {
  const Target target(record);
  const bool covered = FingerCovers(target);
  const bool appended_before = covered && finger_.appended;
  if (!covered) MoveFinger(target);
  Permutation order = finger_.leaf->LoadOrder();
  unsigned position = covered && IsBehindLast(*finger_.leaf, order, target)
                          ? order.count()
                          : LowerBound(*finger_.leaf, order, target);
  finger_.appended = position == order.count();
  if (order.count() == kNodeSlots) {
    if (finger_.appended && (appended_before || Load(finger_.leaf->next) == nullptr)) {
      AppendLeaf(target, record);
      return;
    }
    SplitLeaf(target);
    order = finger_.leaf->LoadOrder();
    position = LowerBound(*finger_.leaf, order, target);
  }
  if (BugIsOn(SeededBug::kOrderBeforeRecord)) {
    finger_.leaf->StoreOrder(order.InsertAt(position));
    YieldPoint("insert: position found");
  }
  FillFreeSlot(*finger_.leaf, order, target.head, record.bytes());
  YieldPoint("insert: slot filled");
  finger_.leaf->StoreOrder(order.InsertAt(position));
}

// Heads decide nearly always, and without a branch that a random stream would mispredict.
bool MemtableTree::FingerCovers(const Target& target) const {
  if ((target.head < finger_.lower_head) | (target.head > finger_.upper.head)) return false;
  const Leaf& leaf = *finger_.leaf;
  if (&leaf != &first_leaf_) {
    const unsigned first = leaf.LoadOrder().slot(0);
    if (!target.IsAfter(Load(leaf.heads[first]), Load(leaf.records[first]))) return false;
  }
  return finger_.upper.record == nullptr ||
         !target.IsAfter(finger_.upper.head, finger_.upper.record);
}

void MemtableTree::MoveFinger(const Target& target) {
  finger_.lower_head = 0;
  finger_.upper = {~std::uint64_t{0}, nullptr};
  Node* node = Load(root_);
  while (node->level > 0) {
    auto& inner = static_cast<InnerNode&>(*node);
    finger_.path[inner.level] = &inner;
    const Permutation order = inner.LoadOrder();
    const unsigned position = LowerBound(inner, order, target);
    node = inner.Child(order, position);
    Prefetch(node);
    if (position > 0) finger_.lower_head = Load(inner.heads[order.slot(position - 1)]);
    if (position < order.count()) {
      const unsigned slot = order.slot(position);
      finger_.upper = {Load(inner.heads[slot]), Load(inner.records[slot])};
    }
  }
  finger_.leaf = static_cast<Leaf*>(node);
}

// Ordered input leaves full leaves behind instead of halves.
void MemtableTree::AppendLeaf(const Target& target, Record record) {
  Leaf* const right = NewNode<Leaf>();
  FillFreeSlot(*right, Permutation(), target.head, record.bytes());
  right->StoreOrder(Permutation::InOrder(1));
  PlaceAfter(*finger_.leaf, right);
  InsertSeparator(1, {target.head, record.bytes()}, right);
  YieldPoint("append: the parent knows the leaf");
  finger_.leaf->RaiseSplits();
  Link(right);
  finger_.leaf = right;
  finger_.lower_head = target.head;
}

// Leaves the finger at the half that `target` belongs to.
void MemtableTree::SplitLeaf(const Target& target) {
  Leaf& leaf = *finger_.leaf;
  const Permutation order = leaf.LoadOrder();
  constexpr unsigned kKept = kNodeSlots / 2;
  Leaf* const right = NewNode<Leaf>();
  for (unsigned i = kKept; i < kNodeSlots; ++i) {
    Store(right->heads[i - kKept], Load(leaf.heads[order.slot(i)]));
    Store(right->records[i - kKept], Load(leaf.records[order.slot(i)]));
  }
  right->StoreOrder(Permutation::InOrder(kNodeSlots - kKept));
  PlaceAfter(leaf, right);
  const HeadedRecord separator{Load(right->heads[0]), Load(right->records[0])};
  InsertSeparator(1, separator, right);
  YieldPoint("split: the parent knows the leaf");
  if (BugIsOn(SeededBug::kLeafLinkedBeforeAnnounced)) Link(right);
  leaf.RaiseSplits();
  YieldPoint("split: announced");
  if (!BugIsOn(SeededBug::kLeafLinkedBeforeAnnounced)) Link(right);
  YieldPoint("split: linked");
  leaf.StoreOrder(order.Truncated(kKept));
  YieldPoint("split: truncated");
  if (!BugIsOn(SeededBug::kSplitEndNotAnnounced)) leaf.RaiseSplits();

  if (target.IsAfter(separator.head, separator.record)) {
    finger_.leaf = right;
    finger_.lower_head = separator.head;
  } else {
    finger_.upper = separator;
  }
}

void MemtableTree::PlaceAfter(Leaf& leaf, Leaf* right) {
  Store(right->next, Load(leaf.next));
  Store(right->previous, &leaf);
}

// `next` of the leaf comes before `previous` of the successor: who goes back from the successor
// must find it again by going forth.
void MemtableTree::Link(Leaf* right) {
  Leaf* const successor = Load(right->next);
  Store(Load(right->previous)->next, right);
  YieldPoint("link: forth, not back");
  if (successor != nullptr) {
    Store(successor->previous, right);
  } else {
    Store(last_leaf_, right);
  }
}

// Keeps finger_.path true: both neighbours of a separator are below the node that takes it.
void MemtableTree::InsertSeparator(std::uint32_t level, HeadedRecord separator, Node* right) {
  FIRN_CHECK(level < kLevelsMax);
  Node* const root = Load(root_);
  const bool grow = level > root->level;
  InnerNode* node = grow ? NewNode<InnerNode>(level, root) : finger_.path[level];
  const Target target{Record(separator.record)};
  if (node->LoadOrder().count() == kNodeSlots) node = SplitInner(node, target);
  const Permutation order = node->LoadOrder();
  const unsigned position = LowerBound(*node, order, target);
  const unsigned slot = FillFreeSlot(*node, order, separator.head, separator.record);
  Store(node->children[slot], right);
  node->StoreOrder(order.InsertAt(position));
  YieldPoint("separator: inserted");
  if (grow) Store(root_, static_cast<Node*>(node));
  finger_.path[level] = node;
}

// Returns the half that `target` belongs to.
InnerNode* MemtableTree::SplitInner(InnerNode* node, const Target& target) {
  const Permutation order = node->LoadOrder();
  // The middle separator moves up. Ordered input keeps the left node nearly full.
  const bool append = LowerBound(*node, order, target) == kNodeSlots;
  const unsigned middle = append ? kNodeSlots - 1 : kNodeSlots / 2;
  const unsigned middle_slot = order.slot(middle);
  const HeadedRecord separator{Load(node->heads[middle_slot]), Load(node->records[middle_slot])};
  auto* const right = NewNode<InnerNode>(node->level, node->Child(order, middle + 1));
  for (unsigned i = middle + 1; i < kNodeSlots; ++i) {
    const unsigned to = i - middle - 1;
    Store(right->heads[to], Load(node->heads[order.slot(i)]));
    Store(right->records[to], Load(node->records[order.slot(i)]));
    Store(right->children[to], Load(node->children[order.slot(i)]));
  }
  right->StoreOrder(Permutation::InOrder(kNodeSlots - middle - 1));
  InsertSeparator(node->level + 1, separator, right);
  YieldPoint("inner split: the parent knows the node");
  node->RaiseSplits();
  YieldPoint("inner split: announced");
  node->StoreOrder(order.Truncated(middle));
  YieldPoint("inner split: truncated");
  node->RaiseSplits();
  return target.IsAfter(separator.head, separator.record) ? right : node;
}

}  // namespace firn
