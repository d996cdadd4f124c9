#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "base/mutex.h"
#include "env/never_destroyed.h"
#include "env/posix_executor.h"
#include "env/posix_file_system.h"
#include "env/runtime.h"

namespace firn {
namespace {

// One for flushes and log work, two for compactions.
constexpr std::size_t kWorkers = 3;

class PosixClock final : public Clock {
 public:
  [[nodiscard]] Micros Now() override {
    return std::chrono::duration_cast<Micros>(
        std::chrono::steady_clock::now().time_since_epoch());
  }
  void SleepFor(Micros duration) override { std::this_thread::sleep_for(duration); }
};

// The kernel's generator, fetched 256 bytes at a time. Without it no store could get
// a unique identity, so its absence ends the process.
class PosixRandom final : public Random {
 public:
  [[nodiscard]] std::uint64_t Next64() override {
    MutexLock lock(mutex_);
    if (used_ == numbers_.size()) Refill();
    return numbers_[used_++];
  }

 private:
  void Refill() FIRN_REQUIRES(mutex_) {
    // Up to 256 bytes arrive whole once the generator is seeded (getrandom(2)).
    ssize_t got = getrandom(numbers_.data(), sizeof(numbers_), 0);
    while (got < 0 && errno == EINTR) got = getrandom(numbers_.data(), sizeof(numbers_), 0);
    if (got != static_cast<ssize_t>(sizeof(numbers_))) {
      std::fprintf(stderr, "firn: the system gives no random numbers (getrandom failed)\n");
      std::abort();
    }
    used_ = 0;
  }

  Mutex mutex_;
  std::array<std::uint64_t, 32> numbers_ FIRN_GUARDED_BY(mutex_){};
  std::size_t used_ FIRN_GUARDED_BY(mutex_) = 32;
};

struct PosixParts {
  PosixParts() { executor.Start(); }

  PosixFileSystem file_system;
  PosixClock clock;
  PosixExecutor executor{kWorkers};
  PosixRandom random;
  Runtime runtime{&file_system, &clock, &executor, &random};
};

}  // namespace

const Runtime& Runtime::Posix() {
  static NeverDestroyed<PosixParts> parts;
  return parts.value.runtime;
}

}  // namespace firn
