// Where a cursor's blocks come from: frames, for reads that may come back, or the file in large
// pieces, for jobs that pass through once.
//
// A source holds at most one partition and one block of it; entering another lets go of the former.
// Every block is verified, in structure too. Threads: one. Lifetime: the reader outlives the
// source.
#pragma once

#include <array>
#include <memory>

#include "table/file_piece.h"
#include "table/piece_ahead.h"
#include "table/resident_table.h"

namespace firn {

class TableFileReader;

// Pins what it hands out.
//
// A walk from block to neighbouring block reads pieces of the file that grow, up to what the memory
// budget allows, and takes its blocks from them: each is verified and becomes a frame when the walk
// is there, so a piece is neither evicted before nor believed. Anything else reads one block.
//
// Past the page cache the OS reads nothing ahead. There a walk that has come to its largest pieces
// has the next ones read while it is busy with the last; such pieces are whole partitions, whose
// places the top knows.
//
// What the OS refuses in a piece is an error at once; from then on every block is read alone, so
// that a new seek reaches all that can be read. A file that ends inside a piece is an error only
// for the blocks that are missing.
class FrameSource {
 public:
  // The first piece of a walk; each further one is kGrowth times as large.
  static constexpr std::size_t kFirstBytes = std::size_t{32} << 10;
  static constexpr std::size_t kGrowth = 4;
  // The largest piece: what gets a device to its full rate, and what a copy out of the page cache
  // does not drive from the processor's cache.
  static constexpr std::size_t kDirectBytesMax = std::size_t{1} << 20;
  static constexpr std::size_t kCachedBytesMax = std::size_t{128} << 10;
  // The part of the memory budget that one piece may take, and that iterators may have taken for
  // there to be a new one.
  static constexpr std::uint64_t kBudgetPerPiece = 64;
  static constexpr std::uint64_t kBudgetPerIterators = 8;

  explicit FrameSource(const TableFileReader& reader);
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
  enum class Step : std::uint8_t { kForward, kBackward, kJump };
  struct ByteSpan {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    [[nodiscard]] bool empty() const { return begin == end; }
  };

  void LeaveBlock();
  // For a block of the entered partition that is not resident.
  Status ReadBlock(std::size_t block);
  // Whoever tries again reads from the file.
  Status Fail(const Status& status);
  // How `block` lies to the one entered before.
  [[nodiscard]] Step StepTo(std::size_t block) const;
  // Reads a piece that holds the block and what the walk comes to next, if this is a walk.
  Status ReadAhead(std::size_t block);
  // If the block lies in a piece that was read meanwhile, the walk goes on to that.
  Status TakeAhead(const BlockHandle& handle);
  // Has the partitions behind (before) the pieces read, if the walk is long enough.
  void OrderAhead(bool forwards);
  void DropAhead();
  [[nodiscard]] ByteSpan PartitionsNextTo(const ByteSpan& span, bool forwards,
                                          std::size_t bytes) const;
  // What to make of a piece that could not be read.
  Status PieceFailed(const Status& read);
  [[nodiscard]] std::size_t NextPieceBytes() const;
  // Where a piece ends (begins) that begins (ends) with the block and has at most `bytes`: behind
  // it when all that follows is resident.
  [[nodiscard]] std::uint64_t EndOfPiece(std::size_t block, std::size_t bytes) const;
  [[nodiscard]] std::uint64_t BeginOfPiece(std::size_t block, std::size_t bytes) const;
  // The whole partitions from `first` on (up to `last`) that end (begin) within the bound. Empty
  // when the nearest block of theirs is resident, or not one partition fits.
  [[nodiscard]] ByteSpan PartitionsFrom(std::size_t first, std::uint64_t end_max) const;
  [[nodiscard]] ByteSpan PartitionsUpTo(std::size_t last, std::uint64_t begin_min) const;

  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

  const TableFileReader& reader_;
  const ResidentTable* table_ = nullptr;
  Frame* partition_ = nullptr;
  Frame* block_ = nullptr;
  std::size_t partition_index_ = 0;
  // The block entered last.
  std::size_t last_partition_ = kNowhere;
  std::size_t last_block_ = 0;
  std::size_t piece_bytes_ = 0;  // of the walk's last piece; 0: no walk yet
  bool reads_ahead_ = true;
  FilePiece piece_;
  ByteSpan piece_span_;  // what was asked of the piece: whole blocks
  // Two, so that the device has the next order before it has done the last.
  std::array<PieceAhead, 2> ahead_;
  bool ahead_forwards_ = true;
};

// Reads ahead kPieceBytes, in the direction in which blocks are asked for.
class StreamSource {
 public:
  static constexpr std::size_t kPieceBytes = std::size_t{256} << 10;

  explicit StreamSource(const TableFileReader& reader);
  ~StreamSource();
  StreamSource(const StreamSource&) = delete;
  StreamSource& operator=(const StreamSource&) = delete;

  Result<const TopView*> Open();
  Result<const PartitionView*> EnterPartition(std::size_t partition);
  Result<const char*> EnterBlock(std::size_t block);
  void Prefetch(std::size_t) const {}

 private:
  Status ReadPiece(const BlockHandle& wanted);
  void ReserveExpanded(std::size_t bytes);

  const TableFileReader& reader_;
  const ResidentTable* table_ = nullptr;
  OwnedBlock partition_bytes_;
  PartitionView partition_;
  FilePiece piece_;
  OwnedBlock expanded_;  // a compressed block, decompressed; in the ledger
};

}  // namespace firn
