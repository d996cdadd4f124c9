// The ways in which one file is damaged, listed in full.
//
// Threads: pure functions and plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "corruption/specimen.h"

namespace firn::testing {

struct Damage {
  enum class Kind : std::uint8_t {
    kFlipBit,      // bit `other` of byte `at`
    kZeroByte,     // byte `at` is 0x00
    kFillByte,     // byte `at` is 0xFF
    kCut,          // the file ends before byte `at`
    kZeroSector,   // sector `at` reads as zeros
    kSwapSectors,  // sectors `at` and `other` changed places
    kStaleSector,  // sector `at` has the bytes of before its last write
    kRemove,       // the file is gone
  };
  Kind kind = Kind::kFlipBit;
  std::uint64_t at = 0;
  std::uint64_t other = 0;

  [[nodiscard]] std::string ToString() const;
};

// Every byte in three ways, every length, every sector, every pair of sectors. `seed` chooses the
// bits that are flipped.
[[nodiscard]] std::vector<Damage> AllDamages(const SpecimenFile& file, std::uint64_t seed);

// The file's bytes afterwards; nullopt when nothing would change. Not for kRemove.
[[nodiscard]] std::optional<std::string> Damaged(const SpecimenFile& file, const Damage& damage);

}  // namespace firn::testing
