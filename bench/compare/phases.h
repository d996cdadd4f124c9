// The phases by name. Most are a recipe of operations; the others are a function of their own.
// Threads: the main one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "job.h"
#include "operations.h"

namespace firn::compare {

// How many operations a recipe's phase does.
enum class Amount : std::uint8_t {
  kEntries,     // each entry once; where --load-seconds cuts it short, the job ends
  kOperations,  // as the arguments say
  kLive,        // each live entry once
  kEndless,     // until --max-seconds; without it, as kOperations
};

struct Phase {
  std::string_view name;
  Recipe recipe = {};
  Amount amount = Amount::kOperations;
  bool writer_beside = false;  // one more thread overwrites meanwhile
  bool durable = false;        // class S only
  bool quiesces = true;        // waits for quiescence when it wrote
  Status (*run)(Job& job, const Phase& phase);
};

[[nodiscard]] const std::vector<Phase>& AllPhases();
Status RunPhase(Job& job, const std::string& name);

Status RunRecipe(Job& job, const Phase& phase);
Status RunSettle(Job& job, const Phase& phase);
Status RunCompact(Job& job, const Phase& phase);
Status RunVerify(Job& job, const Phase& phase);
Status RunReopen(Job& job, const Phase& phase);
Status RunBulkLoad(Job& job, const Phase& phase);
Status RunFillAndDie(Job& job, const Phase& phase);
Status RunQueue(Job& job, const Phase& phase);

}  // namespace firn::compare
