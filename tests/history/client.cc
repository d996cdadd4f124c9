#include "history/client.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace firn::history {
namespace {

constexpr std::size_t kPaddingBytesMax = 96;

std::string Format(const char* pattern, std::size_t first, std::size_t second) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), pattern, first, second);
  return text.data();
}

std::string MateKey(std::size_t group, std::size_t mate) {
  return Format("g/%02zu/%zu", group, mate);
}
std::string AccountKey(std::size_t bank, std::size_t account) {
  return Format("b/%zu/%02zu", bank, account);
}
std::string BankEnd(std::size_t bank) { return Format("b/%zu/~", bank, 0); }

std::string Encode(Value value) {
  std::string bytes(sizeof(value), '\0');
  std::memcpy(bytes.data(), &value, sizeof(value));
  bytes.append(value % kPaddingBytesMax, 'p');
  return bytes;
}

Value Decode(Slice bytes) {
  Value value = kAbsent;
  if (bytes.size() < sizeof(value)) return kAbsent;
  std::memcpy(&value, bytes.data(), sizeof(value));
  // A value that is not whole is one that nobody wrote.
  return bytes.size() == sizeof(value) + value % kPaddingBytesMax ? value : ~Value{0};
}

Value DecodeFound(const Result<std::optional<std::string>>& found) {
  return found.ok() && found->has_value() ? Decode(**found) : kAbsent;
}

}  // namespace

std::string RegisterKey(std::size_t number) { return Format("r/%04zu", number, 0); }

Keyspace RegisterKeyspace(const SharedWorld& world, std::size_t number) {
  return number % 3 == 2 ? world.side : Keyspace();
}

Value ReadRegister(const SharedWorld& world, std::size_t number, Status* status) {
  const auto found = world.db->Get(RegisterKey(number),
                                   {.keyspace = RegisterKeyspace(world, number)});
  if (!found.ok()) *status = found.status();
  return DecodeFound(found);
}

Client::Client(SharedWorld& world, std::size_t number, std::uint64_t seed)
    : world_(world), number_(number), random_(seed * kClients + number) {
  balances_.fill(kOpeningBalance);
}

void Client::OpenBank() {
  WriteBatch batch;
  for (std::size_t account = 0; account < kAccounts; ++account) {
    batch.Put(AccountKey(number_, account), std::to_string(balances_[account]));
  }
  Succeeded("open a bank", world_.db->Write(batch));
}

void Client::Run(std::uint64_t operations) {
  constexpr std::uint64_t kDieSides = 10'000;
  for (std::uint64_t i = 0; i < operations && problem_.empty(); ++i) {
    (this->*VerbFor(random_.Below(kDieSides)))();
  }
}

