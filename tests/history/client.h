// One of several threads that use a store at the same time, and what all of them share.
//
// Registers are keys of their own. A group is some keys, in two keyspaces, that every batch gives
// the same stamp; to the checker it is one register. A bank is the accounts of one thread: its
// batches move money between two of them, so that every snapshot adds up to the same sum.
//
// H1  An operation takes its begin from the clock before its first call of the store and its end
//     behind the call that fixed what it sees or wrote.
// H2  Every written value is unique.
// Threads: a Client is one thread's; SharedWorld's store and clock are everyone's.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "firn/db.h"
#include "history/register_checker.h"
#include "sim/seeded_random.h"

namespace firn::history {

inline constexpr std::size_t kClients = 8;
inline constexpr std::size_t kRegisters = 600;
inline constexpr std::size_t kHotRegisters = 24;  // every other operation goes to one of them
inline constexpr std::size_t kGroups = 12;
inline constexpr std::size_t kMates = 6;  // keys of a group, half of them in each keyspace
inline constexpr std::size_t kAccounts = 16;
inline constexpr std::int64_t kOpeningBalance = 1000;
inline constexpr char kSideKeyspace[] = "side";

// Registers first, then groups.
inline constexpr std::size_t kCheckedKeys = kRegisters + kGroups;

// No clock but a counter: it gives the moments of a history their order. Where a sanitizer watches
// it is relaxed, because an order that the test makes would hide those that the engine fails to
// make; the calls between two ticks are too opaque to be moved across them.
class HistoryClock {
 public:
  std::uint64_t Tick() { return now_.fetch_add(1, kOrder) + 1; }

 private:
#if defined(FIRN_SANITIZED)
  static constexpr std::memory_order kOrder = std::memory_order_relaxed;
#else
  static constexpr std::memory_order kOrder = std::memory_order_seq_cst;
#endif
  std::atomic<std::uint64_t> now_ = 0;
};

struct SharedWorld {
  Db* db = nullptr;
  Keyspace side;
  HistoryClock clock;
};

using CheckedOperation = std::pair<std::size_t, Operation>;  // of which key

class Client {
 public:
  Client(SharedWorld& world, std::size_t number, std::uint64_t seed);

  // Fills the own bank, before anyone runs.
  void OpenBank();
  // Runs so many operations, or until something is wrong.
  void Run(std::uint64_t operations);
  // What reopening the store would make invalid.
  void LetGo() { held_ = {}; }

  // The stamp that all mates show at one moment; anything else is a problem.
  [[nodiscard]] Value StampOf(std::size_t group, const Snapshot& snapshot);

  [[nodiscard]] std::vector<CheckedOperation>& log() { return log_; }
  // What broke an invariant or failed; empty: nothing.
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  struct Held {
    Snapshot snapshot;
    std::array<Value, kGroups> stamps{};
  };
  using Verb = void (Client::*)();

  // Verbs; each is one operation.
  void Get();
  void Put();
  void Delete();
  void PutIfAbsent();
  void CompareAndSet();
  void DeleteRange();
  void Scan();
  void WriteGroup();
  void ReadGroup();
  void Transfer();
  void Audit();
  void HoldSnapshot();
  void Care();

  [[nodiscard]] static Verb VerbFor(std::uint64_t die);
  [[nodiscard]] std::size_t DrawRegister();
  [[nodiscard]] Value NextValue() { return (Value{number_ + 1} << 48) | ++values_; }
  [[nodiscard]] WriteOptions DrawDurability();
  void Record(std::size_t key, const Operation& operation);
  bool Succeeded(const char* what, const Status& status);
  void Wrong(const std::string& what);
  void AddUp(std::size_t bank, Iterator& accounts);

  SharedWorld& world_;
  const std::size_t number_;
  testing::SeededRandom random_;
  std::uint64_t values_ = 0;
  std::array<Value, kRegisters> last_seen_{};
  std::array<std::int64_t, kAccounts> balances_{};
  Held held_;
  std::vector<CheckedOperation> log_;
  std::string problem_;
};

[[nodiscard]] std::string RegisterKey(std::size_t number);
// In which keyspace it is.
[[nodiscard]] Keyspace RegisterKeyspace(const SharedWorld& world, std::size_t number);
// What a register reads; problems are said in `status`.
[[nodiscard]] Value ReadRegister(const SharedWorld& world, std::size_t number, Status* status);

}  // namespace firn::history
