#include "worker.h"

#include <algorithm>
#include <utility>

namespace firn::compare {
namespace {

Status Wrong(const std::string& what, Slice key) {
  return {StatusCode::kCorruption, what + ", key " + Readable(key)};
}

}  // namespace

std::string Readable(Slice key) {
  const bool plain =
      std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (plain) return std::string(key);
  std::string hex = "0x";
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

Worker::Worker(std::unique_ptr<Client> client, const Keys& keys, const Values& values,
               const Recipe& recipe, const OperationStream& stream)
    : client_(std::move(client)),
      keys_(keys),
      values_(values),
      recipe_(recipe),
      stream_(stream),
      key_buffers_(recipe.batch),
      value_buffer_(recipe.batch * values.buffer_bytes()),
      entries_(recipe.batch),
      wanted_(recipe.batch),
      pending_(recipe.batch),
      lookups_(recipe.batch) {}

Status Worker::Call() {
  if (recipe_.action == Action::kWalk) return Walk();
  const std::uint64_t count = std::min<std::uint64_t>(recipe_.batch, remaining_);
  remaining_ -= count;
  operations_ += count;
  if (recipe_.batch > 1) {
    return recipe_.action == Action::kPut ? PutBatch(count) : MultiGet(count);
  }
  const Operation operation = stream_.Next();
  switch (operation.action) {
    case Action::kPut:
    case Action::kInsert:
      return Put(operation);
    case Action::kDelete:
      return Delete(operation);
    case Action::kGet:
      return Get(keys_.Make(operation.index, key_buffers_[0]), operation);
    case Action::kGetMissing:
      return Get(keys_.MakeMissing(operation.index, key_buffers_[0]), operation);
    case Action::kGetNearMissing:
      return Get(keys_.MakeNearMissing(operation.index, key_buffers_[0]), operation);
    case Action::kModify:
      if (Status read = Get(keys_.Make(operation.index, key_buffers_[0]), operation); !read.ok()) {
        return read;
      }
      return Put(operation);
    case Action::kScan:
      return Scan(operation);
    case Action::kWalk:
      break;
  }
  return {};
}

Tally Worker::tally() const {
  Tally tally = tally_;
  tally.operations = operations_;
  return tally;
}

Status Worker::Put(const Operation& operation) {
  const Slice key = keys_.Make(operation.index, key_buffers_[0]);
  const Slice value = values_.Make({operation.index, operation.generation}, value_buffer_.data());
  tally_.bytes_put += key.size() + value.size();
  return client_->Put(key, value);
}

Status Worker::Delete(const Operation& operation) {
  tally_.bytes_put += keys_.bytes();
  return client_->Delete(keys_.Make(operation.index, key_buffers_[0]));
}

Status Worker::PutBatch(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const Operation operation = stream_.Next();
    char* buffer = value_buffer_.data() + i * values_.buffer_bytes();
    entries_[i] = {keys_.Make(operation.index, key_buffers_[i]),
                   values_.Make({operation.index, operation.generation}, buffer)};
  }
  tally_.bytes_put += count * (keys_.bytes() + values_.bytes());
  return client_->PutBatch(std::span(entries_).first(count));
}

Status Worker::Get(Slice key, const Operation& operation) {
  Slice value;
  const Result<bool> found = client_->Get(key, value);
  if (!found.ok()) return found.status();
  return *found ? See(operation, key, value) : Status();
}

Status Worker::MultiGet(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    pending_[i] = stream_.Next();
    wanted_[i] = keys_.Make(pending_[i].index, key_buffers_[i]);
  }
  const std::span<const Slice> wanted = std::span(wanted_).first(count);
  if (Status read = client_->MultiGet(wanted, lookups_); !read.ok()) return read;
  for (std::size_t i = 0; i < count; ++i) {
    if (!lookups_[i].found) continue;
    if (Status seen = See(pending_[i], wanted_[i], lookups_[i].value); !seen.ok()) return seen;
  }
  return {};
}

