#include "db/read_view.h"

#include "cache/epoch.h"

namespace firn {

ReadView::ReadView(std::shared_ptr<Memtable> active,
                   std::vector<std::shared_ptr<const Memtable>> frozen,
                   std::shared_ptr<const Tree> tree)
    : active_(std::move(active)), frozen_(std::move(frozen)), tree_(std::move(tree)) {
  if (active_ != nullptr) memtables_.push_back(active_.get());
  for (const auto& memtable : frozen_) memtables_.push_back(memtable.get());
  for (const auto& level : tree_->levels) {
    for (const auto& run : level) runs_.push_back(run.get());
  }
}

ReadView* ReadView::Make(std::shared_ptr<Memtable> active,
                         std::vector<std::shared_ptr<const Memtable>> frozen,
                         std::shared_ptr<const Tree> tree) {
  return new ReadView(std::move(active), std::move(frozen), std::move(tree));
}

void ReadView::Unreference() {
  // Release/acquire pairs every use of the view with its destruction.
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

void ReadView::Retire(ReadView* view) {
  EpochDomain::Process().Retire(view, [](void* object) {
    static_cast<ReadView*>(object)->Unreference();
  });
}

}  // namespace firn
