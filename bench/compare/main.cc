// The program firn_compare (docs/comparison.md, "The protocol between the programs").
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "harness_cost.h"
#include "job.h"
#include "phases.h"

namespace firn::compare {
namespace {

int Fail(Output& output, const std::string& message) {
  output.Emit({{"event", "error"}, {"message", message}});
  return 1;
}

int Answer(Output& output, const Status& done) {
  return done.ok() ? 0 : Fail(output, std::string(done.message()));
}

int ListEngines(Output& output) {
  for (const EngineKind& kind : EngineKinds()) {
    output.Emit({{"engine", kind.name},
                 {"version", kind.version},
                 {"build", kind.build},
                 {"assertions", kind.assertions},
                 {"compressions", kind.compressions},
                 {"direct", kind.direct_io}});
  }
  return 0;
}

int ListPhases(Output& output) {
  for (const Phase& phase : AllPhases()) output.Emit({{"phase", phase.name}});
  return 0;
}

const EngineKind* FindKind(const std::string& name) {
  for (const EngineKind& kind : EngineKinds()) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

// What is wrong with the arguments, empty if nothing.
std::string Complaint(const EngineKind& kind, const Arguments& arguments) {
  const Setup& setup = arguments.setup;
  if (!std::filesystem::is_directory(setup.directory)) {
    return "no directory " + setup.directory + ": make it first";
  }
  if (setup.lz4 && kind.compressions.size() < 2) {
    return kind.name + " offers no lz4: run it with --compression none";
  }
  if (setup.direct_io && !kind.direct_io) {
    return kind.name + " offers no direct I/O: run it without --direct";
  }
  if (arguments.log_bytes == 0 && arguments.FillsAndDies()) return "fill_and_die needs --log-bytes";
  if (arguments.entries < arguments.threads) return "fewer entries than threads";
  return {};
}

struct Words {
  std::string engine;
  std::string keys = "random";
  std::string compression = "none";
  std::string durability = "A";
};

void AddWorkload(CLI::App& run, Words& words, Arguments& arguments) {
  constexpr std::uint64_t kEntriesMax = std::uint64_t{1} << 31;
  run.add_option("--phases", arguments.phases, "Names with commas between, run in this order")
      ->required()
      ->delimiter(',');
  run.add_option("--entries", arguments.entries, "Entries that are loaded and chosen from")
      ->check(CLI::Range(std::uint64_t{1}, kEntriesMax));
  run.add_option("--value-bytes", arguments.value_bytes, "Length of a value")
      ->check(CLI::Range(Values::kBytesMin, std::size_t{1} << 24));
  run.add_option("--keys", words.keys, "Shape of the keys")
      ->check(CLI::IsMember({"random", "dense", "user", "prefix"}));
  run.add_option("--threads", arguments.threads, "Clients at once")->check(CLI::Range(1, 256));
  run.add_option("--operations", arguments.operations, "Of a phase that does not load (entries)");
  run.add_option("--seed", arguments.seed, "Of everything drawn");
  run.add_option("--max-seconds", arguments.max_seconds,
                 "Of a phase that does not load; 0: no end");
  run.add_option("--load-seconds", arguments.load_seconds,
                 "Of a phase that loads: one that takes longer ends there, and so does the job; "
                 "0: no end");
  run.add_option("--write-rate", arguments.write_rate, "Puts a second beside readers; 0: no limit");
  run.add_option("--log-bytes", arguments.log_bytes, "Entries to fill a log of this size");
  run.add_flag("--wait,!--no-wait", arguments.wait, "For quiescence after phases that write");
}

void AddSetup(CLI::App& run, Words& words, Setup& setup) {
  run.add_option("--engine", words.engine, "As `engines` names it")->required();
  run.add_option("--dir", setup.directory, "An existing directory for the store")->required();
  run.add_option("--budget-bytes", setup.budget_bytes, "Block cache and write buffers together")
      ->check(CLI::Range(std::uint64_t{8} << 20, std::uint64_t{1} << 50));
  run.add_option("--write-buffer-bytes", setup.write_buffer_bytes, "Of one write buffer")
      ->check(CLI::Range(std::uint64_t{1} << 20, std::uint64_t{1} << 34));
  run.add_option("--compression", words.compression, "Of blocks")
      ->check(CLI::IsMember({"none", "lz4"}));
  run.add_option("--class", words.durability, "What acknowledged writes survive: A a kill, S all")
      ->check(CLI::IsMember({"A", "S"}));
  run.add_flag("--direct", setup.direct_io, "Past the page cache, where the engine can");
}

// As many entries as --log-bytes asks for. Who fills that log has write buffers that need not be
// flushed before: a buffer's own structure takes up to as much as the entries, and an adapter gives
// a buffer no more than its share of the budget. Who reopens has the setup of every other phase.
void FillLog(Arguments& arguments) {
  const std::uint64_t entry = Keys(arguments.keys).bytes() + arguments.value_bytes;
  arguments.entries = std::max<std::uint64_t>(arguments.log_bytes / entry, arguments.threads);
  if (!arguments.FillsAndDies()) return;
  constexpr std::uint64_t kBudgetOfBuffer = 8;
  Setup& setup = arguments.setup;
  setup.write_buffer_bytes = std::max(setup.write_buffer_bytes, 2 * arguments.log_bytes);
  setup.budget_bytes = std::max(setup.budget_bytes, kBudgetOfBuffer * setup.write_buffer_bytes);
}

int RunCommand(const Words& words, Arguments& arguments, Output& output) {
  arguments.keys = *KeyShapeOf(words.keys);
  arguments.setup.lz4 = words.compression == "lz4";
  arguments.setup.durability = words.durability == "S" ? DurabilityClass::kS : DurabilityClass::kA;
  const EngineKind* kind = FindKind(words.engine);
  if (kind == nullptr) return Fail(output, "no engine " + words.engine + " compiled in");
  if (const std::string wrong = Complaint(*kind, arguments); !wrong.empty()) {
    return Fail(output, wrong);
  }
  if (arguments.log_bytes > 0) FillLog(arguments);
  return Answer(output, RunJob(*kind, arguments, output));
}

}  // namespace
}  // namespace firn::compare

int main(int argument_count, char** arguments) {
  using namespace firn::compare;
  CLI::App app("Runs phases of a workload on one engine and prints JSON lines.");
  app.require_subcommand(1);
  CLI::App* engines = app.add_subcommand("engines", "The engines compiled in");
  CLI::App* phases = app.add_subcommand("phases", "The phases there are");
  CLI::App* cost = app.add_subcommand("cost", "What measuring costs, with an engine that is none");
  CLI::App* run = app.add_subcommand("run", "Runs phases on one store");
  Words words;
  Arguments parsed;
  AddSetup(*run, words, parsed.setup);
  AddWorkload(*run, words, parsed);
  Output output(stdout);
  try {
    app.parse(argument_count, arguments);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // help was asked for
    return Fail(output, error.what());
  }
  if (engines->parsed()) return ListEngines(output);
  if (phases->parsed()) return ListPhases(output);
  if (cost->parsed()) return Answer(output, PrintHarnessCost(output));
  return RunCommand(words, parsed, output);
}
