// With a manifest, its word is taken for what belongs to the store. Without, every table speaks for
// itself: its origin names its keyspace, and the tables whose place it took (format/table.md). A
// table may be both, in place of others and itself replaced; where the one that took its place
// lost data, what it replaced shows again.
#include "db/repair_survey.h"

#include <algorithm>

#include "base/status_macros.h"
#include "table/table_settings.h"
#include "wal/log_scan.h"

namespace firn {
namespace {

struct Found {
  std::vector<FileNumber> tables;
  std::vector<FileNumber> logs;
  std::vector<FileNumber> manifests;  // ascending
  std::optional<CurrentPointer> current;
};

class Survey {
 public:
  Survey(StoreContext& context, RepairReport& report,
         const std::function<void(std::uint64_t)>& read)
      : context_(context),
        files_(*context.runtime.file_system),
        report_(report),
        read_(read) {}

  Result<StoreSurvey> Run();

 private:
  Status FindFiles();
  Status FindDatabase();
  void Count(const DatabaseId& database) { ++votes_[database]; }
  Result<std::optional<ManifestState>> FindManifest();
  void FindNames();
  void AddFromManifest(const ManifestState& state);
  void AddEveryTable();
  void AddLosses(const SalvagedTable& table, const std::string& keyspace,
                 const TableMetadata* known);
  void Add(SurveyedTable table, KeyspaceId id);
  void HideReplaced();
  void NoteUnordered(const SurveyedKeyspace& keyspace);
  [[nodiscard]] std::string NameOf(KeyspaceId id);
  [[nodiscard]] std::string PathOf(const std::string& name) const {
    return context_.directory + "/" + name;
  }
  [[nodiscard]] TableMaker Maker() {
    return [this](TableMetadata metadata) {
      return TableReader::Make(context_.tables, std::move(metadata));
    };
  }

