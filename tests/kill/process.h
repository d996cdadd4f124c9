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

class Child {
 public:
  // Runs this program with `arguments`.
  explicit Child(const std::vector<std::string>& arguments);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  // Sends SIGKILL after `delay`. False when the process had ended by itself before.
  [[nodiscard]] bool KillAfter(std::chrono::microseconds delay);
  // Waits for its end. True when it exited with 0 within `limit`; kills it when it did not end.
  [[nodiscard]] bool WaitForSuccess(std::chrono::seconds limit);

 private:
  // True when the process has ended, which makes it reaped.
  bool Reap(int flags);

  int pid_ = -1;
  bool is_reaped_ = false;
  int wait_status_ = 0;
};

}  // namespace firn::kill
