// One job: one engine, one directory, a list of phases; and what the phases share.
//
// Threads: Output::Emit any; the rest belongs to the main thread.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine.h"
#include "entries.h"
#include "model.h"
#include "process_meter.h"
#include "runner.h"

namespace firn::compare {

using Json = nlohmann::ordered_json;

struct Arguments {
  Setup setup;
  std::vector<std::string> phases;
  std::uint64_t entries = 1'000'000;
  std::size_t value_bytes = 100;
  KeyShape keys = KeyShape::kRandom;
  std::uint32_t threads = 1;
  std::uint64_t operations = 0;  // of phases that do not load; 0: as many as entries
  std::uint64_t seed = 1;
  double max_seconds = 0;        // of phases that do not load; 0: no end
  double load_seconds = 0;       // of phases that load; 0: no end
  std::uint64_t write_rate = 0;  // of the writer beside readers, a second; 0: full speed
  std::uint64_t log_bytes = 0;   // of fill_and_die
  bool wait = true;              // for quiescence after each phase that writes

  // Whether this process is to leave all it writes in the log.
  [[nodiscard]] bool FillsAndDies() const;
};

// JSON lines.
class Output {
 public:
  explicit Output(std::FILE* file) : file_(file) {}
  void Emit(const Json& event);

 private:
  std::mutex mutex_;  // lines come whole
  std::FILE* file_;
};

struct Job {
  Job(const EngineKind& engine_kind, const Arguments& all, Output& lines);

  // Opens the store if it is not open.
  Status Open();

  const EngineKind& kind;
  const Arguments& arguments;
  Output& output;
  const Keys keys;
  const Values values;
  std::unique_ptr<Engine> engine;  // null while closed
  Model model;
  // False once time has decided how much was written: then no other run stores the same values.
  bool repeatable = true;
  // True once time has ended a load: what follows needs the whole store, so nothing follows.
  bool unfinished = false;
};

// Measures a phase from its construction on and prints it.
class PhaseReport {
 public:
  PhaseReport(Job& job, std::string_view phase, std::uint32_t threads);

  // Prints progress; any thread. No total: 0.
  void Progress(std::uint64_t done, std::uint64_t total);
  // Waits until the engine has no background work. Once, after the last acknowledgement.
  Status Quiesce();
  // Ends the measurement of processor time, bytes and memory.
  void End();
  // Further members of the phase's line.
  Json& operator[](const char* member) { return event_[member]; }
  void Describe(const RunResult& result);
  // Says that time ended this load before all of `total` were written, and so ends the job.
  void Unfinished(std::uint64_t total);
  // What the program itself holds in memory during this phase.
  void set_harness_bytes(std::uint64_t bytes) { event_["harness_bytes"] = bytes; }
  void Emit();

 private:
  Job& job_;
  Json event_;
  Nanoseconds started_;
  Usage before_;
};

// A checksum as the protocol writes it: JSON's numbers are too short for it.
[[nodiscard]] std::string Hexadecimal(std::uint64_t number);

// Reads every key and walks the whole store, and names the first entry that is not as the model has
// it.
Status VerifyStore(Job& job);

// Runs all phases; prints everything but the error returned, which names engine and phase.
Status RunJob(const EngineKind& kind, const Arguments& arguments, Output& output);

}  // namespace firn::compare
