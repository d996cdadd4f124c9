// A call stack of its own that runs a function in turns with the thread that resumes it.
//
// Boost.Context switches; the stack has a guard page below it, and AddressSanitizer is told of
// every switch. A fiber that never ended is dropped, not unwound: what its stack owned is leaked.
// Threads: one.
#pragma once

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>
#include <functional>

namespace firn::testing {

class Fiber {
 public:
  explicit Fiber(std::function<void()> body);
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
  ~Fiber();

  // Runs the body until it suspends or ends. Requires: not inside a fiber, not ended.
  void Resume();
  // Returns to whoever resumed. Requires: this fiber runs.
  void Suspend();
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  [[noreturn]] static void Enter(boost::context::detail::transfer_t from);

  std::function<void()> body_;
  char* const memory_;  // guard page and stack
  boost::context::detail::fcontext_t inside_ = nullptr;
  boost::context::detail::fcontext_t outside_ = nullptr;
  bool ended_ = false;
  // What AddressSanitizer wants to know of the stack that resumes.
  const void* outside_bottom_ = nullptr;
  std::size_t outside_bytes_ = 0;
};

}  // namespace firn::testing
