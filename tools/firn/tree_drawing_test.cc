#include "tree_drawing.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace firn::tool {
namespace {

KeyspaceStats SmallTree() {
  KeyspaceStats keyspace;
  keyspace.name = "default";
  keyspace.memtable_entries = 1200;
  keyspace.memtable_bytes = 100;
  keyspace.runs = {
      {.level = 0, .tables = 1, .file_bytes = 1 << 20, .entries = 9000, .tombstones = 1},
      {.level = 0, .tables = 2, .file_bytes = 2 << 20, .entries = 18000, .tombstones = 0},
      {.level = 6, .tables = 5, .file_bytes = 8 << 20, .entries = 72000, .tombstones = 0}};
  return keyspace;
}

TEST(DrawTree, ShowsEachRunUnderItsLevelWithItsShare) {
  EXPECT_EQ(DrawTree(SmallTree()),
            "keyspace default (id 0)\n"
            "  memtable  [#.......................]      100 B  1,200 entries\n"
            "  level 0   [###.....................]    1.0 MiB  9,000 entries in 1 table, "
            "1 tombstone\n"
            "            [######..................]    2.0 MiB  18,000 entries in 2 tables\n"
            "  level 6   [########################]    8.0 MiB  72,000 entries in 5 tables\n");
}

TEST(DrawTree, OfAnEmptyKeyspaceDividesByNothing) {
  KeyspaceStats keyspace;
  keyspace.name = "a\n";
  keyspace.id = 7;
  EXPECT_EQ(DrawTree(keyspace),
            "keyspace a\\x0a (id 7)\n"
            "  memtable  [........................]        0 B  0 entries\n"
            "  no runs yet\n");
}

TEST(DescribeStore, NamesHealthAndMemory) {
  Stats stats;
  stats.health = "ok";
  stats.memory_budget = 512 << 20;
  stats.flushes = 1;
  const std::string text = DescribeStore(stats);
  EXPECT_NE(text.find("health      ok\n"), std::string::npos);
  EXPECT_NE(text.find("0 B of 512.0 MiB"), std::string::npos);
  EXPECT_NE(text.find("1 flush,"), std::string::npos);
}

TEST(StatsToJson, HoldsEveryRunAndSurvivesAnyName) {
  Stats stats;
  stats.health = "log \xff";
  stats.keyspaces = {SmallTree(), SmallTree()};
  stats.keyspaces[1].name = "\xff";
  stats.last_sequence = 42;
  const auto object = nlohmann::json::parse(StatsToJson(stats));
  EXPECT_EQ(object["last_sequence"], 42);
  EXPECT_EQ(object["keyspaces"][0]["name"], "default");
  EXPECT_EQ(object["keyspaces"][0]["runs"].size(), 3u);
  EXPECT_EQ(object["keyspaces"][0]["runs"][1]["tables"], 2);
  EXPECT_EQ(object["keyspaces"][1]["name_hex"], "ff");
}

}  // namespace
}  // namespace firn::tool
