// Shared by the tests of the log: one over a simulated disk, and what a replay of it delivers.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "sim/manual_runtime.h"
#include "sim/memory_file_system.h"
#include "wal/log_reader.h"
#include "wal/log_writer.h"

namespace firn::testing {

inline constexpr DatabaseId kTestDatabase{0x1122334455667788ull, 0x99AABBCCDDEEFF00ull};
inline constexpr char kTestDirectory[] = "/db";

// Payload of the i-th record: tells records apart, any length.
inline std::string TestPayload(std::uint64_t i, std::size_t bytes) {
  std::string payload = "record " + std::to_string(i) + ":";
  for (std::size_t k = payload.size(); k < bytes; ++k) {
    payload.push_back(static_cast<char>(i * 31 + k * 7 + 1));
  }
  payload.resize(bytes);
  return payload;
}

struct Replayed {
  Status status;
  LogReplayResult result;
  std::vector<std::string> payloads;
  std::vector<SequenceNumber> sequences;
};

inline Replayed ReplayDirectoryThrough(std::size_t window_bytes, FileSystem& file_system,
                                       LogPosition replay_from, LogPosition durable_at_least,
                                       std::uint32_t incarnation = 0) {
  LogReplayInput input;
  input.window_bytes = window_bytes;
  input.directory = kTestDirectory;
  input.database = kTestDatabase;
  input.replay_from = replay_from;
  input.durable_at_least = durable_at_least;
  input.incarnation = incarnation;
  const auto names = file_system.List(kTestDirectory);
  for (const std::string& name : names.ok() ? *names : std::vector<std::string>()) {
    if (name.ends_with(".log")) input.segments.push_back(FileNumber{std::stoull(name)});
  }
  Replayed replayed;
  const auto result = ReplayLog(file_system, input, [&](const ReplayedRecord& record) {
    replayed.payloads.emplace_back(record.payload);
    replayed.sequences.push_back(record.first_sequence);
    return Status();
  });
  replayed.status = result.status();
  if (result.ok()) replayed.result = *result;
  return replayed;
}

// Whatever the window, the answer is the same.
inline Replayed ReplayDirectory(FileSystem& file_system, LogPosition replay_from = 0,
                                LogPosition durable_at_least = 0,
                                std::uint32_t incarnation = 0) {
  Replayed replayed = ReplayDirectoryThrough(LogReplayInput().window_bytes, file_system,
                                             replay_from, durable_at_least, incarnation);
  const Replayed narrow =
      ReplayDirectoryThrough(61, file_system, replay_from, durable_at_least, incarnation);
  EXPECT_EQ(narrow.status.ToString(), replayed.status.ToString());
  EXPECT_EQ(narrow.payloads, replayed.payloads);
  EXPECT_EQ(narrow.sequences, replayed.sequences);
  EXPECT_EQ(narrow.result.end, replayed.result.end);
  EXPECT_EQ(narrow.result.bytes_dropped, replayed.result.bytes_dropped);
  return replayed;
}

// A log on a disk of its own (or a given one), with its runtime, books and file numbers.
class TestLog {
 public:
  explicit TestLog(MemoryFileSystem* disk = nullptr) {
    if (disk == nullptr) {
      owned_disk_ = MemoryFileSystem::Create();
      disk = owned_disk_.get();
    }
    disk_ = disk;
    runtime_ = ManualRuntime::Create(*disk_, 1);
    settings.directory = kTestDirectory;
    settings.database = kTestDatabase;
    settings.incarnation = 1;
    settings.segment_bytes = 4096;
    settings.window_bytes = 1024;
    settings.first_sequence = 1;
  }
  ~TestLog() { writer_.reset(); }

  Status Open() {
    Status status = disk_->CreateDirectory(kTestDirectory);
    if (!status.ok()) return status;
    // As a store does: its directory is durable before anything in it counts.
    if (auto root = disk_->OpenDirectory("/"); root.ok()) status = (*root)->Sync();
    if (!status.ok()) return status;
    auto directory = disk_->OpenDirectory(kTestDirectory);
    if (!directory.ok()) return directory.status();
    directory_ = std::move(directory).value();
    auto writer = LogWriter::Create(
        runtime_->runtime(), *directory_, ledger, [this] { return FileNumber{next_file_number++}; },
        settings);
    if (!writer.ok()) return writer.status();
    writer_ = std::move(writer).value();
    next_sequence = settings.first_sequence;
    return Status();
  }

  // Appends the next record; remembers it when that succeeds.
  Status Append(std::size_t bytes, AfterAppend after = AfterAppend::kNothing) {
    const std::string payload = TestPayload(payloads.size(), bytes);
    const std::size_t half = payload.size() / 2;
    const Slice parts[] = {Slice(payload).substr(0, half), Slice(), Slice(payload).substr(half)};
    const auto end = writer_->Append(next_sequence, 2, parts, after);
    if (!end.ok()) return end.status();
    next_sequence += 2;
    payloads.push_back(payload);
    ends.push_back(*end);
    return Status();
  }
  Status SyncAll() { return writer_->Sync(writer_->appended()); }

  void Destroy() { writer_.reset(); }
  void CloseDirectory() { directory_.reset(); }

  LogWriter& writer() { return *writer_; }
  MemoryFileSystem& disk() { return *disk_; }
  ManualRuntime& runtime() { return *runtime_; }

  LogWriterSettings settings;
  MemoryLedger ledger{std::uint64_t{64} << 20};
  std::uint64_t next_file_number = 1;
  SequenceNumber next_sequence = 1;
  std::vector<std::string> payloads;
  std::vector<LogPosition> ends;

 private:
  std::unique_ptr<MemoryFileSystem> owned_disk_;
  MemoryFileSystem* disk_;
  std::unique_ptr<ManualRuntime> runtime_;
  std::unique_ptr<DirectoryHandle> directory_;
  std::unique_ptr<LogWriter> writer_;
};

}  // namespace firn::testing
