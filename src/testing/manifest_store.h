// What the manifest's tests share: a store with a manifest on a simulated disk, and a script of
// edits.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <sstream>
#include <string>

#include "format/record.h"
#include "sim/memory_file_system.h"
#include "testing/fake_table.h"
#include "version/manifest.h"

namespace firn::testing {

inline constexpr DatabaseId kTestDatabase = {0x0102030405060708, 0x1112131415161718};

inline ManifestState TestState() {
  ManifestState state;
  state.database = kTestDatabase;
  state.version = MakeEmptyVersion();
  state.incarnation = 1;
  return state;
}

inline Result<ManifestState> ReadFakes(FileSystem& file_system) {
  return ReadManifest(file_system, "/",
                      [](const DatabaseId&) -> TableMaker { return MakeFakeTable; });
}

// Everything a version says, as text to compare.
inline std::string Dump(const Version& version) {
  VersionEdit snapshot = SnapshotEdit({.version = std::make_shared<const Version>(version)});
  std::string bytes;
  snapshot.EncodeTo(bytes);
  return bytes;
}

inline std::string Dump(const ManifestState& state) {
  std::string bytes;
  SnapshotEdit(state).EncodeTo(bytes);
  return bytes;
}

// Edit `step` of an endless script of flushes, merges, moves and keyspace changes.
inline VersionEdit ScriptedEdit(const ManifestState& state, int step) {
  VersionEdit edit;
  const std::uint64_t number = state.next_file_number;
  const std::string name = "keyspace " + std::to_string(state.next_keyspace_id);
  edit.next_file_number = number + 2;
  edit.last_sequence = state.last_sequence + 100;
  const Tree& tree = *state.version->FindTree(0);
  switch (step % 4) {
    case 0:
      edit.added = {{0, 0, {state.next_run_id}, FakeMetadata(number, "a", "k")},
                    {0, 0, {state.next_run_id}, FakeMetadata(number + 1, "l", "z")}};
      edit.flushed = {{0, (number + 1) * 10 + 9}};
      edit.replay_from = state.replay_from + 1000;
      break;
    case 1:
      edit.created = {{state.next_keyspace_id, name}};
      break;
    case 2:
      edit.added = {
          {state.next_keyspace_id - 1, 3, {state.next_run_id}, FakeMetadata(number, "a", "z")}};
      break;
    default: {
      const Run& run = *tree.levels[0].back();
      edit.removed = {{0, 0, run.id, run.tables.back()->metadata().number}};
      edit.added = {{0, 2, {state.next_run_id}, run.tables.back()->metadata()}};
      if (state.next_keyspace_id > 3) edit.dropped = {state.next_keyspace_id - 2};
    }
  }
  return edit;
}

class ManifestStore {
 public:
  ManifestStore() : owned_(MemoryFileSystem::Create()), files_(owned_.get()) { OpenRoot(); }
  explicit ManifestStore(MemoryFileSystem& files) : files_(&files) { OpenRoot(); }

  [[nodiscard]] MemoryFileSystem& files() { return *files_; }
  [[nodiscard]] ManifestWriter& writer() { return *writer_; }
  [[nodiscard]] const ManifestState& state() const { return state_; }

  Status TryCreate(std::uint64_t number, const ManifestLimits& limits = {}) {
    auto writer = ManifestWriter::Create(*files_, *directory_, "/", {number}, state_, limits);
    if (!writer.ok()) return writer.status();
    writer_ = std::move(writer).value();
    state_.manifest = {number};
    state_.next_file_number = std::max(state_.next_file_number, number + 1);
    return {};
  }
  void Create(std::uint64_t number) {
    const Status status = TryCreate(number);
    EXPECT_TRUE(status.ok()) << status.ToString();
  }

  // The protocol of manifest.h.
  Status Apply(const VersionEdit& edit) {
    ManifestState next = state_;
    Status status = ApplyToState(next, edit, MakeFakeTable);
    if (status.ok()) status = writer_->Append(edit);
    if (status.ok()) state_ = std::move(next);
    return status;
  }

  [[nodiscard]] std::string ManifestBytes() {
    auto bytes = files_->ReadFile(ManifestPath(), kManifestBytesMax);
    EXPECT_TRUE(bytes.ok()) << bytes.status().ToString();
    return std::move(bytes).value();
  }
  // A record of this manifest that no writer wrote: it stands at `offset`, its checksum is right.
  [[nodiscard]] std::string ForgedRecord(std::uint64_t offset, const RecordHeader& header,
                                         Slice payload) const {
    std::string record(RecordBytes(payload.size()), '\0');
    const Slice parts[] = {payload};
    EncodeRecord(record.data(), offset, {kTestDatabase, state_.manifest}, header, parts);
    return record;
  }
  void ReplaceManifest(const std::string& bytes) { Replace(ManifestPath(), bytes); }
  void ReplaceCurrent(const std::string& bytes) { Replace("/CURRENT", bytes); }

 private:
  void OpenRoot() {
    auto directory = files_->OpenDirectory("/");
    EXPECT_TRUE(directory.ok());
    directory_ = std::move(directory).value();
  }
  [[nodiscard]] std::string ManifestPath() const { return "/" + ManifestFileName(state_.manifest); }
  void Replace(const std::string& path, const std::string& bytes) {
    const Status status = files_->Corrupt(path, [&](std::string& content) { content = bytes; });
    EXPECT_TRUE(status.ok()) << status.ToString();
  }

  std::unique_ptr<MemoryFileSystem> owned_;
  MemoryFileSystem* files_;
  std::unique_ptr<DirectoryHandle> directory_;
  std::unique_ptr<ManifestWriter> writer_;
  ManifestState state_ = TestState();
};

// Sixteen bytes a line.
inline std::string HexDump(Slice bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    char byte[4];
    std::snprintf(byte, sizeof(byte), "%02x", static_cast<unsigned char>(bytes[i]));
    text += byte;
    text += i % 16 == 15 || i + 1 == bytes.size() ? '\n' : ' ';
  }
  return text;
}

}  // namespace firn::testing
