#include "power/recording.h"

#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string_view>

#include "power/writer.h"

namespace firn::power {
namespace {

constexpr char kWrite[] = "--recorded-writer";
constexpr char kRecover[] = "--recorded-recovery";

// Runs this program with the arguments and with more environment; the exit code, or -1.
int RunSelf(std::vector<std::string> arguments, std::vector<std::string> environment) {
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  const auto pointers = [](std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (std::string& text : texts) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
  };
  arguments.insert(arguments.begin(), "/proc/self/exe");
  int pid = 0;
  if (::posix_spawn(&pid, "/proc/self/exe", nullptr, nullptr, pointers(arguments).data(),
                    pointers(environment).data()) != 0) {
    return -1;
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

Recording Record(const Workload& workload, RecordedMode mode, const std::string& root) {
  Recording recording;
  const std::string trace = root + ".trace";
  std::vector<std::string> environment = {std::string("LD_PRELOAD=") + FIRN_RECORDER_LIBRARY,
                                          "FIRN_RECORDER_ROOT=" + root,
                                          "FIRN_RECORDER_TRACE=" + trace};
  if (workload.fail_sync > 0) {
    environment.push_back("FIRN_RECORDER_FAIL_SYNC=" + std::to_string(workload.fail_sync));
  }
  const int code = RunSelf({mode == RecordedMode::kWrite ? kWrite : kRecover, workload.name, root},
                           environment);
  auto events = ReadTrace(trace);
  std::filesystem::remove(trace);
  if (code != 0) {
    recording.problem = "the recorded process ended with " + std::to_string(code);
  } else if (!events.has_value()) {
    recording.problem = "there is no trace, or it has a gap";
  } else {
    recording.events = std::move(*events);
  }
  return recording;
}

int RunRecordedProcess(int argument_count, char** arguments) {
  if (argument_count != 4) return -1;
  const std::string_view mode = arguments[1];
  if (mode != kWrite && mode != kRecover) return -1;
  // A test that is stopped takes a writer that hangs with it.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const Workload& workload : AllWorkloads()) {
    if (workload.name != arguments[2]) continue;
    return mode == kWrite ? RunWriter(workload, arguments[3])
                          : RunRecovery(workload, arguments[3]);
  }
  return 2;
}

}  // namespace firn::power