Client::Verb Client::VerbFor(std::uint64_t die) {
  struct Share {
    std::uint64_t below;
    Verb verb;
  };
  static constexpr Share kShares[] = {
      {3800, &Client::Get},        {6000, &Client::Put},           {6600, &Client::Delete},
      {7300, &Client::PutIfAbsent}, {8300, &Client::CompareAndSet}, {8330, &Client::DeleteRange},
      {8500, &Client::Scan},       {8900, &Client::WriteGroup},    {9400, &Client::ReadGroup},
      {9800, &Client::Transfer},   {9950, &Client::Audit},         {9998, &Client::HoldSnapshot},
      {10'000, &Client::Care},
  };
  return std::find_if(std::begin(kShares), std::end(kShares),
                      [die](const Share& share) { return die < share.below; })->verb;
}

std::size_t Client::DrawRegister() {
  return random_.Coin() ? random_.Below(kHotRegisters) : random_.Below(kRegisters);
}

WriteOptions Client::DrawDurability() {
  const std::uint64_t die = random_.Below(1000);
  if (die == 0) return {.durability = Durability::kSync};
  return {.durability = die < 250 ? Durability::kNone : Durability::kPeriodic};
}

void Client::Record(std::size_t key, const Operation& operation) {
  log_.emplace_back(key, operation);
}

void Client::Wrong(const std::string& what) {
  if (problem_.empty()) problem_ = "client " + std::to_string(number_) + ": " + what;
}

bool Client::Succeeded(const char* what, const Status& status) {
  if (!status.ok()) Wrong(std::string(what) + ": " + status.ToString());
  return status.ok();
}

void Client::Get() {
  const std::size_t key = DrawRegister();
  Operation operation{.begin = world_.clock.Tick()};
  Status status;
  operation.value = ReadRegister(world_, key, &status);
  operation.end = world_.clock.Tick();
  if (!Succeeded("get", status)) return;
  last_seen_[key] = operation.value;
  Record(key, operation);
}

void Client::Put() {
  const std::size_t key = DrawRegister();
  Operation operation{.value = NextValue(), .kind = Operation::Kind::kWrite};
  WriteOptions options = DrawDurability();
  options.keyspace = RegisterKeyspace(world_, key);
  operation.begin = world_.clock.Tick();
  const Status status = world_.db->Put(RegisterKey(key), Encode(operation.value), options);
  operation.end = world_.clock.Tick();
  if (!Succeeded("put", status)) return;
  last_seen_[key] = operation.value;
  Record(key, operation);
}

void Client::Delete() {
  const std::size_t key = DrawRegister();
  Operation operation{.value = kAbsent, .kind = Operation::Kind::kWrite};
  WriteOptions options = DrawDurability();
  options.keyspace = RegisterKeyspace(world_, key);
  operation.begin = world_.clock.Tick();
  const Status status = world_.db->Delete(RegisterKey(key), options);
  operation.end = world_.clock.Tick();
  if (Succeeded("delete", status)) Record(key, operation);
}

void Client::PutIfAbsent() {
  const std::size_t key = DrawRegister();
  Operation operation{.value = NextValue(), .expected = kAbsent,
                      .kind = Operation::Kind::kConditional};
  WriteOptions options = DrawDurability();
  options.keyspace = RegisterKeyspace(world_, key);
  operation.begin = world_.clock.Tick();
  const Result<bool> stored =
      world_.db->PutIfAbsent(RegisterKey(key), Encode(operation.value), options);
  operation.end = world_.clock.Tick();
  if (!Succeeded("put if absent", stored.status())) return;
  operation.succeeded = *stored;
  Record(key, operation);
}

void Client::CompareAndSet() {
  const std::size_t key = DrawRegister();
  // What this thread saw last: often still there in a cold register, seldom in a hot one.
  const bool deletes = random_.Below(4) == 0;
  Operation operation{.value = deletes ? kAbsent : NextValue(), .expected = last_seen_[key],
                      .kind = Operation::Kind::kConditional};
  const std::string expected = Encode(operation.expected);
  const std::string desired = Encode(operation.value);
  std::optional<Slice> expected_bytes;
  if (operation.expected != kAbsent) expected_bytes = expected;
  std::optional<Slice> desired_bytes;
  if (!deletes) desired_bytes = desired;
  WriteOptions options = DrawDurability();
  options.keyspace = RegisterKeyspace(world_, key);
  operation.begin = world_.clock.Tick();
  const Result<bool> replaced =
      world_.db->CompareAndSet(RegisterKey(key), expected_bytes, desired_bytes, options);
  operation.end = world_.clock.Tick();
  if (!Succeeded("compare and set", replaced.status())) return;
  operation.succeeded = *replaced;
  if (*replaced) last_seen_[key] = operation.value;
  Record(key, operation);
}

void Client::DeleteRange() {
  const std::size_t first = DrawRegister();
  const std::size_t end = std::min(kRegisters, first + 1 + random_.Below(9));
  Operation operation{.value = kAbsent, .kind = Operation::Kind::kWrite};
  operation.begin = world_.clock.Tick();
  const Status status =
      world_.db->DeleteRange(RegisterKey(first), RegisterKey(end), DrawDurability());
  operation.end = world_.clock.Tick();
  if (!Succeeded("delete a range", status)) return;
  for (std::size_t key = first; key < end; ++key) {
    if (RegisterKeyspace(world_, key).state() == nullptr) Record(key, operation);
  }
}

// An iterator shows the state when it was made: each register in its range was read then.
void Client::Scan() {
  const std::size_t first = DrawRegister();
  const std::size_t end = std::min(kRegisters, first + 12);
  const std::string lower = RegisterKey(first);
  const std::string upper = RegisterKey(end);
  Operation operation{.begin = world_.clock.Tick()};
  Iterator iterator = world_.db->NewIterator({.lower = lower, .upper = upper});
  operation.end = world_.clock.Tick();
  std::vector<std::pair<std::string, Value>> found;
  for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) {
    found.emplace_back(iterator.key(), Decode(iterator.value()));
  }
  std::vector<std::pair<std::string, Value>> backwards;
  for (iterator.SeekToLast(); iterator.Valid(); iterator.Prev()) {
    backwards.emplace_back(iterator.key(), Decode(iterator.value()));
  }
  if (!Succeeded("scan", iterator.status())) return;
  std::reverse(backwards.begin(), backwards.end());
  if (backwards != found) return Wrong("a backward scan differs from " + lower + " on");
  if (!std::is_sorted(found.begin(), found.end())) return Wrong("a scan is out of order");
  for (std::size_t key = first; key < end; ++key) {
    if (RegisterKeyspace(world_, key).state() != nullptr) continue;
    const auto at = std::find_if(found.begin(), found.end(),
                                 [&](const auto& each) { return each.first == RegisterKey(key); });
    operation.value = at == found.end() ? kAbsent : at->second;
    Record(key, operation);
  }
}

