// Most end without a Close of their own: the player closes what is open.

#include "crash/steps.h"

namespace firn::testing {
namespace {

using namespace steps;

constexpr auto kNone = Durability::kNone;

std::vector<Workload> Writes() {
  return {
      {.name = "puts", .steps = {Put("a", 20), Put("b", 300), Sync(), Put("a", 40), Put("c", 5)}},
      {.name = "deletes",
       .steps = {Fill(6, 60), Delete("key100"), Sync(), Delete("key107"), Flush(),
                 Delete("key114"), Put("key100", 9)}},
      {.name = "every_write_durable",
       .steps = {Fill(12, 90).Durable(), Delete("key107").Durable(), Put("z", 700).Durable()}},
      {.name = "no_write_durable", .steps = {Fill(60, 200).With(kNone)}},
      {.name = "mixed_levels",
       .steps = {Fill(4, 80).With(kNone), Put("a", 80).Durable(), Fill(5, 80), Put("b", 80),
                 Put("c", 80).Durable(), Fill(3, 80).With(kNone), Pause(250), Fill(3, 80)}},
      {.name = "periodic_syncs",
       .steps = {Fill(5, 50), Pause(110), Fill(5, 50), Pause(110), Fill(2, 50), Pause(250)}},
      {.name = "pause_vouches_for_the_log",
       .steps = {Fill(5, 50), Pause(120), Pause(120), Pause(120), Pause(120), Fill(3, 50).Durable(),
                 Pause(120), Pause(120), Pause(120), Pause(120)}},
      {.name = "small_batches",
       .steps = {Batch(3, 40), Batch(4, 200), Batch(2, 10).Durable(), Batch(5, 90), Sync(),
                 Batch(4, 60)}},
      {.name = "batches_over_sectors",
       .steps = {Batch(12, 300), Batch(16, 250).Durable(), Batch(10, 400)}},
      {.name = "range_deletes",
       .steps = {Fill(15, 60), DeleteRange("key103", "key110"), Sync(), Fill(4, 60), Flush(),
                 DeleteRange("key100", "key105"), DeleteRange("key120", "key120"), Flush(),
                 DeleteRange("key115", "key131").Durable()}},
      {.name = "conditional_writes",
       .steps = {PutIfAbsent("a", 50), PutIfAbsent("a", 60), CompareAndSet("a", 70), Flush(),
                 CompareAndSet("a", 80).Durable(), PutIfAbsent("b", 10), CompareAndSet("c", 20),
                 Delete("a"), PutIfAbsent("a", 30).Durable()}},
  };
}

std::vector<Workload> Logs() {
  return {
      {.name = "log_over_segments", .steps = {Fill(24, 700), Sync(), Fill(24, 700)},
       .memtable_bytes = 64 << 10},
      {.name = "log_over_segments_durable",
       .steps = {Fill(10, 700), Put("a", 900).Durable(), Fill(10, 700), Put("b", 900).Durable(),
                 Fill(10, 700)},
       .memtable_bytes = 64 << 10},
      {.name = "recycled_segments",
       .steps = {Fill(30, 700), Flush(), Fill(30, 700), Flush(), Fill(16, 700).Durable()},
       .recycled_max = 3},
      {.name = "segments_given_back",
       .steps = {Fill(30, 700), Flush(), Idle(), Fill(12, 700), Sync()}},
      {.name = "no_segment_kept", .steps = {Fill(30, 700), Flush(), Fill(12, 700), Sync()},
       .recycled_max = 0},
      {.name = "value_larger_than_a_segment",
       .steps = {Put("big", 20000), Fill(5, 100), Put("big", 11000).Durable(), Put("small", 10)}},
      {.name = "large_values_and_flushes",
       .steps = {Fill(3, 9000), Flush(), Fill(2, 9000).Durable(), Delete("key107"), Flush()}},
      {.name = "positioned_log", .steps = {Fill(20, 300), Sync(), Fill(20, 300), Flush(),
                                           Fill(8, 300).Durable()},
       .log = LogBackend::kPositioned},
      {.name = "positioned_log_over_segments",
       .steps = {Fill(20, 700), Put("a", 12000), Sync(), Fill(20, 700)},
       .log = LogBackend::kPositioned, .memtable_bytes = 64 << 10},
  };
}

std::vector<Workload> Trees() {
  return {
      {.name = "flushes",
       .steps = {Fill(12, 200), Flush(), Fill(12, 200), Flush(), Fill(4, 200), Sync()}},
      {.name = "memtables_fill_up", .steps = {Fill(60, 300)}},
      {.name = "merge_of_everything",
       .steps = {Fill(25, 200), Flush(), Fill(25, 200), Compact(), Fill(6, 200).Durable()}},
      {.name = "merge_of_a_range",
       .steps = {Fill(31, 150), Flush(), Fill(20, 150), Flush(), Compact("key105", "key112"),
                 Put("a", 10)}},
      {.name = "merges_of_an_idle_store",
       .steps = {Fill(25, 200), Flush(), Fill(25, 200), Idle(), Fill(3, 200).Durable()}},
      {.name = "merges_by_the_policy",
       .steps = {Fill(12, 300), Flush(), Fill(12, 300), Flush(), Fill(12, 300), Flush(),
                 Fill(12, 300), Flush(), Pause(250), Fill(4, 300)}},
      {.name = "merge_over_range_deletes",
       .steps = {Fill(31, 120), Flush(), DeleteRange("key104", "key122"), Fill(6, 120), Flush(),
                 DeleteRange("key100", "key102"), Compact(), Fill(2, 50).Durable()}},
      {.name = "snapshot_across_merges",
       .steps = {Fill(20, 150), TakeSnapshot(), Fill(31, 150), Compact(), Delete("key100"),
                 Compact(), LetGo(), Compact(), Fill(2, 50).Durable()}},
      {.name = "everything_deleted",
       .steps = {Fill(25, 150), Flush(), DeleteRange("a", "z"), Flush(), Compact(), Put("a", 9)}},
      {.name = "fresh_manifests",
       .steps = {Fill(10, 300), Flush(), Fill(10, 300), Flush(), Compact(), Fill(10, 300), Flush()},
       .manifest_bytes = 600},
      {.name = "lz4",
       .steps = {Fill(31, 400), Compact(), Fill(10, 400), Compact(), Fill(2, 50).Durable()},
       .compression = Compression::kLz4},
      {.name = "zstd",
       .steps = {Fill(31, 400), Compact(), Fill(10, 400), Idle(), Fill(2, 50).Durable()},
       .compression = Compression::kZstd},
      {.name = "tables_past_the_page_cache",
       .steps = {Fill(31, 250), Flush(), Fill(25, 250), Compact(), Reopen(), Fill(20, 250), Flush(),
                 Idle(), Reopen(), Compact(), Fill(2, 50).Durable()},
       .direct_reads = true},
  };
}

std::vector<Workload> Stores() {
  return {
      {.name = "two_keyspaces",
       .steps = {Create("second"), Fill(8, 100), Fill(8, 100).In("second"), Sync(), Batch(6, 80),
                 Flush(), Batch(8, 80).Durable(), Fill(4, 100).In("second")}},
      {.name = "keyspaces_come_and_go",
       .steps = {Create("second"), Fill(6, 100).In("second"), Drop("second"), Create("second"),
                 Fill(3, 60).In("second").Durable(), Rename("second", "third"),
                 Fill(3, 60).In("third"), Flush(), Create("fourth"), Drop("third")},
       .manifest_bytes = 600},
      {.name = "reopened_in_the_middle",
       .steps = {Fill(20, 200), Reopen(), Fill(10, 200), Sync(), Delete("key100"), Reopen(),
                 Fill(5, 200)}},
      {.name = "used_while_an_old_log_goes",
       .steps = {Fill(24, 700), Reopen(), Put("a", 20).Durable(), Delete("key100"), Flush(),
                 Fill(24, 700), Reopen(), Create("second"), Put("b", 20).Durable(), Idle(),
                 Fill(4, 90)},
       .memtable_bytes = 64 << 10},
      {.name = "a_full_log_reopened_time_and_again",
       .steps = {Fill(30, 300), Reopen(), Fill(30, 300).Durable(), Reopen(), Fill(30, 300),
                 Reopen(), Compact(), Reopen()},
       .memtable_bytes = 64 << 10},
      {.name = "opened_and_closed", .steps = {Reopen(), Put("a", 10), Reopen(), Reopen()}},
      {.name = "checkpoint",
       .steps = {Fill(20, 150), Checkpoint("/copy"), Fill(10, 150), Compact(),
                 Put("a", 40).Durable()}},
      {.name = "checkpoint_of_keyspaces",
       .steps = {Create("second"), Fill(10, 100).In("second"), Fill(5, 100), Checkpoint("/copy"),
                 Drop("second"), Checkpoint("/copy"), Checkpoint("/later"), Fill(3, 100)}},
      {.name = "failed_sync",
       .steps = {Fill(6, 100), Put("a", 50).Durable(), Fill(4, 100), FailSync(),
                 Put("b", 50).Durable(), Put("c", 50), Reopen(), Fill(5, 100), Sync()}},
      {.name = "repair",
       .steps = {Fill(25, 150), Flush(), DeleteRange("key103", "key108"), Fill(5, 100),
                 Repair("/repaired"), Fill(3, 100).Durable()}},
  };
}

}  // namespace

const std::vector<Workload>& AllWorkloads() {
  static const std::vector<Workload> all = [] {
    std::vector<Workload> workloads;
    for (const auto& group : {Writes(), Logs(), Trees(), Stores()}) {
      workloads.insert(workloads.end(), group.begin(), group.end());
    }
    return workloads;
  }();
  return all;
}

}  // namespace firn::testing
