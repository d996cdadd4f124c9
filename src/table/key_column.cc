#include "table/key_column.h"

#include "base/check.h"
#include "base/common_prefix.h"
#include "base/types.h"

namespace firn {

int KeyColumn::Compare(std::size_t i, std::size_t j) const {
  if (head(i) != head(j)) return head(i) < head(j) ? -1 : 1;
  if (head_length(i) != head_length(j)) return head_length(i) < head_length(j) ? -1 : 1;
  return tail(i).compare(tail(j));
}

std::string KeyColumn::Key(std::size_t i) const {
  std::string key(key_bytes(i), '\0');
  CopyKey(i, key.data());
  return key;
}

const char* KeyColumn::Check(std::size_t bytes) const {
  if (offset(0) > bytes) return "key tails start outside";
  for (std::size_t i = 0; i < count; ++i) {
    if (offset(i + 1) < offset(i) || offset(i + 1) > bytes) return "key tail outside";
    const std::size_t length = head_length(i);
    if (length > kHeadBytes) return "key head too long";
    if (length < kHeadBytes) {
      const std::uint64_t used = length == 0 ? 0 : ~std::uint64_t{0} << (8 * (kHeadBytes - length));
      if (offset(i + 1) != offset(i)) return "short key with a tail";
      if ((head(i) & ~used) != 0) return "short key with a dirty head";
    }
    if (key_bytes(i) > kKeyBytesMax) return "key too long";
    if (i > 0 && Compare(i - 1, i) > 0) return "keys out of order";
  }
  return nullptr;
}

KeyColumnEncoder::KeyColumnEncoder(std::span<const Slice> keys) : keys_(keys) {
  FIRN_DCHECK(!keys.empty());
  prefix_bytes_ = CommonPrefixBytes(keys.front(), keys.back());
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    has_short_keys_ |= keys_[i].size() - prefix_bytes_ < kHeadBytes;
    tail_bytes_ += tail_bytes(i);
  }
}

char* KeyColumnEncoder::WriteHeads(char* to) const {
  for (const Slice key : keys_) {
    StoreFixed<std::uint64_t>(to, KeyHead(key.substr(prefix_bytes_)));
    to += sizeof(std::uint64_t);
  }
  return to;
}

char* KeyColumnEncoder::WriteHeadLengths(char* to) const {
  for (const Slice key : keys_) {
    *to++ = static_cast<char>(std::min(key.size() - prefix_bytes_, kHeadBytes));
  }
  return to;
}

char* KeyColumnEncoder::WritePrefixAndTails(char* to) const {
  if (prefix_bytes_ > 0) std::memcpy(to, keys_[0].data(), prefix_bytes_);
  to += prefix_bytes_;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const std::size_t bytes = tail_bytes(i);
    if (bytes == 0) continue;
    std::memcpy(to, keys_[i].data() + prefix_bytes_ + kHeadBytes, bytes);
    to += bytes;
  }
  return to;
}

}  // namespace firn