Status Worker::Scan(const Operation& operation) {
  if (cursor_ == nullptr || recipe_.fresh_cursor) cursor_ = &client_->FreshCursor();
  const Slice target = keys_.Make(operation.index, key_buffers_[0]);
  const bool forward = recipe_.direction == Direction::kForward;
  bool valid = forward ? cursor_->Seek(target) : cursor_->SeekForPrev(target);
  for (std::uint32_t step = 0; step < operation.steps && valid; ++step) {
    if (verdict_ == Verdict::kExact) {
      AddEntry(cursor_->key(), cursor_->value());
    } else if (Status right = Judge(cursor_->key(), cursor_->value(), {}); !right.ok()) {
      return right;
    }
    if (step + 1 < operation.steps) valid = Step();
  }
  return valid ? Status() : cursor_->status();
}

bool Worker::BeginWalk(Slice first) {
  cursor_ = &client_->FreshCursor();
  if (recipe_.direction == Direction::kBackward) {
    return first.empty() ? cursor_->SeekToLast() : cursor_->SeekForPrev(first);
  }
  return first.empty() ? cursor_->SeekToFirst() : cursor_->Seek(first);
}

bool Worker::Step() {
  return recipe_.direction == Direction::kForward ? cursor_->Next() : cursor_->Prev();
}

Status Worker::Walk() {
  const bool begins = walk_left_ == 0;
  if (begins) walk_left_ = stream_.size();
  const std::uint64_t count = std::min({std::uint64_t{recipe_.batch}, remaining_, walk_left_});
  walk_left_ -= count;
  remaining_ -= count;
  const OperationStream::Stretch due = stream_.Take(count);
  Keys::Buffer& buffer = key_buffers_[0];
  for (std::uint64_t i = 0; i < count; ++i) {
    const bool valid = i > 0 || !begins            ? Step()
                       : stream_.begins_at_start() ? BeginWalk({})
                                                   : BeginWalk(keys_.Make(due[0], buffer));
    if (!valid) {
      Status status = cursor_->status();
      return status.ok() ? Wrong("the walk ended before", keys_.Make(due[i], buffer)) : status;
    }
    if (verdict_ == Verdict::kExact) {
      AddEntry(cursor_->key(), cursor_->value());
    } else if (Status right = Judge(cursor_->key(), cursor_->value(), due[i]); !right.ok()) {
      return right;
    }
  }
  operations_ += count;
  return {};
}

Status Worker::Finish() {
  if (recipe_.action != Action::kWalk || !stream_.reaches_end() || walk_left_ > 0) return {};
  bool valid = false;
  if (stream_.size_of_all() == 0) {
    valid = BeginWalk({});
  } else if (cursor_ != nullptr) {
    valid = Step();
  } else {
    return {};
  }
  return valid ? Wrong("the walk went on behind its last entry", cursor_->key())
               : cursor_->status();
}

Status Worker::See(const Operation& operation, Slice key, Slice value) {
  ++tally_.found;
  if (verdict_ == Verdict::kExact) {
    tally_.checksum.Add(Values::Word(value));
    return {};
  }
  const auto origin = values_.OriginOf(value);
  if (origin && origin->index == operation.index && origin->generation > 0) return {};
  return Wrong("the value is none of its key", key);
}

void Worker::AddEntry(Slice key, Slice value) {
  ++tally_.found;
  tally_.checksum.Add(KeyWord(key) ^ Values::Word(value));
}

Status Worker::Judge(Slice key, Slice value, std::optional<std::uint64_t> due) {
  ++tally_.found;
  const auto origin = values_.OriginOf(value);
  Keys::Buffer buffer;
  if (!origin || origin->generation == 0 || keys_.Make(origin->index, buffer) != key) {
    return Wrong("the value is none of its key", key);
  }
  if (!due || *due == origin->index) return {};
  return Wrong("the walk is at another entry than " + Readable(keys_.Make(*due, buffer)), key);
}

}  // namespace firn::compare
