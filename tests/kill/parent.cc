#include "parent.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "process.h"

namespace firn::kill {

std::string MakeWorkDirectory(const std::string& wanted) {
  if (!wanted.empty()) {
    std::filesystem::create_directories(wanted);
    return std::filesystem::canonical(wanted).string();
  }
  const auto parent = std::filesystem::canonical(std::filesystem::temp_directory_path());
  std::string pattern = (parent / "firn-kill-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) ExitWithErrno("cannot create " + pattern);
  return pattern;
}

std::vector<std::string> ArgumentsOf(const ChildSettings& settings) {
  std::vector<std::string> arguments = {
      "--mode",   settings.mode,
      "--store",  settings.directory,
      "--shared", settings.shared_path,
      "--seed",   fmt::format("{}", settings.seed),
      "--round",  fmt::format("{}", settings.round),
      "--fault",  fmt::format("{}", static_cast<int>(settings.fault))};
  if (settings.loses_power) arguments.emplace_back("--loses-power");
  return arguments;
}

void BeginRound(SharedState& shared, std::uint64_t round) {
  shared.opened.store(0);
  for (std::size_t stream = 0; stream < kStreams; ++stream) {
    StreamProgress& progress = shared.streams[stream];
    const std::uint64_t reached = shared.reached[round][stream];
    progress.started.store(reached);
    progress.acknowledged.store(reached);
    progress.durable.store(reached);
    progress.synced.store(reached);
    progress.hardened.store(reached);
  }
}

}  // namespace firn::kill
