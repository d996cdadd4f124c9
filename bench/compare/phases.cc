#include "phases.h"

#include <algorithm>

namespace firn::compare {
namespace {

Recipe Of(Action action, Choice choice) {
  Recipe recipe;
  recipe.action = action;
  recipe.choice = choice;
  return recipe;
}

Recipe Mixed(Recipe recipe, std::uint32_t percent, Action other) {
  recipe.other_percent = percent;
  recipe.other = other;
  return recipe;
}

Recipe Batched(Recipe recipe, std::uint32_t batch) {
  recipe.batch = batch;
  return recipe;
}

Recipe Hot(Recipe recipe, std::uint32_t percent) {
  recipe.range_percent = percent;
  return recipe;
}

Recipe Scan(Choice choice, std::uint32_t steps_min, std::uint32_t steps_max) {
  Recipe recipe = Of(Action::kScan, choice);
  recipe.steps_min = steps_min;
  recipe.steps_max = steps_max;
  return recipe;
}

// Calls of many steps: the loop around a step costs as much as the fastest engine's step.
Recipe Walk() { return Batched(Of(Action::kWalk, Choice::kSorted), 64); }

Recipe Reverse(Recipe recipe) {
  recipe.direction = Direction::kBackward;
  return recipe;
}

Recipe ReusingCursor(Recipe recipe) {
  recipe.fresh_cursor = false;
  return recipe;
}

Phase Load(std::string_view name, const Recipe& recipe) {
  return {.name = name, .recipe = recipe, .amount = Amount::kEntries, .run = RunRecipe};
}

Phase Do(std::string_view name, const Recipe& recipe, Amount amount = Amount::kOperations) {
  return {.name = name, .recipe = recipe, .amount = amount, .run = RunRecipe};
}

Phase BesideWriter(Phase phase) {
  phase.writer_beside = true;
  return phase;
}

Phase Durable(Phase phase) {
  phase.durable = true;
  return phase;
}

}  // namespace

const std::vector<Phase>& AllPhases() {
  static const std::vector<Phase> phases = {
      Load("fillrandom", Of(Action::kPut, Choice::kUnordered)),
      Load("fillseq", Of(Action::kPut, Choice::kSorted)),
      Load("fillbatch100", Batched(Of(Action::kPut, Choice::kUnordered), 100)),
      Load("overwrite", Of(Action::kPut, Choice::kShuffled)),
      Load("deleterandom", Of(Action::kDelete, Choice::kShuffled)),
      Durable(Do("fillsync", Of(Action::kInsert, Choice::kUnordered))),
      Do("readcold", Of(Action::kGet, Choice::kUniform)),
      Do("warm", Walk(), Amount::kLive),
      Do("readrandom", Of(Action::kGet, Choice::kUniform)),
      Do("readhot", Hot(Of(Action::kGet, Choice::kUniform), 1)),
      Do("readmissing", Of(Action::kGetMissing, Choice::kUniform)),
      Do("readnearmissing", Of(Action::kGetNearMissing, Choice::kUniform)),
      Do("multiget32", Batched(Of(Action::kGet, Choice::kUniform), 32)),
      Do("seekrandom10", Scan(Choice::kUniform, 10, 10)),
      Do("seekreuse10", ReusingCursor(Scan(Choice::kUniform, 10, 10))),
      Do("seekrandom100reverse", Reverse(Scan(Choice::kUniform, 100, 100))),
      Do("readseq", Walk(), Amount::kLive),
      Do("readreverse", Reverse(Walk()), Amount::kLive),
      BesideWriter(Do("readwhilewriting", Of(Action::kGet, Choice::kUniform))),
      BesideWriter(Do("scanwhilewriting", Walk(), Amount::kEndless)),
      Do("ycsb_a", Mixed(Of(Action::kGet, Choice::kZipf), 50, Action::kPut)),
      Do("ycsb_b", Mixed(Of(Action::kGet, Choice::kZipf), 5, Action::kPut)),
      Do("ycsb_c", Of(Action::kGet, Choice::kZipf)),
      Do("ycsb_d", Mixed(Of(Action::kGet, Choice::kLatest), 5, Action::kInsert)),
      Do("ycsb_e", Mixed(Scan(Choice::kZipf, 1, 100), 5, Action::kInsert)),
      Do("ycsb_f", Mixed(Of(Action::kGet, Choice::kZipf), 50, Action::kModify)),
      {.name = "bulkload", .run = RunBulkLoad},
      {.name = "queue", .run = RunQueue},
      {.name = "fill_and_die",
       .recipe = Of(Action::kPut, Choice::kUnordered),
       .amount = Amount::kEntries,
       .quiesces = false,
       .run = RunFillAndDie},
      {.name = "reopen", .run = RunReopen},
      {.name = "settle", .run = RunSettle},
      {.name = "compact", .run = RunCompact},
      {.name = "verify", .run = RunVerify},
  };
  return phases;
}

Status RunPhase(Job& job, const std::string& name) {
  const auto phase = std::find_if(AllPhases().begin(), AllPhases().end(),
                                  [&](const Phase& candidate) { return candidate.name == name; });
  if (phase == AllPhases().end()) return {StatusCode::kInvalidArgument, "no such phase"};
  if (phase->durable && job.arguments.setup.durability != DurabilityClass::kS) {
    return {StatusCode::kInvalidArgument, "measures class S: run it with --class S"};
  }
  if (phase->run != RunReopen) {
    if (Status opened = job.Open(); !opened.ok()) return opened;
  }
  return phase->run(job, *phase);
}

}  // namespace firn::compare
