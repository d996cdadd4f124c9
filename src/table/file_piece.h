// A piece of a table's file in memory, in which blocks are found by their handles. Nothing in it is
// verified: that is done block by block, by whoever takes one.
//
// Its memory is in the ledger, and is laid out so that a read past the page cache needs no copy.
// Threads: one. Lifetime: `file` and `ledger` outlive it.
#pragma once

#include <cstdint>

#include "base/aligned_buffer.h"
#include "cache/memory_ledger.h"
#include "table/table_file.h"

namespace firn {

class FilePiece {
 public:
  FilePiece(const TableFile& file, MemoryLedger& ledger, MemoryClass kind)
      : file_(file), ledger_(ledger), kind_(kind) {}
  ~FilePiece() { Drop(); }
  FilePiece(const FilePiece&) = delete;
  FilePiece& operator=(const FilePiece&) = delete;

  // The block's stored bytes and trailer, or null if they are not all in the piece.
  [[nodiscard]] const char* Find(const BlockHandle& handle) const {
    if (handle.offset < begin_ || handle.end() > end_) return nullptr;
    return memory_.data() + (handle.offset - begin_);
  }
  [[nodiscard]] std::uint64_t begin() const { return begin_; }
  // Reads the file's bytes [begin, end), and what the device reads along with them. After an error
  // the piece is empty. Requires: begin < end <= the file's size.
  Status Read(std::uint64_t begin, std::uint64_t end);
  // Takes the memory that Read of this range needs; the piece is empty after.
  void Reserve(std::uint64_t begin, std::uint64_t end);
  // Empties the piece and gives its memory back.
  void Drop();
  // Exchanges bytes and memory. Requires: both are of one file, ledger and class.
  void Swap(FilePiece& other);

 private:
  // The range that is read for [begin, end).
  struct Range {
    std::uint64_t begin;
    std::uint64_t end;
  };
  [[nodiscard]] Range Aligned(std::uint64_t begin, std::uint64_t end) const;

  const TableFile& file_;
  MemoryLedger& ledger_;
  const MemoryClass kind_;
  AlignedBuffer memory_;
  std::uint64_t begin_ = 0;  // of the file's bytes in memory_
  std::uint64_t end_ = 0;
};

}  // namespace firn
