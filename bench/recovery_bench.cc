// Reopening after a kill: a child fills a store whose memtables never fill up, so that everything
// is in the log alone, and kills itself; the parent reads that log once for its own sake and then
// opens the store as its user would.
//
// Usage: recovery_bench [ENTRIES [random|prefix|ascending|versions]] under FIRN_BENCH_DIR.
// Keys: 16 random hexadecimal digits; the same behind one of four prefixes of 24 bytes; the
// same in ascending order; one of 1,000 of them. 100-byte values. The log is in the page cache and
// on the disk before the clock starts.

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>

#include "db/engine.h"
#include "db/file_names.h"
#include "version/manifest.h"
#include "wal/log_reader.h"

namespace {

constexpr std::uint64_t kBudget = std::uint64_t{4} << 30;
constexpr std::size_t kValueBytes = 100;

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "recovery_bench: %s\n", what.c_str());
  std::exit(1);
}
void Check(const firn::Status& status) {
  if (!status.ok()) Fail(status.ToString());
}

std::uint64_t Mix(std::uint64_t x) {
  // SplitMix64 (Steele, Lea, Flood 2014): a bijection, so the keys are distinct.
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

std::string KeyOf(const std::string& shape, std::uint64_t index) {
  const bool random = shape == "random" || shape == "prefix";
  if (shape == "versions") index = Mix(index) % 1000;
  char digits[17];
  std::snprintf(digits, sizeof(digits), "%016llx",
                static_cast<unsigned long long>(random ? Mix(index) : index));
  if (shape != "prefix") return digits;
  return "application/collection-" + std::string(1, static_cast<char>('a' + index % 4)) + digits;
}

[[noreturn]] void FillAndDie(const std::string& directory, const std::string& shape,
                             std::uint64_t entries) {
  firn::Options options;
  options.memory_budget = kBudget;
  firn::Tuning tuning = firn::TuningFor(kBudget);
  tuning.memtable_bytes = kBudget;
  tuning.memtables_bytes_max = 3 * kBudget;
  tuning.log_bytes_max = 3 * kBudget;
  auto engine = firn::Engine::Open(directory, options, tuning);
  Check(engine.status());
  std::string value(kValueBytes, 'v');
  for (std::uint64_t i = 0; i < entries; ++i) {
    std::memcpy(value.data(), &i, sizeof(i));
    Check((*engine)->WriteOne(firn::EntryKind::kPut, KeyOf(shape, i), value, {}));
  }
  Check((*engine)->Sync());
  std::raise(SIGKILL);
  Fail("survived its own kill");
}

struct Usage {
  std::chrono::steady_clock::time_point wall = std::chrono::steady_clock::now();
  double user = 0;
  double system = 0;
  static Usage Now() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return {std::chrono::steady_clock::now(), seconds(usage.ru_utime), seconds(usage.ru_stime)};
  }
};

void Report(const char* phase, const Usage& from, std::uint64_t entries) {
  const Usage now = Usage::Now();
  const double wall = std::chrono::duration<double>(now.wall - from.wall).count();
  const double each = 1e9 / static_cast<double>(entries);
  std::printf("%-13s%6.3f s  %6.2f M entries/s  an entry, ns: %4.0f wall %4.0f user %4.0f system\n",
              phase, wall, static_cast<double>(entries) / wall / 1e6, wall * each,
              (now.user - from.user) * each, (now.system - from.system) * each);
}

// What reading and verifying alone costs.
void ReadLog(const std::string& directory, std::uint64_t entries) {
  firn::FileSystem& files = *firn::Runtime::Posix().file_system;
  auto state = firn::ReadManifest(files, directory, [](const firn::DatabaseId&) {
    return [](const firn::TableMetadata&) -> std::shared_ptr<firn::TableReader> { return nullptr; };
  });
  Check(state.status());
  firn::LogReplayInput input;
  input.directory = directory;
  input.database = state->database;
  input.replay_from = state->replay_from;
  input.durable_at_least = state->log_durable;
  std::uint64_t bytes = 0;
  for (const auto& each : std::filesystem::directory_iterator(directory)) {
    const auto file = firn::ParseFileName(each.path().filename().string());
    if (!file || file->kind != firn::FileKind::kLog) continue;
    input.segments.push_back(file->number);
    bytes += each.file_size();
    const int fd = ::open(each.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0 || ::fdatasync(fd) != 0) Fail("cannot sync " + each.path().string());
    ::close(fd);
  }
  const auto ignore = [](const firn::ReplayedRecord&) { return firn::Status(); };
  for (int round = 0; round < 2; ++round) {
    const Usage start = Usage::Now();
    Check(firn::ReplayLog(files, input, ignore).status());
    Report(round == 0 ? "read, cold" : "read, verify", start, entries);
  }
  std::printf("log segments: %zu files, %.0f MiB\n", input.segments.size(),
              static_cast<double>(bytes) / (1 << 20));
}

}  // namespace

int main(int count, char** arguments) {
  const std::uint64_t entries = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 6'700'000;
  const std::string shape = count > 2 ? arguments[2] : "random";
  const char* const base = std::getenv("FIRN_BENCH_DIR");
  const std::string directory = std::string(base != nullptr ? base : ".") + "/recovery_bench_store";
  std::filesystem::remove_all(directory);

  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) Fail("cannot fork");
  if (child == 0) FillAndDie(directory, shape, entries);
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFSIGNALED(status)) Fail("the child failed");
  ReadLog(directory, entries);

  firn::Options options;
  options.memory_budget = kBudget;
  const Usage start = Usage::Now();
  auto db = firn::Db::Open(directory, options);
  Check(db.status());
  Report("open", start, entries);
  const auto recovered = (*db)->GetStats();
  if (recovered.recovered_entries != entries) {
    Fail("recovered " + std::to_string(recovered.recovered_entries) + " entries");
  }
  for (std::uint64_t i = 0; i < entries; i += 997) {
    const std::string key = KeyOf(shape, i);
    const auto value = (*db)->Get(key);
    Check(value.status());
    if (!value->has_value() || (*value)->size() != kValueBytes) Fail("a key is missing: " + key);
  }
  Check((*db)->Close());
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("peak memory: %ld MiB\n", usage.ru_maxrss / 1024);
  std::filesystem::remove_all(directory);
  return 0;
}
