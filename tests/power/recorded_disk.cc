#include "power/recorded_disk.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace firn::power {

using testing::CrashKeep;
using testing::SeededRandom;

RecordedDisk::RecordedDisk(const Image& image) : RecordedDisk() {
  // Directories sort before what is in them.
  for (const auto& [path, content] : image) {
    const Place place = Locate(path);
    const NodeIndex node = AddNode(!content.has_value());
    if (content.has_value()) nodes_[node]->file = RecordedFile(*content);
    nodes_[place.parent]->visible[place.name] = node;
    nodes_[place.parent]->durable[place.name] = node;
  }
}

RecordedDisk::NodeIndex RecordedDisk::AddNode(bool is_directory) {
  nodes_.push_back(std::make_unique<Node>(Node{.is_directory = is_directory}));
  return nodes_.size() - 1;
}

RecordedDisk::NodeIndex RecordedDisk::Find(const std::string& path) const {
  if (path.empty()) return 0;
  const Place place = Locate(path);
  if (place.parent == kNone) return kNone;
  const Names& names = nodes_[place.parent]->visible;
  const auto found = names.find(place.name);
  return found == names.end() ? kNone : found->second;
}

RecordedDisk::Place RecordedDisk::Locate(const std::string& path) const {
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return {.parent = 0, .name = path};
  return {.parent = Find(path.substr(0, slash)), .name = path.substr(slash + 1)};
}

void RecordedDisk::Bind(Names& names, const Binding& binding) {
  if (binding.node == kNone) {
    names.erase(binding.place.name);
  } else {
    names[binding.place.name] = binding.node;
  }
}

void RecordedDisk::ApplyChange(Change change) {
  for (const Binding& binding : change.bindings) {
    Bind(nodes_[binding.place.parent]->visible, binding);
  }
  pending_.push_back(std::move(change));
}

std::optional<std::string> RecordedDisk::ApplyOpen(const Event& event) {
  NodeIndex node = Find(event.path);
  if (event.created) {
    if (node != kNone) return "creates a name that exists";
    const Place place = Locate(event.path);
    if (place.parent == kNone) return "creates a file where no directory is";
    node = AddNode(false);
    ApplyChange({event.order, {{place, node}}});
  }
  if (node == kNone) return "opens a file that does not exist";
  const auto [known, is_new] = opened_.emplace(event.file, node);
  if (!is_new && known->second != node) return "opens another file than its name stands for";
  return std::nullopt;
}

std::optional<std::string> RecordedDisk::ApplyNames(const Event& event) {
  const Place from = Locate(event.path);
  const NodeIndex node = Find(event.path);
  const Place to = Locate(event.target);
  if (from.parent == kNone || to.parent == kNone) return "has no such directory";
  const bool makes = event.call == Call::kMakeDirectory;
  if (makes != (node == kNone)) return makes ? "makes what exists" : "has no such name";
  switch (event.call) {
    case Call::kRename: ApplyChange({event.order, {{to, node}, {from, kNone}}}); break;
    case Call::kLink: ApplyChange({event.order, {{to, node}}}); break;
    case Call::kMakeDirectory: ApplyChange({event.order, {{from, AddNode(true)}}}); break;
    default: ApplyChange({event.order, {{from, kNone}}}); break;
  }
  return std::nullopt;
}

void RecordedDisk::SyncNames(NodeIndex directory, std::uint64_t begin) {
  const auto covered = [&](const Change& change) {
    return change.order <= begin &&
           std::any_of(change.bindings.begin(), change.bindings.end(),
                       [&](const Binding& each) { return each.place.parent == directory; });
  };
  for (const Change& change : pending_) {
    if (!covered(change)) continue;
    for (const Binding& each : change.bindings) Bind(nodes_[each.place.parent]->durable, each);
  }
  std::erase_if(pending_, covered);
}

std::optional<std::string> RecordedDisk::Apply(const Event& event) {
  if (event.error != 0 && event.call != Call::kSyncEnd) return std::nullopt;
  if (event.call == Call::kMark || event.call == Call::kClose) return std::nullopt;
  std::optional<std::string> problem;
  if (event.call == Call::kOpen) {
    problem = ApplyOpen(event);
  } else if (event.file == 0) {
    problem = ApplyNames(event);
  } else if (!opened_.contains(event.file)) {
    problem = "concerns a file that was not opened";
  } else {
    const NodeIndex index = opened_[event.file];
    Node& node = *nodes_[index];
    switch (event.call) {
      case Call::kWrite:
      case Call::kStored: node.file.Write(event.order, event.offset, event.bytes); break;
      case Call::kResize: node.file.Resize(event.order, event.offset); break;
      case Call::kSyncEnd:
        if (event.error != 0) node.file.FailSync();
        if (event.error == 0 && node.is_directory) SyncNames(index, event.offset);
        if (event.error == 0 && !node.is_directory) node.file.Sync(event.offset);
        break;
      default: break;
    }
  }
  if (problem.has_value()) return Describe(event) + ": " + *problem;
  return std::nullopt;
}

