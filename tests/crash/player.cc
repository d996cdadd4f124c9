#include "crash/player.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "firn/repair.h"

namespace firn::testing {

bool Player::Note(const Status& status) {
  if (status.ok()) return true;
  if (status.message().empty()) Wrong("an error without words: " + status.ToString());
  errors_.push_back(status.ToString());
  return false;
}

std::uint64_t Player::overcome() const {
  if (store_.db == nullptr) return overcome_;
  const Stats stats = store_.db->GetStats();
  return overcome_ + stats.job_failures + stats.manifest_failures + stats.log_segment_failures +
         stats.cleanup_failures;
}

bool Player::Open() {
  auto opened = OpenStore(workload_, files_, 1);
  if (!Note(opened.status())) return false;
  store_ = std::move(opened).value();
  log_failed_ = false;
  keyspaces_.clear();
  for (const std::string& name : store_.db->ListKeyspaces()) {
    auto keyspace = store_.db->OpenKeyspace(name);
    if (Note(keyspace.status())) keyspaces_[name] = std::move(keyspace).value();
  }
  return true;
}

bool Player::Close() {
  CheckReads();
  snapshot_ = Snapshot();
  keyspaces_.clear();
  const bool clean = Note(store_.db->Close());
  overcome_ = overcome();
  if (clean) ledger_.AllDurable();
  store_.db.reset();
  return clean;
}

void Player::Reopen() {
  static_cast<void>(Close());
  OpenAgain();
}

void Player::OpenAgain() {
  if (Open() && !AdoptWhatIsThere()) store_.db.reset();
}

bool Player::AdoptWhatIsThere() {
  Found found;
  if (const std::string unreadable = Scan(*store_.db, Snapshot(), &found); !unreadable.empty()) {
    errors_.push_back(unreadable);
    return false;  // nothing was shown: nobody knows what is there
  }
  if (!ledger_.Adopt(found)) {
    Wrong("reopened: " + ledger_.Explain(found, ledger_.bounds()));
  }
  return true;
}

void Player::Play(const std::function<bool()>& after) {
  if (!Open()) {
    after();
    return;
  }
  if (!after()) return;
  for (const Step& step : workload_.steps) {
    if (step.verb == Verb::kReopen) {
      Reopen();
    } else if (step.verb == Verb::kRepair) {
      Repair(step.name);
    } else {
      Do(step);
    }
    if (store_.db == nullptr) break;
    RunSome();
    if (!after()) return;
  }
  if (store_.db != nullptr) static_cast<void>(Close());
  after();
}

void Player::RunSome() {
  for (int turn = 0; turn < 2; ++turn) store_.manual->runtime().executor->RunOne();
}

void Player::Do(const Step& step) {
  switch (step.verb) {
    case Verb::kPut:
      Commit({{EntryKind::kPut, step.name, NewValue(step.bytes), step.keyspace}}, step.durability);
      break;
    case Verb::kDelete:
      Commit({{EntryKind::kDelete, step.name, "", step.keyspace}}, step.durability);
      break;
    case Verb::kDeleteRange:
      Commit({{EntryKind::kRangeDelete, step.name, step.other, step.keyspace}}, step.durability);
      break;
    case Verb::kPutIfAbsent:
    case Verb::kCompareAndSet: Conditional(step); break;
    case Verb::kFill: Fill(step); break;
    case Verb::kBatch: Batch(step); break;
    case Verb::kSync:
      if (Note(store_.db->Sync())) ledger_.AllDurable();
      break;
    case Verb::kFlush:
      if (Note(store_.db->Flush())) ledger_.AllDurable();
      break;
    case Verb::kCompact: {
      const bool all = step.name.empty();
      const Status compacted = all ? store_.db->CompactRange()
                                   : store_.db->CompactRange(Slice(step.name), Slice(step.other));
      if (Note(compacted)) ledger_.AllDurable();
      break;
    }
    case Verb::kIdle: Note(store_.db->WaitForIdle()); break;
    case Verb::kPause: Pause(step.count); break;
    case Verb::kSnapshot:
      snapshot_ = store_.db->GetSnapshot();
      at_snapshot_ = ledger_.Visible();
      break;
    case Verb::kLetGo:
      CheckReads();
      snapshot_ = Snapshot();
      break;
    case Verb::kCheckpoint: Checkpoint(step.name); break;
    case Verb::kFailSync:
      files_.InjectFault({files_.calls() + 1, Fault::Kind::kSyncDropsPages, false});
      break;
    default: DoToKeyspaces(step);
  }
}

void Player::DoToKeyspaces(const Step& step) {
  Names after = ledger_.names();
  const bool there = after.contains(step.name);
  Status status;
  if (step.verb == Verb::kCreate) {
    after[step.name] = ledger_.NewSlot();
    ledger_.IssueNames(after);
    auto created = store_.db->CreateKeyspace(step.name);
    status = created.status();
    if (created.ok()) keyspaces_[step.name] = std::move(created).value();
  } else if (step.verb == Verb::kDrop) {
    after.erase(step.name);
    if (there) ledger_.IssueNames(after);
    status = store_.db->DropKeyspace(step.name);
    if (status.ok()) keyspaces_.erase(step.name);
  } else {
    auto moved = after.extract(step.name);
    if (there) {
      moved.key() = step.other;
      after.insert(std::move(moved));
      ledger_.IssueNames(after);
    }
    status = store_.db->RenameKeyspace(step.name, step.other);
    if (status.ok()) keyspaces_[step.other] = std::exchange(keyspaces_[step.name], Keyspace());
    if (status.ok()) keyspaces_.erase(step.name);
  }
  if (Note(status)) ledger_.AcknowledgeNames();
}

void Player::Fill(const Step& step) {
  for (std::uint64_t i = 0; i < step.count; ++i) {
    const std::string key = FillKey(7 * ++filled_);
    Commit({{EntryKind::kPut, key, NewValue(step.bytes), step.keyspace}}, step.durability);
    store_.manual->runtime().executor->RunOne();
  }
}

void Player::Batch(const Step& step) {
  std::vector<std::string> names;
  for (const auto& [name, slot] : ledger_.names()) names.push_back(name);
  std::vector<Operation> operations;
  for (std::uint64_t i = 0; i < step.count; ++i) {
    const std::string key = FillKey(5 * ++filled_);
    const std::string& keyspace = names[i % names.size()];
    if (i % 4 == 3) {
      operations.push_back({EntryKind::kDelete, key, "", keyspace});
    } else {
      operations.push_back({EntryKind::kPut, key, NewValue(step.bytes), keyspace});
    }
  }
  Commit(operations, step.durability);
}

void Player::Conditional(const Step& step) {
  const std::optional<std::string> before = Current(step.keyspace, step.name);
  const Operation put{EntryKind::kPut, step.name, NewValue(step.bytes), step.keyspace};
  const WriteOptions options{.durability = step.durability, .keyspace = HandleOf(step.keyspace)};
  const bool only_absent = step.verb == Verb::kPutIfAbsent;
  const bool expected = !only_absent || !before.has_value();
  if (expected) ledger_.Issue(After({put}));
  const std::optional<Slice> seen = before ? std::optional<Slice>(*before) : std::nullopt;
  const Result<bool> stored =
      only_absent ? store_.db->PutIfAbsent(put.key, put.value, options)
                  : store_.db->CompareAndSet(put.key, seen, Slice(put.value), options);
  if (expected) {
    Answered(stored.status(), step.durability);
  } else {
    Note(stored.status());
  }
  if (stored.ok() && *stored != expected) Wrong("a conditional write went the wrong way");
}

// After two intervals everything acknowledged before is durable: the promise of kPeriodic.
void Player::Pause(std::uint64_t milliseconds) {
  for (std::uint64_t left = milliseconds; left > 0;) {
    const std::uint64_t beat = std::min<std::uint64_t>(left, 50);
    store_.manual->Advance(std::chrono::milliseconds(beat));
    store_.manual->RunUntilIdle();
    left -= beat;
  }
  if (milliseconds >= 200 && store_.db->GetStats().health == "ok") ledger_.AllDurable();
}

void Player::Checkpoint(const std::string& directory) {
  const bool taken = ledger_.HasCopy(directory);
  if (!taken) ledger_.IssueCopy(directory);
  if (!Note(store_.db->Checkpoint(directory))) return;
  if (taken) return Wrong("a checkpoint overwrote another");
  ledger_.AcknowledgeCopy();
  ledger_.AllDurable();  // it is made of tables that the store shares
}

void Player::Repair(const std::string& directory) {
  // What is in a store that could not be closed, only the next open says.
  if (Close()) {
    ledger_.IssueCopy(directory);
    auto repaired =
        RepairStore(kStoreDirectory, directory, OptionsOf(workload_, store_.manual->runtime()));
    if (Note(repaired.status()) && repaired->complete()) {
      ledger_.AcknowledgeCopy();
    } else if (repaired.ok()) {
      ledger_.AcknowledgePartOfCopy();
      errors_.push_back("repair: not everything could be read");
      if (!files_.fault_fired()) Wrong("a repair of a whole store misses something");
    }
  }
  OpenAgain();
}

bool Player::WorksAgain() {
  const std::size_t errors = errors_.size();
  Commit({{EntryKind::kPut, "again", NewValue(40), "default"}}, Durability::kSync);
  Note(store_.db->Flush());
  Note(store_.db->WaitForIdle());
  return errors_.size() == errors;
}

Keyspace Player::HandleOf(const std::string& keyspace) const {
  const auto found = keyspaces_.find(keyspace);
  return found == keyspaces_.end() ? Keyspace() : found->second;
}

void Player::Commit(const std::vector<Operation>& operations, Durability durability) {
  WriteBatch batch;
  for (const Operation& operation : operations) {
    if (!keyspaces_.contains(operation.keyspace)) return;  // could not be made
    const Keyspace keyspace = HandleOf(operation.keyspace);
    switch (operation.kind) {
      case EntryKind::kPut: batch.Put(operation.key, operation.value, keyspace); break;
      case EntryKind::kDelete: batch.Delete(operation.key, keyspace); break;
      default: batch.DeleteRange(operation.key, operation.value, keyspace);
    }
  }
  ledger_.Issue(After(operations));
  Answered(store_.db->Write(batch, {.durability = durability}), durability);
}

void Player::Answered(const Status& status, Durability durability) {
  Judge(status, durability);
  if (committed_) committed_();
}

void Player::Judge(const Status& status, Durability durability) {
  if (Note(status)) {
    if (log_failed_) Wrong("a write succeeded after an indeterminate one");
    ledger_.Acknowledge(durability == Durability::kSync);
    return;
  }
  if (status.code() != StatusCode::kIndeterminate) {
    ledger_.Refuse();
    return;
  }
  if (log_failed_) Wrong("a second write is indeterminate");
  log_failed_ = true;
}

Ledger::Contents Player::After(const std::vector<Operation>& operations) const {
  Ledger::Contents after = ledger_.contents();
  for (const Operation& operation : operations) {
    Table& table = after[ledger_.names().at(operation.keyspace)];
    switch (operation.kind) {
      case EntryKind::kPut: table[operation.key] = operation.value; break;
      case EntryKind::kDelete: table.erase(operation.key); break;
      default:
        if (operation.key < operation.value) {
          table.erase(table.lower_bound(operation.key), table.lower_bound(operation.value));
        }
    }
  }
  return after;
}

std::optional<std::string> Player::Current(const std::string& keyspace,
                                           const std::string& key) const {
  const auto table = ledger_.contents().find(ledger_.names().at(keyspace));
  if (table == ledger_.contents().end()) return std::nullopt;
  const auto entry = table->second.find(key);
  return entry == table->second.end() ? std::nullopt : std::optional(entry->second);
}

std::string Player::NewValue(std::uint32_t bytes) {
  std::string value = "v" + std::to_string(++serial_) + "-";
  const std::size_t pattern = value.size();
  while (value.size() < bytes) value += value.substr(0, pattern);
  value.resize(std::max<std::size_t>(bytes, pattern));
  return value;
}

void Player::CheckReads() {
  const Found expected = ledger_.Visible();
  Found found;
  if (const std::string unreadable = Scan(*store_.db, Snapshot(), &found); !unreadable.empty()) {
    errors_.push_back(unreadable);
  } else if (found != expected) {
    Wrong("a scan is wrong: " + ledger_.Explain(found, ledger_.bounds()));
  }
  for (const auto& [name, table] : expected) {
    if (!keyspaces_.contains(name)) continue;
    for (std::uint64_t i = 0; i < kFillKeys; i += 3) {
      const std::string key = FillKey(i);
      const auto got = store_.db->Get(key, {.keyspace = HandleOf(name)});
      if (!Note(got.status())) continue;
      const auto entry = table.find(key);
      const bool right = entry == table.end() ? !got->has_value()
                                              : got->has_value() && **got == entry->second;
      if (!right) Wrong("a get is wrong at " + name + "/" + key);
    }
  }
  if (!snapshot_.valid()) return;
  found.clear();
  if (const std::string unreadable = Scan(*store_.db, snapshot_, &found); !unreadable.empty()) {
    errors_.push_back(unreadable);
  } else if (found != at_snapshot_) {
    Wrong("a snapshot changed");
  }
}

}  // namespace firn::testing
