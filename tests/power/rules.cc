#include "power/rules.h"

#include <string_view>

#include "db/file_names.h"
#include "format/record.h"
#include "table/table_settings.h"
#include "version/manifest_format.h"
#include "wal/log_format.h"

namespace firn::power {
namespace {

std::string DirectoryOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? std::string() : path.substr(0, slash);
}

std::string In(const std::string& directory, std::string_view name) {
  return directory.empty() ? std::string(name) : directory + "/" + std::string(name);
}

std::optional<StoreFile> KindOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return ParseFileName(slash == path.npos ? path : path.substr(slash + 1));
}

bool IsA(const std::string& path, FileKind kind) {
  const auto file = KindOf(path);
  return file.has_value() && file->kind == kind;
}

}  // namespace

std::optional<std::string> RuleChecker::Check(const Event& event) {
  Finding finding;
  const bool failed = event.error != 0 && event.call != Call::kSyncEnd;
  if (event.call == Call::kMark) {
    finding = CheckMark(event.bytes);
  } else if (event.call == Call::kRename && !failed) {
    finding = IsA(event.target, FileKind::kCurrent) ? CheckCurrent(event)
                                                    : CheckRemoval(event.path);
  } else if (event.call == Call::kUnlink && !failed) {
    finding = CheckRemoval(event.path);
  } else if (event.file != 0 && event.call != Call::kClose && event.call != Call::kOpen) {
    const RecordedFile* const file = disk_.FileOf(event.file);
    const std::string path = disk_.PathOf(event.file).value_or("a file without a name");
    const bool a_call = event.call != Call::kStored && event.call != Call::kSyncEnd;
    if (file != nullptr && a_call) {
      ++looks_["E1"];
      if (file->sync_failed()) finding = "rule E1: " + path + " is used after a failed sync";
    }
    const bool writes = event.call == Call::kWrite || event.call == Call::kStored;
    if (!finding.has_value() && file != nullptr && writes && !failed) {
      finding = CheckWrite(event, path);
    }
  }
  if (finding.has_value()) return Describe(event) + ": " + *finding;
  return std::nullopt;
}

RuleChecker::Finding RuleChecker::CheckWrite(const Event& event, const std::string& path) {
  if (IsA(path, FileKind::kLog)) return CheckLogUse(event, path);
  if (IsA(path, FileKind::kManifest)) return CheckManifestWrite(event, path);
  return std::nullopt;
}

RuleChecker::Finding RuleChecker::CheckLogUse(const Event& event, const std::string& path) {
  const bool header = event.call == Call::kWrite && event.offset == 0 &&
                      event.bytes.size() == kSegmentHeaderBytes;
  if (header) {
    unused_segments_.insert(event.file);
    return std::nullopt;
  }
  if (unused_segments_.erase(event.file) == 0) return std::nullopt;
  ++looks_["W4"];
  if (!disk_.FileOf(event.file)->IsDurableAt(0)) {
    return "rule W4: " + path + " is used before its header was synced";
  }
  if (!disk_.IsNameDurable(path)) {
    return "rule W4: " + path + " is used before its name was synced";
  }
  return std::nullopt;
}

void RuleChecker::Apply(const VersionEdit& edit, Contents& contents) {
  for (const KeyspaceId dropped : edit.dropped) {
    std::erase_if(contents.tables, [&](const auto& each) { return each.second == dropped; });
  }
  for (const RemovedTable& removed : edit.removed) contents.tables.erase(removed.number);
  for (const AddedTable& added : edit.added) {
    contents.tables[added.metadata.number] = added.keyspace;
    contents.bytes[added.metadata.number] = added.metadata.file_bytes;
  }
  if (edit.replay_from.has_value()) contents.replay_from = *edit.replay_from;
}

RuleChecker::Contents RuleChecker::Parse(const std::string& manifest, FileNumber number) {
  Contents contents;
  const auto header = DecodeManifestHeader(manifest, number);
  if (!header.ok()) return contents;
  for (std::size_t at = kManifestHeaderBytes; at < manifest.size();) {
    const ParsedRecord record = ParseRecord(manifest, at, {header->database, number});
    if (record.state != RecordState::kValid) break;
    const auto edit = VersionEdit::Decode(record.payload);
    if (edit.ok()) Apply(*edit, contents);
    at += record.bytes;
  }
  return contents;
}

RuleChecker::Finding RuleChecker::CheckTables(const std::string& directory,
                                              const Contents& contents) {
  for (const auto& [number, keyspace] : contents.tables) {
    ++looks_["D1"];
    const std::string path = In(directory, TableFileName(number));
    const RecordedFile* const file = disk_.FileAt(path);
    if (file == nullptr) return "rule D1: names " + path + ", which is missing";
    if (file->size() != contents.bytes.at(number)) {
      return "rule D1: names " + path + " with another size than it has";
    }
    if (!file->fully_durable()) return "rule D1: names " + path + ", which is not synced";
    if (!disk_.IsNameDurable(path)) return "rule D1: names " + path + ", whose name is not synced";
  }
  return std::nullopt;
}

