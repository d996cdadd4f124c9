// Processes of the kill test: start this program again in another mode, kill it, see how it ended.
// Threads: one at a time.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace firn::kill {

// Prints what failed with errno's text and ends the process with kExitBroken.
[[noreturn]] void ExitWithErrno(const std::string& what);
// The same for any reason.
[[noreturn]] void ExitWith(const std::string& what);

inline constexpr int kExitBroken = 1;  // the store, or the test, is wrong
inline constexpr int kExitSkipped = 77;  // this machine cannot do it

class Child {
 public:
  // Runs this program with `arguments`, and with `environment` (NAME=VALUE) besides its own.
  explicit Child(const std::vector<std::string>& arguments,
                 const std::vector<std::string>& environment = {});
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  // Sends SIGKILL after `delay`. False when the process had ended by itself before.
  [[nodiscard]] bool KillAfter(std::chrono::microseconds delay);
  // The same for one that kills itself; after `limit` it is killed.
  [[nodiscard]] bool DiesWithin(std::chrono::microseconds limit);
  [[nodiscard]] bool killed_itself() const { return killed_itself_; }
  // Lets it run. False when it has ended by then.
  [[nodiscard]] bool RunsFor(std::chrono::microseconds duration);
  // Waits for its end. True when it exited with 0 within `limit`; kills it when it did not end.
  [[nodiscard]] bool WaitForSuccess(std::chrono::seconds limit);

 private:
  // True when the process has ended, which makes it reaped.
  bool Reap(int flags);
  [[nodiscard]] bool WasKilled() const;

  int pid_ = -1;
  bool is_reaped_ = false;
  bool killed_itself_ = false;
  int wait_status_ = 0;
};

// Runs a program of the system. True when it exited with 0.
[[nodiscard]] bool RunCommand(std::vector<std::string> words);

}  // namespace firn::kill
