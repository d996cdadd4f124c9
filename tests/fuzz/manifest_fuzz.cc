// A manifest: what is read from it, written as a new manifest, reads the same again; and so does an
// edit. Input: how many records are sealed, then the file; an edit alone when that is 255.

#include "fuzz/fuzz_input.h"
#include "fuzz/seal.h"
#include "sim/memory_file_system.h"
#include "testing/fake_table.h"
#include "version/manifest.h"

namespace firn::testing {
namespace {

constexpr FileNumber kNumber{7};

void Create(MemoryFileSystem& disk, const std::string& name, Slice bytes) {
  auto file = disk.CreateFile("/" + name);
  FIRN_CHECK(file.ok() && (*file)->Append(bytes).ok() && (*file)->Close().ok());
}

Result<ManifestState> Read(MemoryFileSystem& disk) {
  return ReadManifest(disk, "/", [](const DatabaseId&) -> TableMaker { return MakeFakeTable; });
}

std::string Snapshot(const ManifestState& state) {
  std::string bytes;
  SnapshotEdit(state).EncodeTo(bytes);
  return bytes;
}

void RunEdit(Slice encoded) {
  const auto edit = VersionEdit::Decode(encoded);
  if (!edit.ok()) return;
  std::string again;
  edit->EncodeTo(again);
  const auto reread = VersionEdit::Decode(again);
  FIRN_CHECK(reread.ok() && *reread == *edit);
}

void RunFile(std::string bytes, std::size_t sealed) {
  SealManifest(bytes, kNumber, sealed);
  auto disk = MemoryFileSystem::Create();
  Create(*disk, ManifestFileName(kNumber), bytes);
  Create(*disk, "CURRENT", EncodeCurrent({kNumber, kFuzzDatabase}));
  auto state = Read(*disk);
  if (!state.ok()) {
    FIRN_CHECK(state.status().code() == StatusCode::kCorruption ||
               state.status().code() == StatusCode::kNotSupported);
    return;
  }
  auto directory = disk->OpenDirectory("/");
  FIRN_CHECK(directory.ok());
  const FileNumber next{kNumber.value + 1};
  FIRN_CHECK(ManifestWriter::Create(*disk, **directory, "/", next, *state).ok());
  const auto again = Read(*disk);
  FIRN_CHECK(again.ok());
  state->manifest = next;
  state->next_file_number = std::max(state->next_file_number, next.value + 1);
  FIRN_CHECK(Snapshot(*again) == Snapshot(*state));
}

}  // namespace
}  // namespace firn::testing

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  firn::testing::FuzzInput input(data, size);
  const auto sealed = input.Number<std::uint8_t>();
  if (sealed == 255) {
    firn::testing::RunEdit(input.Rest());
  } else {
    firn::testing::RunFile(std::string(input.Rest()), sealed);
  }
  return 0;
}