void Client::WriteGroup() {
  const std::size_t group = random_.Below(kGroups);
  Operation operation{.value = NextValue(), .kind = Operation::Kind::kWrite};
  WriteBatch batch;
  for (std::size_t mate = 0; mate < kMates; ++mate) {
    batch.Put(MateKey(group, mate), Encode(operation.value),
              mate % 2 == 0 ? Keyspace() : world_.side);
  }
  const WriteOptions options = DrawDurability();
  operation.begin = world_.clock.Tick();
  const Status status = world_.db->Write(batch, options);
  operation.end = world_.clock.Tick();
  if (Succeeded("write a group", status)) Record(kRegisters + group, operation);
}

Value Client::StampOf(std::size_t group, const Snapshot& snapshot) {
  std::array<Value, kMates> stamps{};
  for (std::size_t mate = 0; mate < kMates; ++mate) {
    const Keyspace keyspace = mate % 2 == 0 ? Keyspace() : world_.side;
    const auto found = world_.db->Get(MateKey(group, mate),
                                      {.keyspace = keyspace, .snapshot = snapshot});
    if (!Succeeded("read a group", found.status())) return kAbsent;
    stamps[mate] = DecodeFound(found);
  }
  for (const Value stamp : stamps) {
    if (stamp == stamps.front()) continue;
    Wrong("group " + std::to_string(group) + " shows stamps " + std::to_string(stamps.front()) +
          " and " + std::to_string(stamp) + " in one snapshot");
  }
  return stamps.front();
}

void Client::ReadGroup() {
  const std::size_t group = random_.Below(kGroups);
  Operation operation{.begin = world_.clock.Tick()};
  const Snapshot snapshot = world_.db->GetSnapshot();
  operation.end = world_.clock.Tick();
  operation.value = StampOf(group, snapshot);
  Record(kRegisters + group, operation);
}

void Client::Transfer() {
  const std::size_t from = random_.Below(kAccounts);
  const std::size_t to = random_.Below(kAccounts);
  if (from == to) return;
  const auto amount = static_cast<std::int64_t>(random_.Below(100));
  balances_[from] -= amount;
  balances_[to] += amount;
  WriteBatch batch;
  batch.Put(AccountKey(number_, from), std::to_string(balances_[from]));
  batch.Put(AccountKey(number_, to), std::to_string(balances_[to]));
  Succeeded("transfer", world_.db->Write(batch, DrawDurability()));
}

void Client::AddUp(std::size_t bank, Iterator& accounts) {
  std::int64_t sum = 0;
  std::size_t count = 0;
  for (accounts.SeekToFirst(); accounts.Valid(); accounts.Next()) {
    std::int64_t balance = 0;
    const Slice text = accounts.value();
    std::from_chars(text.data(), text.data() + text.size(), balance);
    sum += balance;
    ++count;
  }
  if (!Succeeded("audit", accounts.status())) return;
  constexpr auto kSum = static_cast<std::int64_t>(kAccounts) * kOpeningBalance;
  if (count == kAccounts && sum == kSum) return;
  Wrong("bank " + std::to_string(bank) + " has " + std::to_string(count) + " accounts with " +
        std::to_string(sum) + " in all, not " + std::to_string(kSum));
}

void Client::Audit() {
  const std::size_t bank = random_.Below(kClients);
  const std::string lower = AccountKey(bank, 0);
  const std::string upper = BankEnd(bank);
  Iterator accounts = world_.db->NewIterator({.lower = lower, .upper = upper});
  AddUp(bank, accounts);
}

// A snapshot shows the same for as long as it is held.
void Client::HoldSnapshot() {
  if (held_.snapshot.valid()) {
    for (std::size_t group = 0; group < kGroups; ++group) {
      const Value now = StampOf(group, held_.snapshot);
      if (now == held_.stamps[group] || !problem_.empty()) continue;
      Wrong("group " + std::to_string(group) + " of a held snapshot showed " +
            std::to_string(held_.stamps[group]) + " first and " + std::to_string(now) + " later");
    }
    const std::size_t bank = random_.Below(kClients);
    const std::string lower = AccountKey(bank, 0);
    const std::string upper = BankEnd(bank);
    Iterator accounts = world_.db->NewIterator(
        {.lower = lower, .upper = upper, .snapshot = held_.snapshot});
    AddUp(bank, accounts);
  }
  held_.snapshot = world_.db->GetSnapshot();
  for (std::size_t group = 0; group < kGroups; ++group) {
    held_.stamps[group] = StampOf(group, held_.snapshot);
  }
}

void Client::Care() {
  const std::string lower = RegisterKey(random_.Below(kRegisters));
  const std::string upper = RegisterKey(random_.Below(kRegisters));
  switch (random_.Below(4)) {
    case 0: Succeeded("flush", world_.db->Flush()); break;
    case 1: Succeeded("compact", world_.db->CompactRange({}, {}, world_.side)); break;
    case 2:
      if (lower < upper) Succeeded("compact", world_.db->CompactRange(lower, upper));
      break;
    default: Succeeded("sync", world_.db->Sync()); break;
  }
}

}  // namespace firn::history
