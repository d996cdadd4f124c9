// What the tests of an open store share: a tiny store over a simulated disk, and short ways to ask
// it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sim/manual_runtime.h"
#include "sim/memory_file_system.h"
#include "testing/tiny_store.h"

namespace firn::testing {

inline constexpr const char* kStore = "/store";

// One simulated machine: disk, clock and executor without threads. Everything runs when the store
// waits or the test says so, so every run is the same.
struct Machine {
  explicit Machine(std::unique_ptr<MemoryFileSystem> disk = MemoryFileSystem::Create())
      : files(std::move(disk)), manual(ManualRuntime::Create(*files, 1)) {
    options.runtime = &manual->runtime();
    options.compression = Compression::kNone;
  }

  [[nodiscard]] Result<std::unique_ptr<Db>> TryOpen(const std::string& directory = kStore) const {
    return OpenTiny(directory, options, tuning);
  }
  // Requires: it works.
  [[nodiscard]] std::unique_ptr<Db> Open(const std::string& directory = kStore) const {
    auto db = TryOpen(directory);
    EXPECT_EQ(db.status().ToString(), "ok");
    return std::move(db).value();
  }
  // The engine itself, for what the public interface does not show.
  [[nodiscard]] std::shared_ptr<Engine> OpenEngine() const {
    auto engine = Engine::Open(kStore, options, tuning);
    EXPECT_EQ(engine.status().ToString(), "ok");
    return std::move(engine).value();
  }
  // Names in the directory that end so.
  [[nodiscard]] std::vector<std::string> Names(const std::string& ending = "",
                                               const std::string& directory = kStore) const {
    std::vector<std::string> found;
    auto names = files->List(directory);
    EXPECT_TRUE(names.ok());
    for (const std::string& name : *names) {
      if (name.ends_with(ending)) found.push_back(name);
    }
    return found;
  }
  void Create(const std::string& path, Slice content) const {
    auto file = files->CreateFile(path);
    EXPECT_TRUE(file.ok() && (*file)->Append(content).ok() && (*file)->Close().ok());
  }

  std::unique_ptr<MemoryFileSystem> files;
  std::unique_ptr<ManualRuntime> manual;
  Options options;
  Tuning tuning = TinyTuning();
};

inline std::string KeyOf(int n) { return "key" + std::to_string(1000000 + n); }

// The value, or "absent", or the error in words.
inline std::string Got(const Db& db, Slice key, const ReadOptions& options = {}) {
  auto got = db.Get(key, options);
  if (!got.ok()) return got.status().ToString();
  return got->value_or("absent");
}

// Everything a scan finds, as key=value words; an error ends it in words.
inline std::string Scanned(const Db& db, const IteratorOptions& options = {}) {
  std::string text;
  Iterator iterator = db.NewIterator(options);
  for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) {
    text.append(iterator.key()).append("=").append(iterator.value()).append(" ");
  }
  return iterator.status().ok() ? text : text + iterator.status().ToString();
}

// Puts `count` values that fill tables rather than memory.
inline void PutMany(Db& db, int count, const Keyspace& keyspace = {}, char fill = 'v') {
  for (int i = 0; i < count; ++i) {
    ASSERT_EQ(db.Put(KeyOf(i), std::string(200, fill), {.keyspace = keyspace}).ToString(), "ok");
  }
}

}  // namespace firn::testing
