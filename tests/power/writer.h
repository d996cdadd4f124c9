// The recorded processes: they use a store as a program does and say in marks what they were told.
//
// Marks, which timeline.h reads:
//   issue W K               writer W is about to commit its K-th
//   ack W K sync|periodic   the commit was acknowledged, with this durability
//   refuse W K              the commit failed for certain
//   hardened W K            a Sync or a Close returned that began after commit K was acknowledged
//   creating|created|dropping|dropped NAME    a keyspace
//   checkpointing PATH K    of the state after commit K
//   made PATH               the store in PATH was opened, or made by a checkpoint
//   failed TEXT             a call failed; nothing is written any more
// Threads: one call a process; a writer thread each.
#pragma once

#include <memory>
#include <string>

#include "firn/db.h"
#include "power/workload.h"

namespace firn::power {

inline constexpr char kStoreName[] = "store";

// Opens with the workload's sizes and options.
[[nodiscard]] Result<std::unique_ptr<Db>> OpenStore(const Workload& workload,
                                                    const std::string& directory);

// Runs the workload in `root`/store. The exit code of the process; 0 also when a sync failed that
// the workload makes fail.
[[nodiscard]] int RunWriter(const Workload& workload, const std::string& root);
// Opens what is in `root`/store, waits until nothing is left to do, and ends without closing.
[[nodiscard]] int RunRecovery(const Workload& workload, const std::string& root);

}  // namespace firn::power
