#include "entries.h"

namespace firn::compare {
namespace {

constexpr std::string_view kUser = "user";
constexpr std::string_view kPath = "tenants/north-atlantic/collections/ice-cores/";
constexpr int kUserDigits = 20;                             // of 2^64
constexpr std::uint64_t kMissing = std::uint64_t{1} << 40;  // far behind every index
// Not the key shapes' own bytes, so a changed key is nobody's.
constexpr char kForeignByte = '~';

void StoreBigEndian(std::uint64_t number, char* bytes) {
  static_assert(std::endian::native == std::endian::little);
  number = __builtin_bswap64(number);
  std::memcpy(bytes, &number, sizeof(number));
}

void StoreDecimal(std::uint64_t number, char* bytes) {
  for (int i = kUserDigits - 1; i >= 0; --i, number /= 10) {
    bytes[i] = static_cast<char>('0' + number % 10);
  }
}

void StoreHex(std::uint64_t number, char* bytes) {
  for (int i = 15; i >= 0; --i, number >>= 4) bytes[i] = "0123456789abcdef"[number & 15];
}

std::size_t BytesOf(KeyShape shape) {
  switch (shape) {
    case KeyShape::kUser:
      return kUser.size() + kUserDigits;
    case KeyShape::kPrefix:
      return kPath.size() + 16;
    default:
      return 16;
  }
}

}  // namespace

std::optional<KeyShape> KeyShapeOf(std::string_view name) {
  if (name == "random") return KeyShape::kRandom;
  if (name == "dense") return KeyShape::kDense;
  if (name == "user") return KeyShape::kUser;
  if (name == "prefix") return KeyShape::kPrefix;
  return std::nullopt;
}

Keys::Keys(KeyShape shape) : shape_(shape), bytes_(BytesOf(shape)) {}

Slice Keys::Make(std::uint64_t index, Buffer& buffer) const {
  char* bytes = buffer.data();
  switch (shape_) {
    case KeyShape::kRandom:
      StoreBigEndian(Mix(index), bytes);
      StoreBigEndian(Mix(~Mix(index)), bytes + 8);
      break;
    case KeyShape::kDense:
      StoreBigEndian(index, bytes);
      std::memcpy(bytes + 8, "00000000", 8);
      break;
    case KeyShape::kUser:
      std::memcpy(bytes, kUser.data(), kUser.size());
      StoreDecimal(Mix(index), bytes + kUser.size());
      break;
    case KeyShape::kPrefix:
      std::memcpy(bytes, kPath.data(), kPath.size());
      StoreHex(Mix(index), bytes + kPath.size());
      break;
  }
  return {bytes, bytes_};
}

Slice Keys::MakeMissing(std::uint64_t index, Buffer& buffer) const {
  return scattered() ? Make(index + kMissing, buffer) : MakeNearMissing(index, buffer);
}

Slice Keys::MakeNearMissing(std::uint64_t index, Buffer& buffer) const {
  const Slice key = Make(index, buffer);
  if (index % 2 == 0) {
    buffer[bytes_] = kForeignByte;
    return {buffer.data(), bytes_ + 1};
  }
  // The other bytes of a random key determine the last one, so any other is nobody's.
  char& last = buffer[bytes_ - 1];
  last = shape_ == KeyShape::kRandom ? static_cast<char>(last ^ 1) : kForeignByte;
  return key;
}

Slice Values::Make(Origin origin, char* buffer) const {
  // Of wyhash (Wang Yi, wyhash final version 4): a product folded onto itself, one a word.
  constexpr std::uint64_t kStep = 0xA0761D6478BD642Fu;
  constexpr std::uint64_t kFactor = 0xE7037ED1A0B428DBu;
  const std::uint64_t head = Head(origin);
  std::memcpy(buffer, &head, sizeof(head));
  std::uint64_t state = head;
  for (std::size_t at = sizeof(head); at < half_; at += sizeof(state)) {
    state += kStep;
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(state) * kFactor;
    const auto word =
        static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    std::memcpy(buffer + at, &word, sizeof(word));
  }
  std::memcpy(buffer + half_, buffer, bytes_ - half_);
  return {buffer, bytes_};
}

}  // namespace firn::compare
