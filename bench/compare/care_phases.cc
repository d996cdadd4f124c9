// Phases of the store as a whole.
#include <utility>

#include "phases.h"
#include "worker.h"

namespace firn::compare {
namespace {

Status Wrong(const std::string& what, Slice key) {
  return {StatusCode::kCorruption, what + ", key " + Readable(key)};
}

Status RunCare(Job& job, const Phase& phase, Result<CareReport> (Engine::*care)()) {
  PhaseReport report(job, phase.name, 1);
  const Nanoseconds started = Now();
  Result<CareReport> done = (job.engine.get()->*care)();
  if (!done.ok()) return std::move(done).status();
  const double seconds = Seconds(Now() - started) - done->idle_seconds;
  report.End();
  report["seconds"] = seconds;
  report["quiet_seconds"] = seconds;
  report["method"] = done->method;
  report.Emit();
  return {};
}

// Every index that was ever written, by Get.
Status VerifyGets(Job& job, Client& client) {
  Keys::Buffer key_buffer;
  std::vector<char> value_buffer(job.values.buffer_bytes());
  for (std::uint64_t index = 0; index < job.model.size(); ++index) {
    const Slice key = job.keys.Make(index, key_buffer);
    Slice value;
    const Result<bool> found = client.Get(key, value);
    if (!found.ok()) return found.status();
    const std::uint64_t generation = job.model.Generation(index);
    if (*found != (generation != 0)) {
      return Wrong(*found ? "an entry is there that should not be" : "an entry is missing", key);
    }
    if (*found && value != job.values.Make({index, generation}, value_buffer.data())) {
      return Wrong("an entry has a wrong value", key);
    }
  }
  return {};
}

Status VerifyWalk(Job& job, Client& client) {
  const SortedKeys sorted = job.model.Sorted();
  Keys::Buffer key_buffer;
  Cursor& cursor = client.FreshCursor();
  bool valid = cursor.SeekToFirst();
  for (const std::uint32_t index : sorted.order) {
    const Slice key = job.keys.Make(index, key_buffer);
    if (!valid || cursor.key() != key) {
      if (Status status = cursor.status(); !status.ok()) return status;
      return Wrong(
          valid ? "a walk met " + Readable(cursor.key()) + " instead" : "a walk ended before it",
          key);
    }
    valid = cursor.Next();
  }
  return valid ? Wrong("a walk went on behind the last entry", cursor.key()) : cursor.status();
}

// Which of the expected entries a store of an earlier process holds.
Status Recall(Job& job) {
  auto client = job.engine->NewClient();
  if (!client.ok()) return std::move(client).status();
  Keys::Buffer key_buffer;
  Cursor& cursor = (*client)->FreshCursor();
  for (bool valid = cursor.SeekToFirst(); valid; valid = cursor.Next()) {
    const auto origin = job.values.OriginOf(cursor.value());
    if (!origin || origin->generation == 0 ||
        job.keys.Make(origin->index, key_buffer) != cursor.key()) {
      return Wrong("an entry nobody wrote", cursor.key());
    }
    job.model.Put(origin->index, origin->generation);
  }
  if (Status status = cursor.status(); !status.ok()) return status;
  for (std::uint64_t index = 0; index < job.arguments.entries; ++index) {
    if (job.model.Generation(index) == 0) {
      return Wrong("an acknowledged entry is gone", job.keys.Make(index, key_buffer));
    }
  }
  return {};
}

}  // namespace

Status VerifyStore(Job& job) {
  auto client = job.engine->NewClient();
  if (!client.ok()) return std::move(client).status();
  if (Status gets = VerifyGets(job, **client); !gets.ok()) return gets;
  return VerifyWalk(job, **client);
}

Status RunSettle(Job& job, const Phase& phase) { return RunCare(job, phase, &Engine::Settle); }

Status RunCompact(Job& job, const Phase& phase) { return RunCare(job, phase, &Engine::Compact); }

Status RunReopen(Job& job, const Phase& phase) {
  if (job.engine != nullptr) {
    if (Status closed = job.engine->Close(); !closed.ok()) return closed;
    job.engine.reset();
  }
  PhaseReport report(job, phase.name, 1);
  const Nanoseconds started = Now();
  if (Status opened = job.Open(); !opened.ok()) return opened;
  {
    auto client = job.engine->NewClient();
    if (!client.ok()) return std::move(client).status();
    Keys::Buffer key_buffer;
    Slice value;
    const Result<bool> found = (*client)->Get(job.keys.Make(0, key_buffer), value);
    if (!found.ok()) return found.status();
  }
  report["seconds"] = Seconds(Now() - started);
  report.End();
  const bool known = job.model.size() > 0;
  if (Status right = known ? VerifyStore(job) : Recall(job); !right.ok()) return right;
  report["operations"] = 1;
  report["found"] = job.model.live();  // once it is open: what there was to replay
  report["expected"] = known ? job.model.live() : job.arguments.entries;
  report.Emit();
  return {};
}

Status RunVerify(Job& job, const Phase& phase) {
  PhaseReport report(job, phase.name, 1);
  const Nanoseconds started = Now();
  if (Status verified = VerifyStore(job); !verified.ok()) return verified;
  report["seconds"] = Seconds(Now() - started);
  report["operations"] = job.model.size();
  report["found"] = job.model.live();
  report["expected"] = job.model.live();
  report.End();
  report.Emit();
  return {};
}

}  // namespace firn::compare
