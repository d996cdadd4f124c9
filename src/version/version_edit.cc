#include "version/version_edit.h"

#include <limits>

#include "base/coding.h"
#include "base/status_macros.h"

namespace firn {
namespace {

// On-disk values; never renumber. Fields stand in ascending order.
enum class Field : std::uint16_t {
  kNextFileNumber = 1,
  kNextRunId = 2,
  kNextKeyspaceId = 3,
  kLastSequence = 4,
  kReplayFrom = 5,
  kLogDurable = 6,
  kIncarnation = 7,
  kDropped = 16,
  kCreated = 17,
  kRemoved = 18,
  kAdded = 19,
  kFlushed = 20,
};

constexpr std::uint16_t kMustUnderstand = 1;
constexpr std::size_t kRemovedBytes = 24;
constexpr std::size_t kAddedFixedBytes = 104;
constexpr std::uint8_t kUpperExclusive = 1;

void AppendFieldHeader(std::string& to, Field field, std::size_t length) {
  AppendFixed(to, static_cast<std::uint16_t>(field));
  AppendFixed(to, kMustUnderstand);
  AppendFixed(to, static_cast<std::uint32_t>(length));
}

template <typename T>
void AppendNumber(std::string& to, Field field, const std::optional<T>& value) {
  if (!value.has_value()) return;
  AppendFieldHeader(to, field, sizeof(T));
  AppendFixed(to, *value);
}

void AppendPlace(std::string& to, KeyspaceId keyspace, std::uint8_t level, std::uint8_t flags) {
  AppendFixed(to, keyspace);
  AppendFixed(to, level);
  AppendFixed(to, flags);
  AppendFixed(to, std::uint16_t{0});
}

void AppendRemoved(std::string& to, const RemovedTable& removed) {
  AppendFieldHeader(to, Field::kRemoved, kRemovedBytes);
  AppendPlace(to, removed.keyspace, removed.level, 0);
  AppendFixed(to, removed.run.value);
  AppendFixed(to, removed.number.value);
}

void AppendAdded(std::string& to, const AddedTable& added) {
  const TableMetadata& table = added.metadata;
  AppendFieldHeader(to, Field::kAdded, kAddedFixedBytes + table.lower.size() + table.upper.size());
  AppendPlace(to, added.keyspace, added.level, table.upper_exclusive ? kUpperExclusive : 0);
  for (const std::uint64_t number :
       {added.run.value, table.number.value, table.file_bytes, table.file_checksum, table.entries,
        table.deletes, table.range_tombstones, table.key_bytes, table.value_bytes,
        table.sequence_min, table.sequence_max}) {
    AppendFixed(to, number);
  }
  AppendFixed(to, static_cast<std::uint32_t>(table.lower.size()));
  AppendFixed(to, static_cast<std::uint32_t>(table.upper.size()));
  to.append(table.lower);
  to.append(table.upper);
}

Status Malformed(std::size_t offset, const std::string& what) {
  return Status(StatusCode::kCorruption,
                "version edit, byte " + std::to_string(offset) + ": " + what);
}

template <typename T>
bool ReadNumber(ByteReader& from, std::optional<T>& value) {
  T number = 0;
  if (value.has_value() || !from.ReadFixed(&number)) return false;
  value = number;
  return true;
}

bool ReadPlace(ByteReader& from, KeyspaceId* keyspace, std::uint8_t* level, std::uint8_t* flags) {
  std::uint16_t zero = 0;
  return from.ReadFixed(keyspace) && from.ReadFixed(level) && from.ReadFixed(flags) &&
         from.ReadFixed(&zero) && zero == 0 && *level < kLevelsMax;
}

bool ReadCreated(ByteReader& from, VersionEdit& edit) {
  KeyspaceId id = 0;
  if (!from.ReadFixed(&id)) return false;
  if (from.empty() || from.remaining() > kKeyspaceNameBytesMax) return false;
  edit.created.emplace_back(id, from.TakeRest());
  return true;
}

bool ReadDropped(ByteReader& from, VersionEdit& edit) {
  KeyspaceId id = 0;
  if (!from.ReadFixed(&id)) return false;
  edit.dropped.push_back(id);
  return true;
}

bool ReadFlushed(ByteReader& from, VersionEdit& edit) {
  KeyspaceId id = 0;
  SequenceNumber sequence = 0;
  if (!from.ReadFixed(&id) || !from.ReadFixed(&sequence) || sequence > kSequenceMax) return false;
  edit.flushed.emplace_back(id, sequence);
  return true;
}

bool ReadRemoved(ByteReader& from, VersionEdit& edit) {
  RemovedTable removed;
  std::uint8_t flags = 0;
  if (!ReadPlace(from, &removed.keyspace, &removed.level, &flags) || flags != 0) return false;
  if (!from.ReadFixed(&removed.run.value) || !from.ReadFixed(&removed.number.value)) return false;
  edit.removed.push_back(removed);
  return removed.number.value != 0;
}

bool Plausible(const TableMetadata& table) {
  const bool range_ok =
      table.upper_exclusive ? table.lower < table.upper : table.lower <= table.upper;
  return range_ok && table.number.value != 0 && table.deletes <= table.entries &&
         table.sequence_min <= table.sequence_max && table.sequence_max <= kSequenceMax;
}

bool ReadAdded(ByteReader& from, VersionEdit& edit) {
  AddedTable added;
  TableMetadata& table = added.metadata;
  std::uint8_t flags = 0;
  if (!ReadPlace(from, &added.keyspace, &added.level, &flags) || flags > kUpperExclusive) {
    return false;
  }
  table.upper_exclusive = flags == kUpperExclusive;
  for (std::uint64_t* number :
       {&added.run.value, &table.number.value, &table.file_bytes, &table.file_checksum,
        &table.entries, &table.deletes, &table.range_tombstones, &table.key_bytes,
        &table.value_bytes, &table.sequence_min, &table.sequence_max}) {
    if (!from.ReadFixed(number)) return false;
  }
  std::uint32_t lower_bytes = 0;
  std::uint32_t upper_bytes = 0;
  if (!from.ReadFixed(&lower_bytes) || !from.ReadFixed(&upper_bytes)) return false;
  if (lower_bytes > kKeyBytesMax || upper_bytes > kKeyBytesMax) return false;
  Slice lower;
  Slice upper;
  if (!from.ReadBytes(lower_bytes, &lower) || !from.ReadBytes(upper_bytes, &upper)) return false;
  table.lower = lower;
  table.upper = upper;
  edit.added.push_back(std::move(added));
  return Plausible(edit.added.back().metadata);
}

enum class FieldOutcome : std::uint8_t { kRead, kBad, kUnknown };

FieldOutcome ReadField(std::uint16_t number, ByteReader& from, VersionEdit& edit) {
  bool read = false;
  switch (static_cast<Field>(number)) {
    case Field::kNextFileNumber:
      read = ReadNumber(from, edit.next_file_number);
      break;
    case Field::kNextRunId:
      read = ReadNumber(from, edit.next_run_id);
      break;
    case Field::kNextKeyspaceId:
      read = ReadNumber(from, edit.next_keyspace_id);
      break;
    case Field::kLastSequence:
      read = ReadNumber(from, edit.last_sequence) && *edit.last_sequence <= kSequenceMax;
      break;
    case Field::kReplayFrom:
      read = ReadNumber(from, edit.replay_from);
      break;
    case Field::kLogDurable:
      read = ReadNumber(from, edit.log_durable);
      break;
    case Field::kIncarnation:
      read = ReadNumber(from, edit.incarnation);
      break;
    case Field::kCreated:
      read = ReadCreated(from, edit);
      break;
    case Field::kDropped:
      read = ReadDropped(from, edit);
      break;
    case Field::kFlushed:
      read = ReadFlushed(from, edit);
      break;
    case Field::kRemoved:
      read = ReadRemoved(from, edit);
      break;
    case Field::kAdded:
      read = ReadAdded(from, edit);
      break;
    default:
      return FieldOutcome::kUnknown;
  }
  return read && from.empty() ? FieldOutcome::kRead : FieldOutcome::kBad;
}

}  // namespace

void VersionEdit::EncodeTo(std::string& to) const {
  AppendNumber(to, Field::kNextFileNumber, next_file_number);
  AppendNumber(to, Field::kNextRunId, next_run_id);
  AppendNumber(to, Field::kNextKeyspaceId, next_keyspace_id);
  AppendNumber(to, Field::kLastSequence, last_sequence);
  AppendNumber(to, Field::kReplayFrom, replay_from);
  AppendNumber(to, Field::kLogDurable, log_durable);
  AppendNumber(to, Field::kIncarnation, incarnation);
  for (const KeyspaceId id : dropped) {
    AppendFieldHeader(to, Field::kDropped, sizeof(id));
    AppendFixed(to, id);
  }
  for (const auto& [id, name] : created) {
    FIRN_CHECK(!name.empty() && name.size() <= kKeyspaceNameBytesMax);
    AppendFieldHeader(to, Field::kCreated, sizeof(id) + name.size());
    AppendFixed(to, id);
    to.append(name);
  }
  for (const RemovedTable& table : removed) AppendRemoved(to, table);
  for (const AddedTable& table : added) {
    FIRN_CHECK(table.metadata.lower.size() <= kKeyBytesMax);
    FIRN_CHECK(table.metadata.upper.size() <= kKeyBytesMax);
    AppendAdded(to, table);
  }
  for (const auto& [id, sequence] : flushed) {
    AppendFieldHeader(to, Field::kFlushed, sizeof(id) + sizeof(sequence));
    AppendFixed(to, id);
    AppendFixed(to, sequence);
  }
}

Result<VersionEdit> VersionEdit::Decode(Slice encoded) {
  VersionEdit edit;
  ByteReader reader(encoded);
  std::uint16_t previous = 0;
  while (!reader.empty()) {
    const std::size_t offset = reader.offset();
    std::uint16_t number = 0;
    std::uint16_t flags = 0;
    std::uint32_t length = 0;
    Slice payload;
    if (!reader.ReadFixed(&number) || !reader.ReadFixed(&flags) || !reader.ReadFixed(&length) ||
        !reader.ReadBytes(length, &payload)) {
      return Malformed(offset, "a field runs past the end");
    }
    if (number < previous || flags > kMustUnderstand) {
      return Malformed(offset, "field " + std::to_string(number) + " is out of order or has " +
                                   "undefined flags");
    }
    previous = number;
    ByteReader field(payload);
    const FieldOutcome outcome = ReadField(number, field, edit);
    if (outcome == FieldOutcome::kUnknown) {
      if ((flags & kMustUnderstand) == 0) continue;
      return Status(StatusCode::kNotSupported, "version edit, byte " + std::to_string(offset) +
                                                   ": field " + std::to_string(number) +
                                                   " was written by a newer firn; open with that");
    }
    if (outcome == FieldOutcome::kBad || flags != kMustUnderstand) {
      return Malformed(offset, "field " + std::to_string(number) + " has a bad value");
    }
  }
  return edit;
}

}  // namespace firn
