// The recorded folder as a machine would find it after losing power at any moment of the trace.
//
// Apply takes the events in order; between any two of them CrashImage draws what may be left:
// - of each file, what its last completed sync covered and any of the sectors that came later;
// - of the names, what each directory's last completed sync covered, and of the later changes all,
//   none, any, or those before some moment (a journal). A rename is kept whole or not at all.
// Syncing a file does not make its name durable.
// Not seen, so never lost by it: what the file system itself may forget (it has no bugs here), and
// stores into a mapping that were overwritten before the recorder looked.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "power/recorded_file.h"
#include "power/trace.h"

namespace firn::power {

class RecordedDisk {
 public:
  // A path of the image -> its content; nullopt: a directory.
  using Image = std::map<std::string, std::optional<std::string>>;

  RecordedDisk() { nodes_.push_back(std::make_unique<Node>(Node{.is_directory = true})); }
  // Holds `image`, all of it durable.
  explicit RecordedDisk(const Image& image);

  // Nullopt, or why the trace cannot be: then the recorder missed a call.
  [[nodiscard]] std::optional<std::string> Apply(const Event& event);

  [[nodiscard]] Image CrashImage(const testing::CrashKeep& keep) const;
  // What programs see now.
  [[nodiscard]] Image Visible() const;

  // Questions of the rule checker, about what programs see now. Null: no such file.
  [[nodiscard]] const RecordedFile* FileAt(const std::string& path) const;
  [[nodiscard]] const RecordedFile* FileOf(FileId file) const;
  // Every file the name may stand for after a power loss.
  [[nodiscard]] std::vector<const RecordedFile*> CandidatesAt(const std::string& path) const;
  // What the directory shows; empty when it does not exist.
  [[nodiscard]] std::vector<std::string> NamesIn(const std::string& directory) const;
  // The path of an open file or directory; nullopt when it has none any more.
  [[nodiscard]] std::optional<std::string> PathOf(FileId file) const;
  // No power loss can take the name away or make it mean something else. The folder's own is
  // durable.
  [[nodiscard]] bool IsNameDurable(const std::string& path) const;

 private:
  using NodeIndex = std::size_t;
  static constexpr NodeIndex kNone = ~NodeIndex{0};
  using Names = std::map<std::string, NodeIndex>;

  struct Node {
    bool is_directory = false;
    RecordedFile file = {};
    Names visible = {};
    Names durable = {};
  };
  struct Place {
    NodeIndex parent = kNone;
    std::string name;
  };
  struct Binding {
    Place place;
    NodeIndex node = kNone;  // kNone: the name is taken away
  };
  // Several names that change together.
  struct Change {
    std::uint64_t order = 0;
    std::vector<Binding> bindings;
  };

  [[nodiscard]] NodeIndex Find(const std::string& path) const;
  [[nodiscard]] Place Locate(const std::string& path) const;
  NodeIndex AddNode(bool is_directory);
  void ApplyChange(Change change);
  static void Bind(Names& names, const Binding& binding);

  std::optional<std::string> ApplyOpen(const Event& event);
  std::optional<std::string> ApplyNames(const Event& event);
  void SyncNames(NodeIndex directory, std::uint64_t begin);
  [[nodiscard]] std::set<const Change*> Surviving(testing::CrashKeep::Names keep,
                                                  testing::SeededRandom& random) const;
  [[nodiscard]] std::optional<std::string> PathOfNode(NodeIndex node) const;

  std::vector<std::unique_ptr<Node>> nodes_;  // the first is the folder
  std::map<FileId, NodeIndex> opened_;
  std::vector<Change> pending_;  // in order
};

// A folder of the real file system.
[[nodiscard]] RecordedDisk::Image ReadFolder(const std::string& folder);
// Requires: `folder` exists and is empty.
void WriteFolder(const std::string& folder, const RecordedDisk::Image& image);

}  // namespace firn::power