  StoreContext& context_;
  FileSystem& files_;
  RepairReport& report_;
  const std::function<void(std::uint64_t)>& read_;
  Found found_;
  std::map<DatabaseId, std::size_t> votes_;
  StoreSurvey survey_;
};

Status Survey::FindFiles() {
  FIRN_ASSIGN_OR_RETURN(const std::vector<std::string> names, files_.List(context_.directory));
  bool any = false;
  for (const std::string& name : names) {
    const auto file = ParseFileName(name);
    if (!file) continue;
    any = any || file->kind != FileKind::kLock;
    if (file->kind == FileKind::kTable) found_.tables.push_back(file->number);
    if (file->kind == FileKind::kLog) found_.logs.push_back(file->number);
    if (file->kind == FileKind::kManifest) found_.manifests.push_back(file->number);
  }
  if (!any) {
    return Status(StatusCode::kNotFound, "'" + context_.directory + "' holds no file of a store");
  }
  std::ranges::sort(found_.tables);
  std::ranges::sort(found_.manifests);
  survey_.logs = found_.logs;
  return Status();
}

// CURRENT says whose files these are; else most of the files do.
Status Survey::FindDatabase() {
  const auto text = files_.ReadFile(PathOf(std::string(kCurrentFileName)), kCurrentBytesMax);
  if (text.ok()) {
    const auto current = DecodeCurrent(*text);
    if (current.ok()) found_.current = *current;
    if (current.status().code() == StatusCode::kNotSupported) return current.status();
  }
  for (const FileNumber number : found_.manifests) {
    const auto bytes = files_.ReadFile(PathOf(ManifestFileName(number)), kManifestBytesMax);
    if (!bytes.ok()) continue;
    const auto header = DecodeManifestHeader(*bytes, number);
    if (header.status().code() == StatusCode::kNotSupported) return header.status();
    if (header.ok()) Count(header->database);
  }
  const auto prefix = [&](const std::string& path, std::uint64_t offset, std::span<char> into) {
    const auto file = files_.OpenFile(path);
    return file.ok() && (*file)->ReadAt(offset, into).ok();
  };
  for (const FileNumber number : found_.logs) {
    char bytes[kSegmentHeaderBytes];
    if (!prefix(PathOf(SegmentFileName(number)), 0, bytes)) continue;
    const auto header = ParseSegmentHeader({bytes, sizeof(bytes)});
    if (header.status().code() == StatusCode::kNotSupported) return header.status();
    if (header.ok()) Count(header->database);
  }
  for (const FileNumber number : found_.tables) {
    const std::string path = PathOf(TableFileName(number));
    const auto size = files_.FileSize(path);
    char bytes[kFooterBytes];
    if (!size.ok() || *size < sizeof(bytes) || !prefix(path, *size - sizeof(bytes), bytes)) {
      continue;
    }
    if (const auto identity = IdentifyTable({bytes, sizeof(bytes)}, *size)) {
      Count(identity->database);
    }
  }
  if (found_.current) {
    survey_.database = found_.current->database;
    return Status();
  }
  const auto most = std::ranges::max_element(
      votes_, [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most != votes_.end()) survey_.database = most->first;
  return Status();
}

// The one that CURRENT names. A newer one is as good, whole: it was not switched to yet, or CURRENT
// is lost. An older one is not: the tables it names may be gone.
Result<std::optional<ManifestState>> Survey::FindManifest() {
  std::vector<FileNumber> candidates;
  if (found_.current) candidates.push_back(found_.current->manifest);
  if (!found_.manifests.empty()) {
    const FileNumber newest = found_.manifests.back();
    if (!found_.current || newest > found_.current->manifest) candidates.push_back(newest);
  }
  for (const FileNumber number : candidates) {
    auto state = ReadManifestFile(files_, context_.directory, {number, survey_.database},
                                  [this](const DatabaseId&) { return Maker(); });
    if (state.ok()) return std::optional(std::move(state).value());
    if (state.status().code() == StatusCode::kNotSupported) return std::move(state).status();
    RepairLoss loss;
    loss.file = ManifestFileName(number);
    loss.what = state.status().message();
    report_.losses.push_back(std::move(loss));
  }
  if (!found_.current) {
    RepairLoss loss;
    loss.file = kCurrentFileName;
    loss.what = "missing or damaged";
    report_.losses.push_back(std::move(loss));
  }
  return std::optional<ManifestState>();
}

void Survey::FindNames() {
  for (const FileNumber number : found_.manifests) {
    for (auto& [id, name] :
         SalvageKeyspaceNames(files_, context_.directory, number, survey_.database)) {
      survey_.names[id] = std::move(name);
    }
  }
}

std::string Survey::NameOf(KeyspaceId id) {
  if (const auto found = survey_.names.find(id); found != survey_.names.end()) {
    return found->second;
  }
  std::string name =
      id == kDefaultKeyspace ? std::string(kDefaultKeyspaceName) : "keyspace-" + std::to_string(id);
  const auto taken = [&] {
    return std::ranges::any_of(survey_.names,
                               [&](const auto& entry) { return entry.second == name; });
  };
  while (taken()) name += "-salvaged";
  survey_.names[id] = name;
  return name;
}

void Survey::Add(SurveyedTable table, KeyspaceId id) {
  SurveyedKeyspace& keyspace = survey_.keyspaces[id];
  if (keyspace.name.empty()) keyspace.name = NameOf(id);
  if (table.salvaged->properties()) {
    const TableProperties& properties = *table.salvaged->properties();
    survey_.last_sequence = std::max(survey_.last_sequence, properties.metadata.sequence_max);
    if (properties.origin) {
      survey_.last_sequence = std::max(survey_.last_sequence, properties.origin->sequence_max);
    }
  }
  if (table.salvaged->losses().empty() && table.salvaged->index_status().ok()) {
    TableMetadata metadata = table.salvaged->properties()->metadata;
    metadata.number = table.salvaged->number();
    metadata.file_bytes = table.salvaged->file_bytes();
    table.whole = TableReader::Make(context_.tables, std::move(metadata));
    table.salvaged->ForgetBlocks();
  }
  if (table.salvaged->empty()) return;
  ++report_.tables;
  survey_.table_bytes += table.salvaged->file_bytes();
  report_.entries_read += table.salvaged->entries();
  keyspace.tables.push_back(std::move(table));
}

void Survey::AddLosses(const SalvagedTable& table, const std::string& keyspace,
                       const TableMetadata* known) {
  if (known == nullptr && table.properties()) known = &table.properties()->metadata;
  for (const TableLoss& lost : table.losses()) {
    RepairLoss loss;
    loss.file = TableFileName(table.number());
    loss.offset = lost.offset;
    loss.end = lost.end;
    loss.what = lost.tombstones          ? "range deletes cannot be read: what they deleted is back"
                : table.file_bytes() == 0 ? "the table is missing or cannot be opened"
                                          : "blocks cannot be read";
    loss.keyspace = keyspace;
    loss.entries = lost.entries;
    loss.from = lost.after;
    loss.to = lost.before;
    if (known != nullptr) {
      if (!loss.from) loss.from = known->lower;
      if (!loss.to) loss.to = known->upper;
    }
    report_.losses.push_back(std::move(loss));
  }
  if (table.losses().empty() && !table.index_status().ok()) {
    report_.notes.push_back(std::string(table.index_status().message()) +
                            " (all entries of the table could be read)");
  }
}

void Survey::AddFromManifest(const ManifestState& state) {
  survey_.has_manifest = true;
  survey_.incarnation = state.incarnation;
  survey_.log_durable = state.log_durable;
  survey_.replay_from = state.replay_from;
  survey_.next_keyspace_id = state.next_keyspace_id;
  survey_.last_sequence = state.last_sequence;
  std::vector<FileNumber> named;
  std::size_t chain = 0;
  state.version->keyspaces.ForEach([&](KeyspaceId id, const KeyspaceVersion& version) {
    survey_.names[id] = version.name;
    SurveyedKeyspace& keyspace = survey_.keyspaces[id];
    keyspace.name = version.name;
    keyspace.flushed = version.tree->flushed;
    for (const auto& level : version.tree->levels) {
      for (const auto& run : level) {
        ++chain;
        for (const auto& table : run->tables) {
          const TableMetadata& metadata = table->metadata();
          named.push_back(metadata.number);
          SurveyedTable surveyed{
              SalvagedTable::Survey(context_.tables, metadata.number, &metadata), {}, {}, chain};
          AddLosses(*surveyed.salvaged, version.name, &metadata);
          Add(std::move(surveyed), id);
          read_(metadata.file_bytes);
        }
      }
    }
  });
  for (const FileNumber number : found_.tables) {
    if (std::ranges::find(named, number) != named.end()) continue;
    report_.ignored.push_back(
        {TableFileName(number), "the manifest does not name it: it was replaced or unfinished"});
  }
}

void Survey::AddEveryTable() {
  std::size_t chain = 0;
  for (auto number = found_.tables.rbegin(); number != found_.tables.rend(); ++number) {
    SurveyedTable table{
        SalvagedTable::Survey(context_.tables, *number, nullptr), {}, {}, ++chain};
    read_(table.salvaged->file_bytes());
    const auto& properties = table.salvaged->properties();
    if (!properties && table.salvaged->empty()) {
      report_.ignored.push_back(
          {TableFileName(*number), "nothing in it is of this store, or all of it is damaged"});
      continue;
    }
    KeyspaceId id = kDefaultKeyspace;
    if (properties && properties->origin) {
      id = properties->origin->keyspace;
    } else {
      // Nobody knows whose these are: apart from everything else they do no harm.
      id = static_cast<KeyspaceId>(~std::uint32_t{0} - number->value % 1'000'000);
      survey_.names[id] = "salvaged-table-" + std::to_string(number->value);
      report_.notes.push_back(TableFileName(*number) +
                              " has lost the name of its keyspace: its entries are in " +
                              survey_.names[id]);
    }
    AddLosses(*table.salvaged, NameOf(id), nullptr);
    Add(std::move(table), id);
  }
  HideReplaced();
  for (auto& [id, keyspace] : survey_.keyspaces) {
    NoteUnordered(keyspace);
    for (const SurveyedTable& table : keyspace.tables) {
      const auto& properties = table.salvaged->properties();
      if (properties && properties->origin) {
        keyspace.flushed = std::max(keyspace.flushed, properties->origin->sequence_max);
      }
    }
  }
}

// Where `by` has lost nothing, it holds what its inputs held.
std::vector<KeySpan> SpansOf(const SalvagedTable& by) {
  const TableOrigin& origin = *by.properties()->origin;
  std::vector<KeySpan> spans;
  KeySpan span{origin.begin, origin.end};
  for (const TableLoss& loss : by.losses()) {
    if (loss.tombstones) continue;
    KeySpan before = span;
    // Up to the last readable key, itself included.
    before.end = loss.after ? std::optional(*loss.after + '\0') : origin.begin.value_or("");
    spans.push_back(std::move(before));
    if (!loss.before) return spans;
    span.begin = loss.before;
  }
  spans.push_back(std::move(span));
  return spans;
}

void Survey::HideReplaced() {
  for (auto& [id, keyspace] : survey_.keyspaces) {
    for (const SurveyedTable& by : keyspace.tables) {
      const auto& properties = by.salvaged->properties();
      if (!properties || !properties->origin) continue;
      for (const FileNumber input : properties->origin->inputs) {
        const auto replaced = std::ranges::find_if(
            keyspace.tables, [&](const auto& each) { return each.salvaged->number() == input; });
        if (replaced == keyspace.tables.end()) continue;
        for (KeySpan& span : SpansOf(*by.salvaged)) replaced->hidden.push_back(std::move(span));
        report_.notes.push_back(TableFileName(input) + " was replaced by " +
                                TableFileName(by.salvaged->number()) +
                                ": used only where that one is damaged");
      }
    }
  }
}

// A settled entry has lost its sequence. An older file with a sequence not above those the settled
// table was made from is newer in its keys if it was live, and older if it was not.
void Survey::NoteUnordered(const SurveyedKeyspace& keyspace) {
  for (const SurveyedTable& table : keyspace.tables) {
    const SalvagedTable& each = *table.salvaged;
    if (each.entries() == 0 || !table.hidden.empty()) continue;
    const auto contradicts = [&](const SurveyedTable& settled) {
      const SalvagedTable& other = *settled.salvaged;
      if (other.entries() == 0 || other.number() < each.number()) return false;
      const auto& properties = other.properties();
      const auto& own = each.properties();
      return properties && properties->origin && properties->metadata.sequence_min == 0 &&
             (!own || own->metadata.sequence_min <= properties->origin->sequence_max) &&
             &other != &each && other.first_key() <= each.last_key() &&
             each.first_key() <= other.last_key();
    };
    if (std::ranges::none_of(keyspace.tables, contradicts)) continue;
    report_.unordered.push_back(
        {TableFileName(each.number()), keyspace.name, each.first_key(), each.last_key()});
  }
}

Result<StoreSurvey> Survey::Run() {
  FIRN_RETURN_IF_ERROR(FindFiles());
  FIRN_RETURN_IF_ERROR(FindDatabase());
  context_.tables.database = survey_.database;
  FIRN_ASSIGN_OR_RETURN(const std::optional<ManifestState> state, FindManifest());
  report_.manifest_used = state.has_value();
  if (state) {
    AddFromManifest(*state);
  } else {
    FindNames();
    report_.notes.push_back(
        "without a manifest, dropped keyspaces may be back, and names may be numbers");
    AddEveryTable();
  }
  return std::move(survey_);
}

}  // namespace

Result<StoreSurvey> SurveyStore(StoreContext& context, RepairReport& report,
                                const std::function<void(std::uint64_t)>& read) {
  return Survey(context, report, read).Run();
}

}  // namespace firn
