// Opening what a crash left, and reading all of it.
//
// Threads: one.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "crash/ledger.h"
#include "crash/steps.h"
#include "firn/db.h"
#include "sim/manual_runtime.h"
#include "sim/memory_file_system.h"

namespace firn::testing {

inline constexpr const char* kStoreDirectory = "/store";

// Everything runs when the store waits or the owner says so, so every run is the same. The database
// goes first.
struct OpenedStore {
  std::unique_ptr<ManualRuntime> manual;
  std::unique_ptr<Db> db;
};

// The way a store of this workload is opened.
[[nodiscard]] Options OptionsOf(const Workload& workload, const Runtime& runtime);
[[nodiscard]] Result<OpenedStore> OpenStore(const Workload& workload, MemoryFileSystem& files,
                                            std::uint64_t seed,
                                            const std::string& directory = kStoreDirectory,
                                            bool create = true);

// All keyspaces, forwards; an error in words.
[[nodiscard]] std::string Scan(const Db& db, const Snapshot& snapshot, Found* found);
// The other ways to read: backwards, key by key, and Verify; what disagrees, in words.
[[nodiscard]] std::string CrossCheck(const Db& db, const Found& found);

enum class Care : std::uint8_t { kScan, kEverything };

// Opens the store and every copy on the disk, reads and closes them. Empty when all of it could be
// read; `shown`, if given, is called as soon as the store has answered a scan.
[[nodiscard]] std::string LookAt(const Workload& workload, MemoryFileSystem& files, Care care,
                                 Sighting* sighting, Found* found,
                                 const std::function<void()>& shown = nullptr);

}  // namespace firn::testing
