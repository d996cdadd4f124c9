// The program firn_compare (docs/comparison.md, "The protocol between the programs").
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <map>

#include "job.h"
#include "phases.h"

namespace firn::compare {
namespace {

int Fail(Output& output, const std::string& message) {
  output.Emit({{"event", "error"}, {"message", message}});
  return 1;
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
  const auto needs_log = [](const std::string& phase) { return phase == "fill_and_die"; };
  if (arguments.log_bytes == 0 && std::any_of(arguments.phases.begin(), arguments.phases.end(),
                                              needs_log)) {
    return "fill_and_die needs --log-bytes";
  }
  if (arguments.entries < arguments.threads) return "fewer entries than threads";
  return {};
}

struct Words {
  std::string engine;
  std::string keys = "random";
  std::string compression = "none";
  std::string durability = "A";
};

void AddOptions(CLI::App& run, Words& words, Arguments& arguments) {
  constexpr std::uint64_t kEntriesMax = std::uint64_t{1} << 31;
  Setup& setup = arguments.setup;
  run.add_option("--engine", words.engine, "as `engines` names it")->required();
  run.add_option("--dir", setup.directory, "an existing directory")->required();
  run.add_option("--phases", arguments.phases, "in this order")->required()->delimiter(',');
  run.add_option("--entries", arguments.entries, "")->check(CLI::Range(std::uint64_t{1}, kEntriesMax));
  run.add_option("--value-bytes", arguments.value_bytes, "")
      ->check(CLI::Range(Values::kBytesMin, std::size_t{1} << 24));
  run.add_option("--keys", words.keys, "")->check(CLI::IsMember({"random", "dense", "user", "prefix"}));
  run.add_option("--threads", arguments.threads, "")->check(CLI::Range(1, 256));
  run.add_option("--operations", arguments.operations, "of phases that do not load; default: entries");
  run.add_option("--budget-bytes", setup.budget_bytes, "block cache and write buffers")
      ->check(CLI::Range(std::uint64_t{8} << 20, std::uint64_t{1} << 50));
  run.add_option("--write-buffer-bytes", setup.write_buffer_bytes, "of one write buffer")
      ->check(CLI::Range(std::uint64_t{1} << 20, std::uint64_t{1} << 34));
  run.add_option("--compression", words.compression, "")->check(CLI::IsMember({"none", "lz4"}));
  run.add_option("--class", words.durability, "")->check(CLI::IsMember({"A", "S"}));
  run.add_flag("--direct", setup.direct_io, "data past the page cache");
  run.add_option("--seed", arguments.seed, "");
  run.add_option("--max-seconds", arguments.max_seconds, "of phases that do not load; 0: no end");
  run.add_option("--write-rate", arguments.write_rate, "puts a second beside readers; 0: all that go");
  run.add_option("--log-bytes", arguments.log_bytes, "of fill_and_die and the reopen after it");
  run.add_flag("--wait,!--no-wait", arguments.wait, "until quiescence after phases that write");
}

// As many entries as --log-bytes asks for, and write buffers that need not be flushed before: a
// buffer's own structure takes up to as much as the entries.
void FillLog(Arguments& arguments) {
  const std::uint64_t entry = Keys(arguments.keys).bytes() + arguments.value_bytes;
  arguments.entries = std::max<std::uint64_t>(arguments.log_bytes / entry, arguments.threads);
  arguments.setup.write_buffer_bytes =
      std::max(arguments.setup.write_buffer_bytes, 2 * arguments.log_bytes);
}

int RunCommand(const Words& words, Arguments& arguments, Output& output) {
  arguments.keys = *KeyShapeOf(words.keys);
  arguments.setup.lz4 = words.compression == "lz4";
  arguments.setup.durability =
      words.durability == "S" ? DurabilityClass::kS : DurabilityClass::kA;
  const EngineKind* kind = FindKind(words.engine);
  if (kind == nullptr) return Fail(output, "no engine " + words.engine + " compiled in");
  if (const std::string wrong = Complaint(*kind, arguments); !wrong.empty()) {
    return Fail(output, wrong);
  }
  if (arguments.log_bytes > 0) FillLog(arguments);
  const Status done = RunJob(*kind, arguments, output);
  return done.ok() ? 0 : Fail(output, std::string(done.message()));
}

}  // namespace
}  // namespace firn::compare

int main(int argument_count, char** arguments) {
  using namespace firn::compare;
  CLI::App app("Runs phases of a workload on one engine and prints JSON lines.");
  app.require_subcommand(1);
  CLI::App* engines = app.add_subcommand("engines", "the engines compiled in");
  CLI::App* phases = app.add_subcommand("phases", "the phases there are");
  CLI::App* run = app.add_subcommand("run", "runs phases on one store");
  Words words;
  Arguments parsed;
  AddOptions(*run, words, parsed);
  CLI11_PARSE(app, argument_count, arguments);
  Output output;
  if (engines->parsed()) return ListEngines(output);
  if (phases->parsed()) return ListPhases(output);
  return RunCommand(words, parsed, output);
}
