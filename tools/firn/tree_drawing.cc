#include "tree_drawing.h"

#include <fmt/format.h>

#include <algorithm>

#include "text_coding.h"
#include "units.h"

namespace firn::tool {
namespace {

constexpr std::size_t kBarColumns = 24;

// At least one mark for anything that is there.
std::string Bar(std::uint64_t bytes, std::uint64_t bytes_max) {
  std::size_t full = 0;
  if (bytes > 0 && bytes_max > 0) {
    const double share = static_cast<double>(bytes) / static_cast<double>(bytes_max);
    full = std::clamp<std::size_t>(static_cast<std::size_t>(share * kBarColumns + 0.5), 1,
                                   kBarColumns);
  }
  return std::string(full, '#') + std::string(kBarColumns - full, '.');
}

std::string Plural(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", FormatCount(count), count == 1 ? one : many);
}

void AppendFact(std::string& to, std::string_view name, const std::string& fact) {
  to += fmt::format("{:<12}{}\n", name, fact);
}

}  // namespace

std::string DescribeStore(const Stats& stats) {
  std::string text;
  AppendFact(text, "health", stats.health);
  AppendFact(text, "memory",
             fmt::format("{} of {}: memtables {}, blocks {}, tables {}, jobs {}, iterators {}, "
                         "log {}",
                         FormatBytes(stats.memory_used), FormatBytes(stats.memory_budget),
                         FormatBytes(stats.memory_memtables), FormatBytes(stats.memory_frames),
                         FormatBytes(stats.memory_tables), FormatBytes(stats.memory_jobs),
                         FormatBytes(stats.memory_iterators), FormatBytes(stats.memory_log)));
  AppendFact(text, "disk", fmt::format("tables {}, log {} in {}",
                                       FormatBytes(stats.table_file_bytes),
                                       FormatBytes(stats.log_file_bytes),
                                       Plural(stats.log_segments, "segment", "segments")));
  AppendFact(text, "recovery",
             fmt::format("{}, {} replayed, {} of a torn tail dropped",
                         Plural(stats.recovered_records, "record", "records"),
                         Plural(stats.recovered_entries, "entry", "entries"),
                         FormatBytes(stats.recovery_bytes_dropped)));
  AppendFact(text, "since open",
             fmt::format("{} put, {} logged, {} flushed by {}, {} compacted by {}, {}",
                         FormatBytes(stats.bytes_put), FormatBytes(stats.log_bytes),
                         FormatBytes(stats.flush_bytes),
                         Plural(stats.flushes, "flush", "flushes"),
                         FormatBytes(stats.compaction_bytes),
                         Plural(stats.compactions, "compaction", "compactions"),
                         Plural(stats.trivial_moves, "trivial move", "trivial moves")));
  AppendFact(text, "writes",
             fmt::format("{}, {} waited {:.1f} ms in all",
                         Plural(stats.log_syncs, "log sync", "log syncs"),
                         FormatCount(stats.write_stalls),
                         static_cast<double>(stats.write_stall_micros) / 1000));
  if (stats.job_failures + stats.manifest_failures + stats.log_segment_failures +
          stats.cleanup_failures > 0) {
    AppendFact(text, "failures",
               fmt::format("{} of flushes and compactions, {} of the manifest, {} of log segments, "
                           "{} of clean-up; tried again, or see health",
                           FormatCount(stats.job_failures), FormatCount(stats.manifest_failures),
                           FormatCount(stats.log_segment_failures),
                           FormatCount(stats.cleanup_failures)));
  }
  AppendFact(text, "sequence", fmt::format("{}, {} open", FormatCount(stats.last_sequence),
                                           Plural(stats.snapshots, "snapshot", "snapshots")));
  return text;
}

std::string DrawTree(const KeyspaceStats& keyspace) {
  std::uint64_t bytes_max = keyspace.memtable_bytes;
  for (const RunStats& run : keyspace.runs) bytes_max = std::max(bytes_max, run.file_bytes);
  std::string text = fmt::format("keyspace {} (id {})\n",
                                 Encode(TextCoding::kEscape, keyspace.name), keyspace.id);
  text += fmt::format("  {:<9} [{}] {:>10}  {}\n", "memtable",
                      Bar(keyspace.memtable_bytes, bytes_max),
                      FormatBytes(keyspace.memtable_bytes),
                      Plural(keyspace.memtable_entries, "entry", "entries"));
  if (keyspace.runs.empty()) text += "  no runs yet\n";
  int level = -1;
  for (const RunStats& run : keyspace.runs) {
    // A level is named once; its further runs stand below it.
    const std::string name = run.level == level ? "" : fmt::format("level {}", run.level);
    level = run.level;
    text += fmt::format("  {:<9} [{}] {:>10}  {} in {}", name,
                        Bar(run.file_bytes, bytes_max), FormatBytes(run.file_bytes),
                        Plural(run.entries, "entry", "entries"),
                        Plural(run.tables, "table", "tables"));
    if (run.tombstones > 0) {
      text += fmt::format(", {}", Plural(run.tombstones, "tombstone", "tombstones"));
    }
    text += '\n';
  }
  return text;
}

}  // namespace firn::tool
