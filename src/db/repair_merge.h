// Writes what was salvaged of one keyspace as one settled run of the new store.
//
// Threads: one.
#pragma once

#include "db/flush_memtables.h"
#include "db/repair_survey.h"

namespace firn {

// `context` is the new store's. The tables lie in key order; they are synced, their directory too.
[[nodiscard]] Result<MergeJobOutput> WriteSalvaged(StoreContext& context, KeyspaceId id,
                                                   const SurveyedKeyspace& keyspace);

}  // namespace firn
