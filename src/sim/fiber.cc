#include "sim/fiber.h"

#include <sys/mman.h>

#include <cstdlib>
#include <utility>

#include "base/check.h"

#if defined(__SANITIZE_ADDRESS__)
#define FIRN_ASAN_FIBERS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FIRN_ASAN_FIBERS 1
#endif
#endif
#ifdef FIRN_ASAN_FIBERS
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace firn::testing {
namespace {

using boost::context::detail::jump_fcontext;
using boost::context::detail::transfer_t;

constexpr std::size_t kGuardBytes = 4096;
// The engine's deepest path takes a tenth of it; the sanitizers several times as much.
constexpr std::size_t kStackBytes = 512 << 10;

// Pages are taken as they are touched.
char* AllocateStack() {
  void* const memory = mmap(nullptr, kGuardBytes + kStackBytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  FIRN_CHECK(memory != MAP_FAILED);
  FIRN_CHECK(mprotect(memory, kGuardBytes, PROT_NONE) == 0);
  return static_cast<char*>(memory);
}

// Leaves the running stack; `to_bottom` null when it is left for good.
void StartSwitch([[maybe_unused]] void** fake_stack, [[maybe_unused]] const void* to_bottom,
                 [[maybe_unused]] std::size_t to_bytes) {
#ifdef FIRN_ASAN_FIBERS
  __sanitizer_start_switch_fiber(fake_stack, to_bottom, to_bytes);
#endif
}

void FinishSwitch([[maybe_unused]] void* fake_stack, [[maybe_unused]] const void** from_bottom,
                  [[maybe_unused]] std::size_t* from_bytes) {
#ifdef FIRN_ASAN_FIBERS
  __sanitizer_finish_switch_fiber(fake_stack, from_bottom, from_bytes);
#endif
}

}  // namespace

Fiber::Fiber(std::function<void()> body) : body_(std::move(body)), memory_(AllocateStack()) {
  inside_ = boost::context::detail::make_fcontext(memory_ + kGuardBytes + kStackBytes, kStackBytes,
                                                  &Fiber::Enter);
}

Fiber::~Fiber() {
#ifdef FIRN_ASAN_FIBERS
  __asan_unpoison_memory_region(memory_ + kGuardBytes, kStackBytes);
#endif
  FIRN_CHECK(munmap(memory_, kGuardBytes + kStackBytes) == 0);
}

void Fiber::Resume() {
  FIRN_CHECK(!ended_);
  void* fake_stack = nullptr;
  StartSwitch(&fake_stack, memory_ + kGuardBytes, kStackBytes);
  const transfer_t back = jump_fcontext(inside_, this);
  FinishSwitch(fake_stack, nullptr, nullptr);
  inside_ = back.fctx;
}

void Fiber::Suspend() {
  void* fake_stack = nullptr;
  StartSwitch(&fake_stack, outside_bottom_, outside_bytes_);
  const transfer_t again = jump_fcontext(outside_, nullptr);
  FinishSwitch(fake_stack, &outside_bottom_, &outside_bytes_);
  outside_ = again.fctx;
}

void Fiber::Enter(transfer_t from) {
  Fiber& fiber = *static_cast<Fiber*>(from.data);
  FinishSwitch(nullptr, &fiber.outside_bottom_, &fiber.outside_bytes_);
  fiber.outside_ = from.fctx;
  fiber.body_();
  fiber.body_ = nullptr;
  fiber.ended_ = true;
  StartSwitch(nullptr, fiber.outside_bottom_, fiber.outside_bytes_);
  jump_fcontext(fiber.outside_, nullptr);
  std::abort();
}

}  // namespace firn::testing
