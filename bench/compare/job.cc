#include "job.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "phases.h"

namespace firn::compare {

void Output::Emit(const Json& event) {
  const std::string line = event.dump() + "\n";
  const std::lock_guard lock(mutex_);
  std::fwrite(line.data(), 1, line.size(), file_);
  std::fflush(file_);
}

Job::Job(const EngineKind& engine_kind, const Arguments& all, Output& lines)
    : kind(engine_kind),
      arguments(all),
      output(lines),
      keys(all.keys),
      values(all.value_bytes),
      model(keys, values) {}

bool Arguments::FillsAndDies() const {
  return std::find(phases.begin(), phases.end(), "fill_and_die") != phases.end();
}

Status Job::Open() {
  if (engine != nullptr) return {};
  const bool unflushed = arguments.FillsAndDies() && kind.open_unflushed != nullptr;
  auto opened = (unflushed ? kind.open_unflushed : kind.open)(arguments.setup);
  if (!opened.ok()) return std::move(opened).status();
  engine = std::move(opened).value();
  return {};
}

PhaseReport::PhaseReport(Job& job, std::string_view phase, std::uint32_t threads) : job_(job) {
  event_["event"] = "phase";
  event_["phase"] = phase;
  event_["threads"] = threads;
  ResetPeak();
  before_ = ReadUsage();
  started_ = Now();
}

void PhaseReport::Progress(std::uint64_t done, std::uint64_t total) {
  Json event = {{"event", "progress"}, {"phase", event_["phase"]}, {"done", done}};
  if (total > 0) event["total"] = total;
  job_.output.Emit(event);
}

Status PhaseReport::Quiesce() {
  Result<CareReport> settled = job_.engine->Settle();
  if (!settled.ok()) return std::move(settled).status();
  event_["quiet_seconds"] = Seconds(Now() - started_) - settled->idle_seconds;
  return {};
}

void PhaseReport::End() {
  const Usage after = ReadUsage();
  const Memory memory = ReadMemory();
  event_["cpu_seconds"] = after.cpu_seconds - before_.cpu_seconds;
  event_["bytes_written"] = after.bytes_written - before_.bytes_written;
  event_["space_bytes"] = SpaceOf(job_.arguments.setup.directory);
  event_["rss_bytes"] = memory.rss_bytes;
  event_["rss_peak_bytes"] = memory.rss_peak_bytes;
  event_["rss_anonymous_bytes"] = memory.rss_anonymous_bytes;
}

void PhaseReport::Describe(const RunResult& result) {
  event_["seconds"] = result.seconds;
  const Latencies& all = result.latencies;
  if (all.count() > 0) {
    event_["latency_ns"] = {{"p50", all.Quantile(0.5)},
                            {"p90", all.Quantile(0.9)},
                            {"p99", all.Quantile(0.99)},
                            {"p999", all.Quantile(0.999)},
                            {"max", all.Quantile(1)}};
  }
  event_["timeline"] = result.timeline;
}

void PhaseReport::Unfinished(std::uint64_t total) {
  event_["unfinished"] = {{"total", total}, {"limit_seconds", job_.arguments.load_seconds}};
  job_.unfinished = true;
}

void PhaseReport::Emit() {
  event_["live_bytes"] = job_.model.live_bytes();
  job_.output.Emit(event_);
}

std::string Hexadecimal(std::uint64_t number) {
  char text[19];
  std::snprintf(text, sizeof(text), "0x%016llx", static_cast<unsigned long long>(number));
  return text;
}

Status RunJob(const EngineKind& kind, const Arguments& arguments, Output& output) {
  const Setup& setup = arguments.setup;
  output.Emit({{"event", "engine"},
               {"engine", kind.name},
               {"version", kind.version},
               {"build", kind.build},
               {"assertions", kind.assertions},
               {"class", setup.durability == DurabilityClass::kS ? "S" : "A"},
               {"options", kind.options(setup)}});
  Job job(kind, arguments, output);
  for (const std::string& name : arguments.phases) {
    Status done = RunPhase(job, name);
    if (!done.ok()) {
      return {done.code(), kind.name + ": " + name + ": " + std::string(done.message())};
    }
    if (job.unfinished) break;
  }
  if (job.engine == nullptr) return {};
  Status closed = job.engine->Close();
  if (closed.ok()) return {};
  return {closed.code(), kind.name + ": close: " + std::string(closed.message())};
}

}  // namespace firn::compare