std::set<const RecordedDisk::Change*> RecordedDisk::Surviving(CrashKeep::Names keep,
                                                              SeededRandom& random) const {
  std::set<const Change*> surviving;
  const std::size_t prefix = random.Below(pending_.size() + 1);
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    const bool kept = keep == CrashKeep::Names::kEverything ||
                      (keep == CrashKeep::Names::kRandomPrefix && i < prefix) ||
                      (keep == CrashKeep::Names::kRandomSubset && random.Below(2) == 0);
    if (kept) surviving.insert(&pending_[i]);
  }
  return surviving;
}

RecordedDisk::Image RecordedDisk::CrashImage(const CrashKeep& keep) const {
  SeededRandom random(keep.seed);
  std::map<NodeIndex, Names> names;
  for (NodeIndex i = 0; i < nodes_.size(); ++i) names[i] = nodes_[i]->durable;
  const std::set<const Change*> surviving = Surviving(keep.names, random);
  for (const Change& change : pending_) {
    if (!surviving.contains(&change)) continue;
    for (const Binding& each : change.bindings) Bind(names[each.place.parent], each);
  }
  // A file with two names has one content.
  std::map<NodeIndex, std::string> contents;
  Image image;
  std::vector<std::pair<std::string, NodeIndex>> left = {{"", 0}};
  while (!left.empty()) {
    const auto [path, index] = std::move(left.back());
    left.pop_back();
    for (const auto& [name, child] : names[index]) {
      const std::string below = path.empty() ? name : path + "/" + name;
      if (nodes_[child]->is_directory) {
        image[below] = std::nullopt;
        left.emplace_back(below, child);
        continue;
      }
      if (!contents.contains(child)) {
        contents[child] = nodes_[child]->file.CrashContent(keep.data, random);
      }
      image[below] = contents[child];
    }
  }
  return image;
}

RecordedDisk::Image RecordedDisk::Visible() const {
  return CrashImage({CrashKeep::Data::kEverything, CrashKeep::Names::kEverything, 0});
}

const RecordedFile* RecordedDisk::FileAt(const std::string& path) const {
  const NodeIndex node = Find(path);
  return node == kNone || nodes_[node]->is_directory ? nullptr : &nodes_[node]->file;
}

std::vector<const RecordedFile*> RecordedDisk::CandidatesAt(const std::string& path) const {
  const Place place = Locate(path);
  std::set<NodeIndex> candidates;
  if (place.parent == kNone) return {};
  const Names& durable = nodes_[place.parent]->durable;
  if (const auto found = durable.find(place.name); found != durable.end()) {
    candidates.insert(found->second);
  }
  for (const Change& change : pending_) {
    for (const Binding& each : change.bindings) {
      const bool same = each.place.parent == place.parent && each.place.name == place.name;
      if (same && each.node != kNone) candidates.insert(each.node);
    }
  }
  std::vector<const RecordedFile*> files;
  for (const NodeIndex node : candidates) files.push_back(&nodes_[node]->file);
  return files;
}

std::vector<std::string> RecordedDisk::NamesIn(const std::string& directory) const {
  const NodeIndex node = Find(directory);
  std::vector<std::string> names;
  if (node == kNone) return names;
  for (const auto& [name, child] : nodes_[node]->visible) names.push_back(name);
  return names;
}

const RecordedFile* RecordedDisk::FileOf(FileId file) const {
  const auto found = opened_.find(file);
  if (found == opened_.end() || nodes_[found->second]->is_directory) return nullptr;
  return &nodes_[found->second]->file;
}

std::optional<std::string> RecordedDisk::PathOf(FileId file) const {
  const auto found = opened_.find(file);
  return found == opened_.end() ? std::nullopt : PathOfNode(found->second);
}

std::optional<std::string> RecordedDisk::PathOfNode(NodeIndex node) const {
  if (node == 0) return std::string();
  for (NodeIndex parent = 0; parent < nodes_.size(); ++parent) {
    for (const auto& [name, child] : nodes_[parent]->visible) {
      if (child != node) continue;
      const std::optional<std::string> above = PathOfNode(parent);
      if (above.has_value()) return above->empty() ? name : *above + "/" + name;
    }
  }
  return std::nullopt;
}

bool RecordedDisk::IsNameDurable(const std::string& path) const {
  if (path.empty()) return true;
  const Place place = Locate(path);
  const NodeIndex node = Find(path);
  if (node == kNone) return false;
  const Names& durable = nodes_[place.parent]->durable;
  const auto found = durable.find(place.name);
  if (found == durable.end() || found->second != node) return false;
  return std::none_of(pending_.begin(), pending_.end(), [&](const Change& change) {
    return std::any_of(change.bindings.begin(), change.bindings.end(), [&](const Binding& each) {
      return each.place.parent == place.parent && each.place.name == place.name;
    });
  });
}

RecordedDisk::Image ReadFolder(const std::string& folder) {
  RecordedDisk::Image image;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string path = std::filesystem::relative(entry.path(), folder).string();
    if (entry.is_directory()) {
      image[path] = std::nullopt;
    } else {
      std::ifstream stream(entry.path(), std::ios::binary);
      image[path] = std::string{std::istreambuf_iterator<char>(stream), {}};
    }
  }
  return image;
}

void WriteFolder(const std::string& folder, const RecordedDisk::Image& image) {
  for (const auto& [path, content] : image) {
    if (content.has_value()) {
      std::ofstream(folder + "/" + path, std::ios::binary) << *content;
    } else {
      std::filesystem::create_directory(folder + "/" + path);
    }
  }
}

}  // namespace firn::power
