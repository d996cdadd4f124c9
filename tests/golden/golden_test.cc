// Stores of every format there was are read by this firn: each is copied, compared with the text
// beside it in both directions, checked, salvaged, written to and opened again.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "firn/repair.h"
#include "golden/contents.h"
#include "sim/manual_runtime.h"
#include "sim/memory_file_system.h"
#include "testing/tiny_store.h"

namespace firn::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStore = "/store";
constexpr std::uintmax_t kStoreBytesMax = 64 << 10;

std::string FileBytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<fs::path> GoldenStores() {
  std::vector<fs::path> stores;
  for (const auto& format : fs::directory_iterator(FIRN_GOLDEN_DIRECTORY)) {
    if (!format.is_directory()) continue;
    for (const auto& each : fs::directory_iterator(format.path())) {
      if (each.is_directory()) stores.push_back(each.path());
    }
  }
  std::sort(stores.begin(), stores.end());
  return stores;
}

class Golden : public ::testing::TestWithParam<fs::path> {
 protected:
  void SetUp() override {
    disk_ = MemoryFileSystem::Create();
    manual_ = ManualRuntime::Create(*disk_, 1);
    options_.runtime = &manual_->runtime();
    options_.create_if_missing = false;
    ASSERT_TRUE(disk_->CreateDirectory(kStore).ok());
    std::uintmax_t total = 0;
    for (const auto& entry : fs::directory_iterator(GetParam())) {
      const std::string bytes = FileBytes(entry.path());
      total += bytes.size();
      auto file = disk_->CreateFile(std::string(kStore) + "/" + entry.path().filename().string());
      ASSERT_TRUE(file.ok() && (*file)->Append(bytes).ok() && (*file)->Close().ok());
    }
    EXPECT_LE(total, kStoreBytesMax);
    const std::string text = FileBytes(GetParam().string() + ".contents");
    expected_ = FromText(text);
    ASSERT_FALSE(expected_.empty());
    ASSERT_EQ(ToText(expected_), text);
  }
  [[nodiscard]] std::unique_ptr<Db> Open(const std::string& directory = kStore) const {
    auto db = OpenTiny(directory, options_);
    EXPECT_EQ(db.status().ToString(), "ok");
    return std::move(db).value();
  }
  void ExpectContents(const Db& db) const {
    EXPECT_EQ(ToText(ReadForward(db)), ToText(expected_));
    EXPECT_EQ(ToText(ReadBackward(db)), ToText(expected_));
    for (const auto& [name, table] : expected_) {
      const Keyspace keyspace = db.OpenKeyspace(name).value();
      for (const auto& [key, value] : table) {
        ASSERT_EQ(db.Get(key, {.keyspace = keyspace}).value(), value) << name << " " << key;
      }
    }
  }

  std::unique_ptr<MemoryFileSystem> disk_;
  std::unique_ptr<ManualRuntime> manual_;
  Options options_;
  StoreContents expected_;
};

TEST_P(Golden, HasNoFindings) {
  const VerifyReport report = VerifyStore(kStore, options_);
  EXPECT_EQ(report.status().ToString(), "ok");
  EXPECT_TRUE(report.orphan_files.empty());
  EXPECT_GT(report.tables + report.log_records, 0u);
}

TEST_P(Golden, HoldsWhatTheTextSays) {
  const auto db = Open();
  ExpectContents(*db);
  EXPECT_EQ(db->Verify().status().ToString(), "ok");
}

TEST_P(Golden, TakesWritesAndOpensAgain) {
  {
    const auto db = Open();
    auto& table = expected_["default"];
    const std::string first = table.begin()->first;
    ASSERT_TRUE(db->Put("written now", "1").ok());
    ASSERT_TRUE(db->Delete(first).ok());
    table.erase(first);
    table["written now"] = "1";
    ASSERT_TRUE(db->CreateKeyspace("made now").ok());
    expected_["made now"];
    ExpectContents(*db);
    ASSERT_TRUE(db->CompactRange().ok());
    ExpectContents(*db);
    ASSERT_TRUE(db->Close().ok());
  }
  const auto db = Open();
  ExpectContents(*db);
  EXPECT_EQ(db->Verify().status().ToString(), "ok");
}

TEST_P(Golden, IsSalvagedWhole) {
  const auto report = RepairStore(kStore, "/target", options_);
  ASSERT_EQ(report.status().ToString(), "ok");
  EXPECT_TRUE(report->complete());
  ExpectContents(*Open("/target"));
}

INSTANTIATE_TEST_SUITE_P(Stores, Golden, ::testing::ValuesIn(GoldenStores()),
                         [](const auto& store) {
                           std::string name = store.param.parent_path().filename().string() + "_" +
                                              store.param.filename().string();
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// Kept honest: there are stores, and the suite is not empty because a path is wrong.
TEST(GoldenStores, AreThere) { EXPECT_GE(GoldenStores().size(), 4u); }

}  // namespace
}  // namespace firn::testing