RuleChecker::Finding RuleChecker::CheckManifestWrite(const Event& event, const std::string& path) {
  const std::string directory = DirectoryOf(path);
  const RecordedFile* const current = disk_.FileAt(In(directory, kCurrentFileName));
  if (current == nullptr) return std::nullopt;
  const auto pointer = DecodeCurrent(current->Content());
  const FileNumber number = KindOf(path)->number;
  if (!pointer.ok() || pointer->manifest != number) return std::nullopt;
  const std::string before = disk_.FileOf(event.file)->Content();
  const Contents old = Parse(before, number);
  Contents added = Parse(before.substr(0, event.offset) + event.bytes, number);
  std::erase_if(added.tables, [&](const auto& each) { return old.tables.contains(each.first); });
  return CheckTables(directory, added);
}

RuleChecker::Finding RuleChecker::CheckCurrent(const Event& event) {
  ++looks_["M4"];
  const RecordedFile* const pointer_file = disk_.FileAt(event.path);
  if (pointer_file == nullptr || !pointer_file->fully_durable()) {
    return "rule M4: " + event.path + " is not synced";
  }
  const auto pointer = DecodeCurrent(pointer_file->Content());
  if (!pointer.ok()) return "rule M4: " + event.path + ": " + pointer.status().ToString();
  const std::string directory = DirectoryOf(event.target);
  const std::string path = In(directory, ManifestFileName(pointer->manifest));
  const RecordedFile* const manifest = disk_.FileAt(path);
  if (manifest == nullptr || !manifest->fully_durable()) {
    return "rule M4: " + path + " is not synced";
  }
  if (!disk_.IsNameDurable(path)) return "rule M4: the name of " + path + " is not synced";
  return CheckTables(directory, Parse(manifest->Content(), pointer->manifest));
}

std::map<FileNumber, RuleChecker::Contents> RuleChecker::LiveManifests(
    const std::string& directory) const {
  std::map<FileNumber, Contents> live;
  for (const RecordedFile* const current : disk_.CandidatesAt(In(directory, kCurrentFileName))) {
    const auto pointer = DecodeCurrent(current->Content());
    if (!pointer.ok()) continue;
    const auto* const manifest = disk_.FileAt(In(directory, ManifestFileName(pointer->manifest)));
    if (manifest == nullptr) continue;
    live[pointer->manifest] = Parse(manifest->Content().substr(0, manifest->durable_size()),
                                    pointer->manifest);
  }
  return live;
}

RuleChecker::Finding RuleChecker::CheckRemoval(const std::string& path) {
  const auto file = KindOf(path);
  if (!file.has_value()) return std::nullopt;
  const std::string directory = DirectoryOf(path);
  if (file->kind == FileKind::kLog) return CheckLogRemoval(directory, file->number);
  if (file->kind == FileKind::kCurrent) return "rule F2: removes CURRENT";
  for (const auto& [number, contents] : LiveManifests(directory)) {
    ++looks_["F2"];
    const std::string name = ManifestFileName(number);
    if (file->kind == FileKind::kManifest && file->number == number) {
      return "rule F2: removes a manifest that CURRENT may name";
    }
    if (file->kind == FileKind::kTable && contents.tables.contains(file->number)) {
      return "rule F2: removes a table that " + name + " has";
    }
  }
  return std::nullopt;
}

std::optional<RuleChecker::Chain> RuleChecker::ChainOf(const std::string& directory,
                                                       FileNumber number) const {
  const RecordedFile* const file = disk_.FileAt(In(directory, SegmentFileName(number)));
  if (file == nullptr) return std::nullopt;
  const std::string content = file->Content();
  const auto header = ParseSegmentHeader(content);
  if (!header.ok() || header->number != number) return std::nullopt;
  const ParsedRecord record =
      ParseRecord(content, kSegmentHeaderBytes, {header->database, number});
  if (record.state != RecordState::kValid) return std::nullopt;
  const auto chain = ParseChain(record.payload);
  if (!chain.ok()) return std::nullopt;
  return Chain{chain->start, chain->predecessor};
}

RuleChecker::Finding RuleChecker::CheckLogRemoval(const std::string& directory,
                                                  FileNumber number) {
  const auto chain = ChainOf(directory, number);
  if (!chain.has_value()) return std::nullopt;  // never used
  // It ends where its successor starts; without one, somewhere behind its own start.
  std::uint64_t end = chain->start + 1;
  for (const std::string& name : disk_.NamesIn(directory)) {
    const auto other = ParseFileName(name);
    if (!other.has_value() || other->kind != FileKind::kLog) continue;
    const auto behind = ChainOf(directory, other->number);
    if (behind.has_value() && behind->predecessor == number) end = behind->start;
  }
  for (const auto& [manifest, contents] : LiveManifests(directory)) {
    ++looks_["W9"];
    if (contents.replay_from >= end) continue;
    return "rule W9: " + ManifestFileName(manifest) + " replays from " +
           std::to_string(contents.replay_from) + ", the segment ends at or behind " +
           std::to_string(end);
  }
  return std::nullopt;
}

RuleChecker::Finding RuleChecker::CheckMark(const std::string& mark) {
  constexpr std::string_view kMade = "made ";
  if (!mark.starts_with(kMade)) return std::nullopt;
  ++looks_["D3"];
  const std::string directory = mark.substr(kMade.size());
  if (!disk_.IsNameDurable(directory)) {
    return "rule D3: the name of " + directory + " is not synced";
  }
  if (!disk_.IsNameDurable(In(directory, kCurrentFileName))) {
    return "rule M4: the name of CURRENT in " + directory + " is not synced";
  }
  return std::nullopt;
}

}  // namespace firn::power
