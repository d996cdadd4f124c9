#include "torture/world.h"

namespace firn::testing {

Result<std::shared_ptr<Engine>> World::Open(const std::string& directory) {
  Options options = plan.options;
  options.runtime = &simulated->runtime();
  return Engine::Open(directory, options, plan.tuning);
}

void World::CompareCheckpoint(std::size_t index) {
  auto opened = Open(checkpoints[index].directory);
  if (!Check(opened.status(), "open a checkpoint")) return;
  const std::shared_ptr<Engine> opened_engine = *opened;
  Db copy(std::move(opened).value());
  const Result<Tables> found = ReadTables(copy);
  if (Check(found.status(), "read a checkpoint")) {
    const auto wrong = history.CheckRecovered(*found, checkpoints[index].window);
    if (wrong.has_value()) Fail("a checkpoint: " + *wrong);
    checkpoints[index].compared = true;
  }
  Check(Close(copy), "close a checkpoint");
  account.Count(opened_engine->GetStats());
}

Status World::Close(Db& store) {
  account.Hear(store.GetStats().health);
  return store.Close();
}

bool World::Check(const Status& status, const std::string& what) {
  account.Answered(scheduler.running(), status);
  if (status.ok()) return true;
  ++errors;
  const bool possible = files.random_faults() > 0 && status.code() != StatusCode::kCorruption &&
                        status.code() != StatusCode::kInvalidArgument;
  if (!possible) Fail(what + ": " + status.ToString());
  Say("    " + what, status.ToString());
  return false;
}

Result<Table> ReadTable(const Db& db, const IteratorOptions& options) {
  Table table;
  Iterator iterator = db.NewIterator(options);
  for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) {
    const std::string key(iterator.key());
    if (!table.empty() && key <= table.rbegin()->first) {
      return Status(StatusCode::kCorruption, "a scan is out of order at " + key);
    }
    table.emplace(key, iterator.value());
  }
  if (!iterator.status().ok()) return iterator.status();
  auto expected = table.rbegin();
  for (iterator.SeekToLast(); iterator.Valid(); iterator.Prev(), ++expected) {
    if (expected == table.rend() || iterator.key() != expected->first ||
        iterator.value() != expected->second) {
      return Status(StatusCode::kCorruption, "a scan backwards differs from the one forwards");
    }
  }
  if (!iterator.status().ok()) return iterator.status();
  if (expected != table.rend()) {
    return Status(StatusCode::kCorruption, "a scan backwards ends early");
  }
  return table;
}

Result<Tables> ReadTables(const Db& db) {
  Tables tables(kSlots);
  for (const std::string& name : db.ListKeyspaces()) {
    auto keyspace = db.OpenKeyspace(name);
    if (!keyspace.ok()) return std::move(keyspace).status();
    IteratorOptions options;
    options.keyspace = *keyspace;
    auto table = ReadTable(db, options);
    if (!table.ok()) return std::move(table).status();
    for (std::size_t slot = 0; slot < kSlots; ++slot) {
      if (name == kSlotNames[slot]) tables[slot] = std::move(*table);
    }
  }
  return tables;
}

}  // namespace firn::testing
