#include "wal/log_format.h"

#include <xxhash.h>

#include <cinttypes>
#include <cstdio>

#include "base/coding.h"

namespace firn {
namespace {

constexpr std::uint64_t kMagic = 0x0A676F6C6E726966ull;  // "firnlog\n"
constexpr std::uint64_t kFeaturesUnderstood = 0;
constexpr std::size_t kChecksumOffset = kSegmentHeaderBytes - sizeof(std::uint64_t);

std::uint64_t HeaderChecksum(const char* header) {
  const std::uint64_t seed = LoadFixed<std::uint64_t>(header + 32) ^
                             LoadFixed<std::uint64_t>(header + 40) * 3 ^
                             LoadFixed<std::uint64_t>(header + 48) * 5;
  return XXH3_64bits_withSeed(header, kChecksumOffset, seed);
}

Status Damaged(const char* what) {
  return Status(StatusCode::kCorruption, std::string("segment header: ") + what);
}

}  // namespace

void EncodeSegmentHeader(char* to, const SegmentHeader& header) {
  std::memset(to, 0, kSegmentHeaderBytes);
  StoreFixed<std::uint64_t>(to, kMagic);
  StoreFixed<std::uint32_t>(to + 8, kSegmentFormatVersion);
  StoreFixed<std::uint64_t>(to + 32, header.database.high);
  StoreFixed<std::uint64_t>(to + 40, header.database.low);
  StoreFixed<std::uint64_t>(to + 48, header.number.value);
  StoreFixed<std::uint32_t>(to + 56, header.incarnation);
  StoreFixed<std::uint64_t>(to + kChecksumOffset, HeaderChecksum(to));
}

Result<SegmentHeader> ParseSegmentHeader(Slice file) {
  if (file.size() < kSegmentHeaderBytes) return Damaged("the file is shorter than a header");
  const char* const from = file.data();
  if (LoadFixed<std::uint64_t>(from) != kMagic) return Damaged("the magic is missing");
  if (LoadFixed<std::uint64_t>(from + kChecksumOffset) != HeaderChecksum(from)) {
    return Damaged("the checksum does not match");
  }
  const auto version = LoadFixed<std::uint32_t>(from + 8);
  const auto features = LoadFixed<std::uint64_t>(from + 16);
  if (version != kSegmentFormatVersion || (features & ~kFeaturesUnderstood) != 0) {
    return Status(StatusCode::kNotSupported,
                  "segment header: format version " + std::to_string(version) + ", features " +
                      std::to_string(features) + " were written by a newer firn; use that one");
  }
  SegmentHeader header;
  header.database.high = LoadFixed<std::uint64_t>(from + 32);
  header.database.low = LoadFixed<std::uint64_t>(from + 40);
  header.number.value = LoadFixed<std::uint64_t>(from + 48);
  header.incarnation = LoadFixed<std::uint32_t>(from + 56);
  return header;
}

void EncodeChain(char* to, const LogChain& chain) {
  StoreFixed<std::uint64_t>(to, chain.start);
  StoreFixed<std::uint64_t>(to + 8, chain.predecessor.value);
}

Result<LogChain> ParseChain(Slice payload) {
  if (payload.size() != kChainPayloadBytes) {
    return Status(StatusCode::kCorruption, "chain record: wrong payload length");
  }
  LogChain chain;
  chain.start = LoadFixed<std::uint64_t>(payload.data());
  chain.predecessor.value = LoadFixed<std::uint64_t>(payload.data() + 8);
  if (chain.start >= kLogStartsBelow) {
    return Status(StatusCode::kCorruption, "chain record: impossible start position");
  }
  return chain;
}

std::string SegmentFileName(FileNumber number) {
  char name[32];
  std::snprintf(name, sizeof(name), "%06" PRIu64 ".log", number.value);
  return name;
}

}  // namespace firn
