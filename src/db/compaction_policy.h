// The picker's policy for a store at this moment.
#pragma once

#include "compaction/picker.h"
#include "db/store_context.h"
#include "db/store_state.h"

namespace firn {

[[nodiscard]] inline CompactionPolicy PolicyOf(const StoreContext& context, const StoreState& state)
    FIRN_REQUIRES(state.mutex) {
  CompactionPolicy policy;
  policy.runs_per_level = context.tuning.runs_per_level;
  policy.table_bytes = context.tuning.table_bytes;
  policy.moves_to_last = context.options.compression == Compression::kNone;
  policy.droppable_max = state.snapshots.Oldest().value_or(
      state.visible.load(std::memory_order_acquire));
  return policy;
}

}  // namespace firn
