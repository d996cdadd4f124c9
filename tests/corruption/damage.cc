#include "corruption/damage.h"

#include <algorithm>

#include "sim/cow_bytes.h"

namespace firn::testing {
namespace {

std::uint64_t SectorsOf(const std::string& bytes) {
  return (bytes.size() + kSectorBytes - 1) / kSectorBytes;
}

// Where a sector lies in a file of these many bytes; the last one may be short.
Slice SectorOf(Slice bytes, std::uint64_t sector) {
  const std::size_t begin = std::min<std::size_t>(bytes.size(), sector * kSectorBytes);
  return bytes.substr(begin, kSectorBytes);
}

void ReplaceSector(std::string& bytes, std::uint64_t sector, std::string content) {
  const std::size_t count = SectorOf(bytes, sector).size();
  content.resize(count);
  bytes.replace(sector * kSectorBytes, count, content);
}

}  // namespace

std::string Damage::ToString() const {
  const std::string place = std::to_string(at);
  switch (kind) {
    case Kind::kFlipBit: return "bit " + std::to_string(other) + " of byte " + place + " flipped";
    case Kind::kZeroByte: return "byte " + place + " zeroed";
    case Kind::kFillByte: return "byte " + place + " set to 0xFF";
    case Kind::kCut: return "cut to " + place + " bytes";
    case Kind::kZeroSector: return "sector " + place + " zeroed";
    case Kind::kSwapSectors: return "sectors " + place + " and " + std::to_string(other) +
                                    " swapped";
    case Kind::kStaleSector: return "sector " + place + " stale";
    case Kind::kRemove: return "removed";
  }
  return "unknown damage";
}

std::vector<Damage> AllDamages(const SpecimenFile& file, std::uint64_t seed) {
  using Kind = Damage::Kind;
  std::vector<Damage> all;
  for (std::uint64_t at = 0; at < file.bytes.size(); ++at) {
    all.push_back({Kind::kFlipBit, at, (at * 5 + seed) % 8});
    all.push_back({Kind::kZeroByte, at});
    all.push_back({Kind::kFillByte, at});
    all.push_back({Kind::kCut, at});
  }
  const std::uint64_t sectors = SectorsOf(file.bytes);
  for (std::uint64_t at = 0; at < sectors; ++at) {
    all.push_back({Kind::kZeroSector, at});
    all.push_back({Kind::kStaleSector, at});
    for (std::uint64_t other = at + 1; other < sectors; ++other) {
      all.push_back({Kind::kSwapSectors, at, other});
    }
  }
  all.push_back({Kind::kRemove});
  return all;
}

std::optional<std::string> Damaged(const SpecimenFile& file, const Damage& damage) {
  std::string bytes = file.bytes;
  switch (damage.kind) {
    case Damage::Kind::kFlipBit:
      bytes[damage.at] = static_cast<char>(bytes[damage.at] ^ (1 << damage.other));
      break;
    case Damage::Kind::kZeroByte: bytes[damage.at] = '\0'; break;
    case Damage::Kind::kFillByte: bytes[damage.at] = '\xFF'; break;
    case Damage::Kind::kCut: bytes.resize(damage.at); break;
    case Damage::Kind::kZeroSector: ReplaceSector(bytes, damage.at, {}); break;
    case Damage::Kind::kSwapSectors:
      ReplaceSector(bytes, damage.at, std::string(SectorOf(file.bytes, damage.other)));
      ReplaceSector(bytes, damage.other, std::string(SectorOf(file.bytes, damage.at)));
      break;
    case Damage::Kind::kStaleSector:
      ReplaceSector(bytes, damage.at, std::string(SectorOf(file.stale, damage.at)));
      break;
    case Damage::Kind::kRemove: break;
  }
  if (bytes == file.bytes) return std::nullopt;
  return bytes;
}

}  // namespace firn::testing
