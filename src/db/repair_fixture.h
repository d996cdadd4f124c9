// A store to damage, and what should be in it: several keyspaces, levels, range deletes, a log.
#pragma once

#include <map>
#include <string>

#include "db/store_fixture.h"
#include "firn/repair.h"
#include "firn/verify.h"

namespace firn::testing {

inline constexpr const char* kTarget = "/target";

class StoreToRepair : public ::testing::Test {
 protected:
  using Table = std::map<std::string, std::string>;

  // Closed afterwards; the log holds what was written last.
  void Fill() {
    auto db = machine_.Open();
    const Keyspace side = db->CreateKeyspace("side").value();
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 60; ++i) Put(*db, {}, "default", KeyOf(i * 3 + round), round);
      for (int i = 0; i < 20; ++i) Put(*db, side, "side", KeyOf(i + round), round);
      ASSERT_TRUE(db->DeleteRange(KeyOf(40), KeyOf(50)).ok());
      std::erase_if(model_["default"], [](const auto& entry) {
        return entry.first >= KeyOf(40) && entry.first < KeyOf(50);
      });
      ASSERT_TRUE(db->Delete(KeyOf(9)).ok());
      model_["default"].erase(KeyOf(9));
      const Status moved = round == 0 ? db->CompactRange() : round == 1 ? db->Flush() : Status();
      ASSERT_EQ(moved.ToString(), "ok");
    }
    ASSERT_TRUE(db->Close().ok());
  }
  void Put(Db& db, const Keyspace& keyspace, const std::string& name, const std::string& key,
           int round) {
    const std::string value = "round " + std::to_string(round) + std::string(30, '.') + key;
    ASSERT_TRUE(db.Put(key, value, {.keyspace = keyspace}).ok());
    model_[name][key] = value;
    older_[name + key] += "|" + value;
  }

  [[nodiscard]] static std::string Path(const std::string& name) {
    return std::string(kStore) + "/" + name;
  }
  void Change(const std::string& name, const std::function<void(std::string&)>& change) const {
    ASSERT_TRUE(machine_.files->Corrupt(Path(name), change).ok());
  }
  void Flip(const std::string& name, std::uint64_t offset) const {
    Change(name, [offset](std::string& bytes) {
      bytes[offset] = static_cast<char>(bytes[offset] ^ 0x10);
    });
  }
  [[nodiscard]] std::string Manifest() const {
    for (const std::string& name : machine_.Names()) {
      if (name.starts_with("MANIFEST-")) return name;
    }
    return {};
  }
  void Remove(const std::string& name) const {
    ASSERT_TRUE(machine_.files->Remove(Path(name)).ok());
  }
  void RemoveManifest() const {
    Remove("CURRENT");
    Remove(Manifest());
  }

  // Repairs into a fresh target and checks that it is sound. The source stays as it was.
  RepairReport Repair() const {
    const auto before = Contents();
    if (machine_.files->List(kTarget).ok()) {
      EXPECT_TRUE(Db::Destroy(kTarget, machine_.options).ok());
    }
    auto report = RepairStore(kStore, kTarget, machine_.options);
    EXPECT_EQ(report.status().ToString(), "ok");
    EXPECT_EQ(Contents(), before) << "the damaged store was changed";
    EXPECT_EQ(machine_.files->open_handles(), 0u);
    EXPECT_EQ(VerifyStore(kTarget, machine_.options).status().ToString(), "ok");
    return report.ok() ? std::move(report).value() : RepairReport();
  }
  [[nodiscard]] std::map<std::string, std::string> Contents() const {
    std::map<std::string, std::string> contents;
    for (const std::string& name : machine_.Names()) {
      contents[name] = machine_.files->ReadFile(Path(name), std::uint64_t{1} << 30).value();
    }
    return contents;
  }

  static std::map<std::string, Table> Tables(const Db& db) {
    std::map<std::string, Table> tables;
    for (const std::string& name : db.ListKeyspaces()) {
      Iterator iterator = db.NewIterator({.keyspace = db.OpenKeyspace(name).value()});
      for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) {
        tables[name].emplace(iterator.key(), iterator.value());
      }
      EXPECT_TRUE(iterator.status().ok());
    }
    return tables;
  }
  [[nodiscard]] std::map<std::string, Table> RepairedTables() const {
    return Tables(*machine_.Open(kTarget));
  }

  const Machine machine_;
  std::map<std::string, Table> model_;
  std::map<std::string, std::string> older_;  // every value a key of a keyspace ever had
};

}  // namespace firn::testing
