// The stores the sweep damages: small, made the same way every time, and known to the last byte.
//
// Threads: made once, read by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "db/file_names.h"
#include "firn/db.h"
#include "sim/memory_file_system.h"
#include "version/manifest.h"

namespace firn::testing {

inline constexpr char kSpecimenDirectory[] = "/store";

// Keyspace name -> key -> value.
using Contents = std::map<std::string, std::map<std::string, std::string>>;

struct SpecimenFile {
  std::string name;
  FileKind kind = FileKind::kTable;
  std::string bytes;
  // What a lost write leaves in its place: the file at an earlier moment, or, where it did not
  // exist then, another file of its kind. May be empty.
  std::string stale;
  // False for a table that no version names any more and the next open removes.
  bool live = true;
};

struct Specimen {
  std::unique_ptr<MemoryFileSystem> disk;
  ManifestState manifest;
  std::vector<SpecimenFile> files;  // all but the empty lock file
  // states[i]: after the first i commits; the last is what an undamaged open shows.
  std::vector<Contents> states;
  std::size_t durable = 0;  // commits acknowledged as durable
  // Where the manifest's last record begins, and whether it alone holds the last of `states`.
  std::size_t last_edit = 0;
  bool only_in_last_edit = false;
  std::map<std::string, std::vector<std::string>> keys;  // to look up in each keyspace, absent too

  [[nodiscard]] const Contents& last() const { return states.back(); }
};

struct SpecimenPlan {
  const char* name;
  Specimen (*make)(std::uint64_t seed);
  std::uint64_t shards;  // tests that share the work
};
[[nodiscard]] const std::vector<SpecimenPlan>& AllSpecimens();
inline void PrintTo(const SpecimenPlan& plan, std::ostream* out) { *out << plan.name; }

// Opens the specimen, damaged or not, on the disk of `runtime`.
[[nodiscard]] Result<std::unique_ptr<Db>> OpenSpecimen(const Runtime& runtime);

}  // namespace firn::testing
