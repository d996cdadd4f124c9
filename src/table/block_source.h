// Where a cursor's blocks come from: frames, for reads that may come back, or the file in large
// pieces, for jobs that pass through once.
//
// A source holds at most one partition and one block of it; entering another lets go of the former.
// Every block is verified, in structure too. Threads: one. Lifetime: the reader outlives the
// source.
#pragma once

#include <memory>

#include "table/resident_table.h"

namespace firn {

class TableFileReader;

// Pins what it hands out.
class FrameSource {
 public:
  explicit FrameSource(const TableFileReader& reader) : reader_(reader) {}
  ~FrameSource();
  FrameSource(const FrameSource&) = delete;
  FrameSource& operator=(const FrameSource&) = delete;

  // Opens the table if it is not open.
  Result<const TopView*> Open();
  Result<const PartitionView*> EnterPartition(std::size_t partition);
  // The first byte of the verified raw block, with kBlockTrailerBytes readable behind its end.
  Result<const char*> EnterBlock(std::size_t block);
  // Hints that this block of the entered partition comes next.
  void Prefetch(std::size_t block) const;

 private:
  void LeaveBlock();

  const TableFileReader& reader_;
  const ResidentTable* table_ = nullptr;
  Frame* partition_ = nullptr;
  Frame* block_ = nullptr;
};

// Reads ahead kPieceBytes, in the direction in which blocks are asked for.
class StreamSource {
 public:
  static constexpr std::size_t kPieceBytes = std::size_t{256} << 10;

  explicit StreamSource(const TableFileReader& reader) : reader_(reader) {}
  ~StreamSource();
  StreamSource(const StreamSource&) = delete;
  StreamSource& operator=(const StreamSource&) = delete;

  Result<const TopView*> Open();
  Result<const PartitionView*> EnterPartition(std::size_t partition);
  Result<const char*> EnterBlock(std::size_t block);
  void Prefetch(std::size_t) const {}

 private:
  Status ReadPiece(const BlockHandle& wanted);
  // Grows `buffer` to `bytes` and keeps the ledger right.
  void Reserve(OwnedBlock& buffer, std::size_t bytes);

  const TableFileReader& reader_;
  const ResidentTable* table_ = nullptr;
  OwnedBlock partition_bytes_;
  PartitionView partition_;
  OwnedBlock piece_;     // capacity; the file's bytes [piece_begin_, piece_end_) are in it
  OwnedBlock expanded_;  // a compressed block, decompressed
  std::uint64_t piece_begin_ = 0;
  std::uint64_t piece_end_ = 0;
  std::size_t accounted_bytes_ = 0;
};

}  // namespace firn
