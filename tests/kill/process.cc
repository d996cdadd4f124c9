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

void ExitWith(const std::string& what) {
  std::fprintf(stderr, "kill_test: %s\n", what.c_str());
  std::fflush(stderr);
  // Other threads may be inside the engine: end without running destructors.
  ::_exit(kExitBroken);
}

void ExitWithErrno(const std::string& what) {
  ExitWith(what + ": " + std::generic_category().message(errno));
}

Child::Child(const std::vector<std::string>& arguments) {
  std::string program = "/proc/self/exe";
  std::vector<std::string> copies = arguments;
  std::vector<char*> pointers = {program.data()};
  for (std::string& argument : copies) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const int error =
      ::posix_spawn(&pid_, program.c_str(), nullptr, nullptr, pointers.data(), environ);
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
  // The moment of the kill is the subject of the test, so real time has to pass.
  std::this_thread::sleep_for(delay);
  if (Reap(WNOHANG)) return false;
  ::kill(pid_, SIGKILL);
  Reap(0);
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

}  // namespace firn::kill
