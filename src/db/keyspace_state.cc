#include "db/keyspace_state.h"

namespace firn::internal {

StoreToken NewStoreToken() {
  static std::atomic<StoreToken> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

void KeyspaceState::PublishView() {
  std::vector<std::shared_ptr<const Memtable>> newest_first;
  newest_first.reserve(frozen.size());
  for (auto it = frozen.rbegin(); it != frozen.rend(); ++it) newest_first.push_back(it->memtable);
  ReadView* fresh = ReadView::Make(active, std::move(newest_first), tree);
  if (ReadView* old = view.exchange(fresh, std::memory_order_acq_rel); old != nullptr) {
    ReadView::Retire(old);
  }
}

void KeyspaceState::Retract() {
  active.reset();
  frozen.clear();
  tree.reset();
  if (ReadView* old = view.exchange(nullptr, std::memory_order_acq_rel); old != nullptr) {
    ReadView::Retire(old);
  }
}

}  // namespace firn::internal
