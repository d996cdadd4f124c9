// A data set far larger than the memory budget: loads it in random order, overwrites and deletes a
// part, compacts, reopens, scans it back both ways and compares every entry with what was written.
//
// scale_test [entries] [budget MiB] [directory]; prints one line a phase and the peak of its
// memory.

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "firn/db.h"

namespace {

// An invertible mix of 32 bits, so that entry i has a distinct pseudo-random key and a scan in key
// order can tell which entry it meets.
std::uint32_t Mix(std::uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ (x >> 16);
}

std::uint32_t Unmix(std::uint32_t x) {
  x ^= x >> 16;
  x *= 0x43021123u;
  x ^= (x >> 15) ^ (x >> 30);
  x *= 0x1d69e2a5u;
  return x ^ (x >> 16);
}

std::string KeyOf(std::uint32_t index) {
  char key[17];
  std::snprintf(key, sizeof(key), "user%08x%04x", Mix(index), index & 0xFFFF);
  return key;
}

std::string ValueOf(std::uint32_t index, int generation) {
  std::string value = std::to_string(index) + ":" + std::to_string(generation) + ":";
  value.resize(100, static_cast<char>('a' + index % 26));
  return value;
}

// Every seventh entry is overwritten, every eleventh deleted.
bool Deleted(std::uint32_t index) { return index % 11 == 3; }
int Generation(std::uint32_t index) { return index % 7 == 2 ? 1 : 0; }

void Must(const firn::Status& status, const char* what) {
  if (status.ok()) return;
  std::fprintf(stderr, "scale_test: %s: %s\n", what, status.ToString().c_str());
  std::exit(1);
}

[[noreturn]] void Wrong(const std::string& what) {
  std::fprintf(stderr, "scale_test: %s\n", what.c_str());
  std::exit(1);
}

class Phase {
 public:
  explicit Phase(const char* name) : name_(name), began_(std::chrono::steady_clock::now()) {}
  ~Phase() {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began_;
    std::printf("%-28s %8.1f s\n", name_, took.count());
    std::fflush(stdout);
  }

 private:
  const char* name_;
  std::chrono::steady_clock::time_point began_;
};

void Check(firn::Slice key, firn::Slice value, std::uint32_t entries) {
  const std::string text(key);
  if (text.size() != 16) Wrong("a key of another length");
  const auto index = Unmix(static_cast<std::uint32_t>(std::stoul(text.substr(4, 8), nullptr, 16)));
  if (index >= entries || KeyOf(index) != text) Wrong("a key that was never written: " + text);
  if (Deleted(index)) Wrong("a deleted key: " + text);
  if (value != ValueOf(index, Generation(index))) Wrong("a wrong value under " + text);
}

void Scan(firn::Db& db, std::uint32_t entries, std::uint64_t expected, bool forward) {
  std::uint64_t count = 0;
  std::string last;
  firn::Iterator it = db.NewIterator();
  for (forward ? it.SeekToFirst() : it.SeekToLast(); it.Valid();
       forward ? it.Next() : it.Prev(), ++count) {
    Check(it.key(), it.value(), entries);
    if (count > 0 && (forward ? it.key() <= last : it.key() >= last)) Wrong("keys out of order");
    last.assign(it.key());
  }
  Must(it.status(), "scan");
  if (count != expected) {
    Wrong("the scan met " + std::to_string(count) + " entries, not " + std::to_string(expected));
  }
}

void Load(firn::Db& db, std::uint32_t entries) {
  for (std::uint32_t i = 0; i < entries; ++i) Must(db.Put(KeyOf(i), ValueOf(i, 0)), "put");
  for (std::uint32_t i = 0; i < entries; ++i) {
    if (Deleted(i)) {
      Must(db.Delete(KeyOf(i)), "delete");
    } else if (Generation(i) == 1) {
      Must(db.Put(KeyOf(i), ValueOf(i, 1)), "overwrite");
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto entries =
      static_cast<std::uint32_t>(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 200000);
  const std::uint64_t budget_mib = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 16;
  const std::string directory = argc > 3 ? argv[3] : "scale_test_store";
  std::filesystem::remove_all(directory);
  std::uint64_t expected = 0;
  for (std::uint32_t i = 0; i < entries; ++i) expected += Deleted(i) ? 0 : 1;

  firn::Options options;
  options.memory_budget = budget_mib << 20;
  {
    auto db = firn::Db::Open(directory, options);
    Must(db.status(), "open");
    {
      Phase phase("load, overwrite, delete");
      Load(**db, entries);
    }
    {
      Phase phase("compact");
      Must((*db)->CompactRange(), "compact");
    }
    const firn::Stats stats = (*db)->GetStats();
    std::printf("flushes %llu, compactions %llu, stalls %llu (%.1f s), table bytes %.1f MB\n",
                static_cast<unsigned long long>(stats.flushes),
                static_cast<unsigned long long>(stats.compactions),
                static_cast<unsigned long long>(stats.write_stalls),
                static_cast<double>(stats.write_stall_micros) / 1e6,
                static_cast<double>(stats.table_file_bytes) / 1e6);
    Must((*db)->Close(), "close");
  }
  {
    std::unique_ptr<firn::Db> db;
    {
      Phase phase("reopen");
      auto opened = firn::Db::Open(directory, options);
      Must(opened.status(), "reopen");
      db = std::move(opened).value();
    }
    {
      Phase phase("scan forwards");
      Scan(*db, entries, expected, true);
    }
    {
      Phase phase("scan backwards");
      Scan(*db, entries, expected, false);
    }
    {
      Phase phase("get");
      for (std::uint32_t i = 0; i < entries; i += 97) {
        auto value = db->Get(KeyOf(i));
        Must(value.status(), "get");
        if (value->has_value() == Deleted(i)) Wrong("get: wrong presence of " + KeyOf(i));
      }
    }
    {
      Phase phase("verify");
      Must(db->Verify().status(), "verify");
    }
    Must(db->Close(), "close");
  }
  std::filesystem::remove_all(directory);
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%u entries, budget %llu MiB, peak memory %ld MiB: all equal\n", entries,
              static_cast<unsigned long long>(budget_mib), usage.ru_maxrss / 1024);
  return 0;
}
