#include "power/trace.h"

#include <cstring>
#include <fstream>
#include <iterator>

namespace firn::power {
namespace {

// Written and read by programs of one build on one machine, so plain memory will do.
struct Head {
  std::uint64_t order;
  std::uint64_t offset;
  std::uint64_t bytes;
  std::uint32_t path_bytes;
  std::uint32_t target_bytes;
  std::int32_t error;
  FileId file;
  Call call;
  bool created;
};

const char* NameOf(Call call) {
  switch (call) {
    case Call::kOpen: return "open";
    case Call::kClose: return "close";
    case Call::kWrite: return "write";
    case Call::kStored: return "stored";
    case Call::kResize: return "resize";
    case Call::kSyncBegin: return "sync begins";
    case Call::kSyncEnd: return "sync ends";
    case Call::kRename: return "rename";
    case Call::kLink: return "link";
    case Call::kUnlink: return "unlink";
    case Call::kMakeDirectory: return "mkdir";
    case Call::kRemoveDirectory: return "rmdir";
    case Call::kMark: return "mark";
  }
  return "unknown";
}

}  // namespace

std::string Describe(const Event& event) {
  std::string text = "call " + std::to_string(event.order) + ": " + NameOf(event.call);
  if (event.file != 0) text += " file " + std::to_string(event.file);
  if (!event.path.empty()) text += " " + event.path;
  if (!event.target.empty()) text += " to " + event.target;
  if (event.call == Call::kMark) return text + " '" + event.bytes + "'";
  if (event.offset != 0) text += " at " + std::to_string(event.offset);
  if (!event.bytes.empty()) text += ", " + std::to_string(event.bytes.size()) + " bytes";
  if (event.error != 0) text += ", error " + std::to_string(event.error);
  return text;
}

void AppendEncoded(const Event& event, std::string& to) {
  Head head;
  std::memset(&head, 0, sizeof(head));
  head.order = event.order;
  head.offset = event.offset;
  head.bytes = event.bytes.size();
  head.path_bytes = static_cast<std::uint32_t>(event.path.size());
  head.target_bytes = static_cast<std::uint32_t>(event.target.size());
  head.error = event.error;
  head.file = event.file;
  head.call = event.call;
  head.created = event.created;
  to.append(reinterpret_cast<const char*>(&head), sizeof(head));
  to += event.path;
  to += event.target;
  to += event.bytes;
}

std::optional<std::vector<Event>> ReadTrace(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return std::nullopt;
  const std::string all{std::istreambuf_iterator<char>(stream), {}};
  std::vector<Event> events;
  std::size_t at = 0;
  while (all.size() - at >= sizeof(Head)) {
    Head head;
    std::memcpy(&head, all.data() + at, sizeof(head));
    at += sizeof(head);
    const std::size_t rest = all.size() - at;
    if (head.order != events.size() + 1 || head.call > Call::kMark) return std::nullopt;
    const std::uint64_t names = std::uint64_t{head.path_bytes} + head.target_bytes;
    if (names > rest || head.bytes > rest - names) break;
    Event event{.order = head.order, .call = head.call, .created = head.created,
                .error = head.error, .file = head.file, .offset = head.offset};
    event.path = all.substr(at, head.path_bytes);
    event.target = all.substr(at + head.path_bytes, head.target_bytes);
    event.bytes = all.substr(at + names, head.bytes);
    at += names + head.bytes;
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace firn::power
