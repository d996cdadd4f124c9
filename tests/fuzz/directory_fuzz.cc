// A whole directory: any files under the names of a store. Opening answers with a store or an
// error; an opened store reads alike in all ways, takes a write, and shows both again after it was
// closed.
//
// Input: for each file its kind, number, whether it is sealed, and its bytes.

#include <cstdio>
#include <map>

#include "db/file_names.h"
#include "firn/db.h"
#include "fuzz/fuzz_input.h"
#include "fuzz/seal.h"
#include "sim/manual_runtime.h"
#include "sim/memory_file_system.h"
#include "table/table_settings.h"
#include "testing/tiny_store.h"
#include "version/manifest_format.h"
#include "wal/log_format.h"

namespace firn::testing {
namespace {

constexpr int kFilesMax = 10;
constexpr char kNewKey[] = "written after all";

// Name and content of one file of the store.
std::pair<std::string, std::string> FileFrom(FuzzInput& input) {
  const auto kind = input.Number<std::uint8_t>();
  const FileNumber number{input.Number<std::uint8_t>() + std::uint64_t{1}};
  const auto sealed = input.Number<std::uint8_t>();
  std::string bytes(input.Piece());
  switch (kind % 4) {
    case 0:
      if (sealed != 0) bytes = EncodeCurrent({number, kFuzzDatabase});
      return {std::string(kCurrentFileName), bytes};
    case 1:
      if (sealed != 0) SealManifest(bytes, number, sealed);
      return {ManifestFileName(number), bytes};
    case 2:
      if (sealed != 0) SealSegment(bytes, number, sealed);
      return {SegmentFileName(number), bytes};
    default:
      if (sealed != 0) SealTable(bytes, number);
      return {TableFileName(number), bytes};
  }
}

void CheckAnswer(const Status& status) {
  FIRN_CHECK(status.ok() || status.code() == StatusCode::kCorruption ||
             status.code() == StatusCode::kNotSupported);
}

// The entries of the default keyspace; nullopt when they cannot be read whole.
std::optional<std::map<std::string, std::string>> ReadAll(const Db& db) {
  std::map<std::string, std::string> entries;
  Iterator iterator = db.NewIterator();
  for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) {
    const bool added = entries.emplace(iterator.key(), iterator.value()).second;
    FIRN_CHECK(added);
  }
  CheckAnswer(iterator.status());
  const bool whole = iterator.status().ok();
  std::size_t backwards = 0;
  for (iterator.SeekToLast(); iterator.Valid(); iterator.Prev()) ++backwards;
  CheckAnswer(iterator.status());
  if (!whole || !iterator.status().ok()) return std::nullopt;
  FIRN_CHECK(backwards == entries.size());
  return entries;
}

Result<std::unique_ptr<Db>> Open(const ManualRuntime& manual) {
  Options options;
  options.runtime = &manual.runtime();
  options.log_backend = LogBackend::kPositioned;
  return OpenTiny("/store", options);
}

void Run(FuzzInput input) {
  auto disk = MemoryFileSystem::Create();
  FIRN_CHECK(disk->CreateDirectory("/store").ok());
  for (int i = 0; i < kFilesMax && !input.empty(); ++i) {
    const auto [name, bytes] = FileFrom(input);
    auto file = disk->CreateFile("/store/" + name);
    if (!file.ok()) continue;  // named twice
    FIRN_CHECK((*file)->Append(bytes).ok() && (*file)->Close().ok());
  }
  auto manual = ManualRuntime::Create(*disk, 1);
  auto db = Open(*manual);
  CheckAnswer(db.status());
  if (!db.ok()) return;
  auto before = ReadAll(**db);
  // A store may be full: every sequence or file number given out.
  const bool written = (*db)->Put(kNewKey, "x").ok();
  const bool closed = (*db)->Close().ok();
  (*db).reset();
  if (!written || !closed || !before) return;
  (*before)[kNewKey] = "x";
  auto again = Open(*manual);
  if (!again.ok()) std::fprintf(stderr, "%s\n", again.status().ToString().c_str());
  FIRN_CHECK(again.ok());
  const auto after = ReadAll(**again);
  FIRN_CHECK(after && *after == *before);
}

}  // namespace
}  // namespace firn::testing

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  firn::testing::Run(firn::testing::FuzzInput(data, size));
  return 0;
}
