#include "cache/epoch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace firn::testing {
namespace {

using Guard = EpochDomain::Guard;

struct Object {
  static constexpr std::uint64_t kAlive = 0xA11CE;
  std::uint64_t mark = kAlive;
  std::atomic<int>* reclaimed = nullptr;
};

void Reclaim(void* pointer) {
  const std::unique_ptr<Object> object(static_cast<Object*>(pointer));
  object->mark = 0;
  if (object->reclaimed != nullptr) object->reclaimed->fetch_add(1);
}

Object* MakeObject(std::atomic<int>* reclaimed) {
  auto object = std::make_unique<Object>();
  object->reclaimed = reclaimed;
  return object.release();
}

TEST(Epoch, ReclaimsAtOnceWithoutGuards) {
  std::atomic<int> reclaimed{0};
  EpochDomain::Process().Retire(MakeObject(&reclaimed), Reclaim);
  EXPECT_EQ(reclaimed.load(), 1);
  EXPECT_EQ(EpochDomain::Process().pending(), 0u);
}

TEST(Epoch, KeepsObjectsWhileAGuardThatCouldSeeThemLives) {
  EpochDomain& domain = EpochDomain::Process();
  std::atomic<int> reclaimed{0};
  {
    Guard guard;
    domain.Retire(MakeObject(&reclaimed), Reclaim);
    for (int i = 0; i < 10; ++i) domain.Collect();
    EXPECT_EQ(reclaimed.load(), 0);
    EXPECT_EQ(domain.pending(), 1u);
  }
  domain.Drain();
  EXPECT_EQ(reclaimed.load(), 1);
}

TEST(Epoch, InnerGuardsDoNotEndTheOuterOne) {
  EpochDomain& domain = EpochDomain::Process();
  std::atomic<int> reclaimed{0};
  {
    Guard outer;
    {
      Guard inner;
      domain.Retire(MakeObject(&reclaimed), Reclaim);
    }
    for (int i = 0; i < 10; ++i) domain.Collect();
    EXPECT_EQ(reclaimed.load(), 0);
  }
  domain.Drain();
  EXPECT_EQ(reclaimed.load(), 1);
}

TEST(Epoch, ALaterGuardDoesNotHoldBackWhatWasRetiredBeforeIt) {
  EpochDomain& domain = EpochDomain::Process();
  std::atomic<int> reclaimed{0};
  {
    Guard guard;
    domain.Retire(MakeObject(&reclaimed), Reclaim);
  }
  // The epoch moves once under each of these guards: two moves are enough (G2).
  for (int i = 0; i < 3; ++i) {
    Guard later;
    domain.Collect();
  }
  EXPECT_EQ(reclaimed.load(), 1);
}

TEST(Epoch, ReclaimMayRetireMore) {
  struct Chain {
    std::atomic<int>* reclaimed;
  };
  EpochDomain& domain = EpochDomain::Process();
  std::atomic<int> reclaimed{0};
  auto chain = std::make_unique<Chain>(Chain{&reclaimed});
  domain.Retire(chain.release(), [](void* pointer) {
    const std::unique_ptr<Chain> owned(static_cast<Chain*>(pointer));
    EpochDomain::Process().Retire(MakeObject(owned->reclaimed), Reclaim);
  });
  domain.Drain();
  EXPECT_EQ(reclaimed.load(), 1);
}

TEST(Epoch, ThreadsThatEndGiveTheirSlotBack) {
  EpochDomain& domain = EpochDomain::Process();
  { Guard guard; }
  std::thread([] { Guard guard; }).join();
  const std::size_t before = domain.slots();
  for (int i = 0; i < 20; ++i) std::thread([] { Guard guard; }).join();
  EXPECT_EQ(domain.slots(), before);
}

TEST(Epoch, DrainWaitsForTheGuardsOfOtherThreads) {
  EpochDomain& domain = EpochDomain::Process();
  std::atomic<int> reclaimed{0};
  std::atomic<bool> entered{false};
  std::atomic<bool> leave{false};
  std::thread reader([&] {
    Guard guard;
    entered = true;
    entered.notify_one();
    leave.wait(false);
  });
  entered.wait(false);
  domain.Retire(MakeObject(&reclaimed), Reclaim);
  EXPECT_EQ(reclaimed.load(), 0);
  std::thread drainer([&] {
    domain.Drain();
    EXPECT_EQ(reclaimed.load(), 1);
  });
  leave = true;
  leave.notify_one();
  drainer.join();
  reader.join();
}

// Readers check a mark that Reclaim erases: a too early reclaim is a wrong mark, a use after free
// under ASan and a race under TSan.
TEST(Epoch, ReadersNeverMeetAReclaimedObject) {
  constexpr int kReaders = 3;
  constexpr int kReplacements = 20000;
  EpochDomain& domain = EpochDomain::Process();
  std::atomic<int> reclaimed{0};
  std::atomic<Object*> shared{MakeObject(&reclaimed)};
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kReaders; ++i) {
    threads.emplace_back([&] {
      while (!stop.load(std::memory_order_relaxed)) {
        Guard guard;
        const Object* object = shared.load(std::memory_order_acquire);
        if (object->mark != Object::kAlive) wrong.fetch_add(1);
      }
    });
  }
  for (int writer = 0; writer < 2; ++writer) {
    threads.emplace_back([&] {
      for (int i = 0; i < kReplacements; ++i) {
        Object* old = shared.exchange(MakeObject(&reclaimed), std::memory_order_acq_rel);
        domain.Retire(old, Reclaim);
      }
    });
  }
  threads[kReaders].join();
  threads[kReaders + 1].join();
  stop = true;
  for (int i = 0; i < kReaders; ++i) threads[static_cast<std::size_t>(i)].join();
  domain.Retire(shared.exchange(nullptr), Reclaim);
  domain.Drain();
  EXPECT_EQ(wrong.load(), 0u);
  EXPECT_EQ(reclaimed.load(), 2 * kReplacements + 1);
  EXPECT_EQ(domain.pending(), 0u);
}

}  // namespace
}  // namespace firn::testing
