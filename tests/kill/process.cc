#include "process.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <thread>

namespace firn::kill {
namespace {

// As exec wants them.
std::vector<char*> PointersTo(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

void ExitWith(const std::string& what) {
  std::fprintf(stderr, "kill_test: %s\n", what.c_str());
  std::fflush(stderr);
  // Other threads may be inside the engine: end without running destructors.
  ::_exit(kExitBroken);
}

void ExitWithErrno(const std::string& what) {
  ExitWith(what + ": " + std::generic_category().message(errno));
}

Child::Child(const std::vector<std::string>& arguments,
             const std::vector<std::string>& environment) {
  const std::string program = "/proc/self/exe";
  std::vector<std::string> words = {program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  // What comes first counts.
  std::vector<std::string> variables = environment;
  for (char** entry = environ; *entry != nullptr; ++entry) variables.emplace_back(*entry);
  const int error = ::posix_spawn(&pid_, program.c_str(), nullptr, nullptr,
                                  PointersTo(words).data(), PointersTo(variables).data());
  if (error != 0) {
    errno = error;
    ExitWithErrno("cannot start a child process");
  }
}

Child::~Child() {
  if (is_reaped_) return;
  ::kill(pid_, SIGKILL);
  Reap(0);
}

bool Child::Reap(int flags) {
  int got = 0;
  do {
    got = ::waitpid(pid_, &wait_status_, flags);
  } while (got < 0 && errno == EINTR);
  if (got < 0) ExitWithErrno("cannot wait for a child process");
  is_reaped_ = got == pid_;
  return is_reaped_;
}

bool Child::KillAfter(std::chrono::microseconds delay) {
  if (!RunsFor(delay)) return false;
  ::kill(pid_, SIGKILL);
  Reap(0);
  return WasKilled();
}

bool Child::RunsFor(std::chrono::microseconds duration) {
  // The moment of the kill is the subject of the test, so real time has to pass.
  std::this_thread::sleep_for(duration);
  return !Reap(WNOHANG);
}

bool Child::DiesWithin(std::chrono::microseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!Reap(WNOHANG)) {
    if (std::chrono::steady_clock::now() > deadline) {
      ::kill(pid_, SIGKILL);
      Reap(0);
      return WasKilled();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  killed_itself_ = WasKilled();
  return killed_itself_;
}

bool Child::WasKilled() const {
  return WIFSIGNALED(wait_status_) && WTERMSIG(wait_status_) == SIGKILL;
}

bool Child::WaitForSuccess(std::chrono::seconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!Reap(WNOHANG)) {
    if (std::chrono::steady_clock::now() > deadline) {
      std::fprintf(stderr, "kill_test: a child process hangs\n");
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return WIFEXITED(wait_status_) && WEXITSTATUS(wait_status_) == 0;
}

bool RunCommand(std::vector<std::string> words) {
  int pid = 0;
  if (::posix_spawnp(&pid, words.front().c_str(), nullptr, nullptr, PointersTo(words).data(),
                     environ) != 0) {
    return false;
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace firn::kill
