#include "db/file_names.h"

#include "gtest/gtest.h"
#include "table/table_settings.h"
#include "version/manifest_format.h"
#include "wal/log_format.h"

namespace firn::testing {
namespace {

TEST(FileNames, ReadsBackEveryNameAStoreGives) {
  for (const std::uint64_t number : {std::uint64_t{1}, std::uint64_t{999999}, UINT64_MAX}) {
    const FileNumber file{number};
    const std::pair<std::string, FileKind> names[] = {
        {TableFileName(file), FileKind::kTable},
        {SegmentFileName(file), FileKind::kLog},
        {ManifestFileName(file), FileKind::kManifest},
        {CurrentTemporaryName(file), FileKind::kTemporary},
    };
    for (const auto& [name, kind] : names) {
      const auto parsed = ParseFileName(name);
      ASSERT_TRUE(parsed.has_value()) << name;
      EXPECT_EQ(parsed->kind, kind) << name;
      EXPECT_EQ(parsed->number, file) << name;
    }
  }
  ASSERT_TRUE(ParseFileName(kCurrentFileName).has_value());
  EXPECT_EQ(ParseFileName(kCurrentFileName)->kind, FileKind::kCurrent);
  ASSERT_TRUE(ParseFileName(kLockFileName).has_value());
  EXPECT_EQ(ParseFileName(kLockFileName)->kind, FileKind::kLock);
}

TEST(FileNames, WhatIsNotExactlySuchANameIsNobodysBusiness) {
  const std::string table = TableFileName(FileNumber{7});
  const std::string names[] = {
      "",
      ".",
      "table",
      ".table",
      ".log",
      "MANIFEST-",
      "MANIFEST",
      "CURRENT.tmp",
      "CURRENT..tmp",
      "CURRENT.-1.tmp",
      "CURRENT.0.tmp",
      "CURRENT.7.tmp2",
      "current",
      "LOCK2",
      TableFileName(FileNumber{0}),
      " " + table,
      table + " ",
      table + "~",
      "+" + table,
      "-" + table,
      "0" + table,
      "0x" + table,
      "a" + table,
      table.substr(1),
      table + ".bak",
      std::string("CURRENT\0", 8),
      "99999999999999999999999" + table,
      "7.sst",
  };
  for (const std::string& name : names) EXPECT_FALSE(ParseFileName(name).has_value()) << name;
}

TEST(FileNames, ATemporaryCountsOnlyUnderTheNameItsWriterGives) {
  const std::string name = CurrentTemporaryName(FileNumber{7});
  ASSERT_TRUE(ParseFileName(name).has_value());
  std::string padded = name;
  padded.insert(padded.find('.') + 1, "0");
  EXPECT_FALSE(ParseFileName(padded).has_value()) << padded;
}

}  // namespace
}  // namespace firn::testing
