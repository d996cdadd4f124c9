// Replay of a log of up to four segments. Whatever they hold, the answer does not depend on how
// much of a segment is in memory at a time, sequences and positions only grow, and the next log
// begins behind every byte that was delivered.
//
// Input: where the replay begins and what the manifest calls durable, then for each segment how
// many of its records are sealed, and its bytes.

#include <vector>

#include "fuzz/fuzz_input.h"
#include "fuzz/seal.h"
#include "sim/memory_file_system.h"
#include "wal/log_reader.h"

namespace firn::testing {
namespace {

constexpr std::uint64_t kSegmentsMax = 4;

struct Delivered {
  std::string status;
  std::string payloads;
  LogReplayResult result;
};

Delivered Replay(FileSystem& disk, LogReplayInput input, std::size_t window_bytes) {
  input.window_bytes = window_bytes;
  Delivered delivered;
  SequenceNumber last = 0;
  LogPosition end = input.replay_from;
  const auto result = ReplayLog(disk, input, [&](const ReplayedRecord& record) {
    FIRN_CHECK(record.count > 0 && record.first_sequence > last);
    FIRN_CHECK(record.begin >= end && record.end > record.begin);
    last = record.first_sequence + record.count - 1;
    FIRN_CHECK(last <= kSequenceMax);
    end = record.end;
    delivered.payloads.append(record.payload);
    return Status();
  });
  delivered.status = result.status().ToString();
  if (!result.ok()) {
    FIRN_CHECK(result.status().code() == StatusCode::kCorruption ||
               result.status().code() == StatusCode::kNotSupported);
    return delivered;
  }
  delivered.result = *result;
  FIRN_CHECK(result->end >= end && result->last_sequence == last);
  return delivered;
}

void Run(FuzzInput input) {
  LogReplayInput replay;
  replay.directory = "/";
  replay.database = kFuzzDatabase;
  replay.replay_from = input.Number<std::uint32_t>();
  replay.durable_at_least = input.Number<std::uint32_t>();
  auto disk = MemoryFileSystem::Create();
  for (std::uint64_t i = 1; i <= kSegmentsMax && !input.empty(); ++i) {
    const auto sealed = input.Number<std::uint8_t>();
    std::string bytes(input.Piece());
    SealSegment(bytes, FileNumber{i}, sealed);
    auto file = disk->CreateFile("/" + SegmentFileName(FileNumber{i}));
    FIRN_CHECK(file.ok() && (*file)->Append(bytes).ok() && (*file)->Close().ok());
    replay.segments.push_back(FileNumber{i});
  }
  const Delivered wide = Replay(*disk, replay, std::size_t{64} << 10);
  const Delivered narrow = Replay(*disk, replay, 61);
  FIRN_CHECK(wide.status == narrow.status && wide.payloads == narrow.payloads);
  FIRN_CHECK(wide.result.end == narrow.result.end);
  FIRN_CHECK(wide.result.bytes_dropped == narrow.result.bytes_dropped);
}

}  // namespace
}  // namespace firn::testing

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  firn::testing::Run(firn::testing::FuzzInput(data, size));
  return 0;
}
