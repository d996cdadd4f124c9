#include <nlohmann/json.hpp>

#include "text_coding.h"
#include "tree_drawing.h"

namespace firn::tool {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const RunStats& run) {
  return {{"level", run.level},
          {"tables", run.tables},
          {"file_bytes", run.file_bytes},
          {"entries", run.entries},
          {"tombstones", run.tombstones}};
}

Json ToJson(const KeyspaceStats& keyspace) {
  Json object;
  if (IsUtf8(keyspace.name)) {
    object["name"] = keyspace.name;
  } else {
    object["name_hex"] = Encode(TextCoding::kHex, keyspace.name);
  }
  object["id"] = keyspace.id;
  object["memtable_entries"] = keyspace.memtable_entries;
  object["memtable_bytes"] = keyspace.memtable_bytes;
  object["runs"] = Json::array();
  for (const RunStats& run : keyspace.runs) object["runs"].push_back(ToJson(run));
  return object;
}

}  // namespace

std::string StatsToJson(const Stats& stats) {
  Json object;
  object["health"] = stats.health;
  object["keyspaces"] = Json::array();
  for (const KeyspaceStats& keyspace : stats.keyspaces) {
    object["keyspaces"].push_back(ToJson(keyspace));
  }
  object["since_open"] = {{"bytes_put", stats.bytes_put},
                          {"log_bytes", stats.log_bytes},
                          {"flush_bytes", stats.flush_bytes},
                          {"compaction_bytes", stats.compaction_bytes},
                          {"flushes", stats.flushes},
                          {"compactions", stats.compactions},
                          {"trivial_moves", stats.trivial_moves},
                          {"write_stalls", stats.write_stalls},
                          {"write_stall_micros", stats.write_stall_micros},
                          {"log_syncs", stats.log_syncs},
                          {"job_failures", stats.job_failures},
                          {"manifest_failures", stats.manifest_failures},
                          {"log_segment_failures", stats.log_segment_failures},
                          {"cleanup_failures", stats.cleanup_failures}};
  object["memory"] = {{"budget", stats.memory_budget},       {"used", stats.memory_used},
                      {"memtables", stats.memory_memtables}, {"frames", stats.memory_frames},
                      {"tables", stats.memory_tables},       {"jobs", stats.memory_jobs},
                      {"iterators", stats.memory_iterators}, {"log", stats.memory_log}};
  object["last_sequence"] = stats.last_sequence;
  object["log_segments"] = stats.log_segments;
  object["log_file_bytes"] = stats.log_file_bytes;
  object["table_file_bytes"] = stats.table_file_bytes;
  object["snapshots"] = stats.snapshots;
  object["recovery"] = {{"records", stats.recovered_records},
                        {"entries", stats.recovered_entries},
                        {"bytes_dropped", stats.recovery_bytes_dropped}};
  // Bytes that are no UTF-8 (a message about a file name, say) are replaced instead of thrown on.
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace firn::tool
