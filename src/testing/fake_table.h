// A table reader without a table, for tests of what looks at metadata only.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/check.h"
#include "table/table_reader.h"
#include "version/version_edit.h"

namespace firn::testing {

class FakeTable final : public TableReader {
 public:
  explicit FakeTable(TableMetadata metadata) : metadata_(std::move(metadata)) {}

  [[nodiscard]] const TableMetadata& metadata() const override { return metadata_; }
  [[nodiscard]] Result<bool> Get(const LookupKey&, SequenceNumber, TableLookup*) const override {
    return Refuse();
  }
  [[nodiscard]] Result<const FragmentedTombstones*> Tombstones() const override { return Refuse(); }
  void Prefetch(const LookupKey&) const override {}
  [[nodiscard]] std::unique_ptr<EntryCursor> NewCursor(CursorUse) const override {
    FIRN_CHECK(false);
  }
  [[nodiscard]] Status Verify(const std::function<void(std::uint64_t)>&,
                              const FindingSink&) const override {
    return Refuse();
  }
  void OnLastRelease(std::function<void()>) const override {}

 private:
  static Status Refuse() { return Status(StatusCode::kNotSupported, "a fake has no entries"); }
  TableMetadata metadata_;
};

inline std::shared_ptr<const TableReader> MakeFakeTable(TableMetadata metadata) {
  return std::make_shared<FakeTable>(std::move(metadata));
}

// A table of plausible numbers over [lower, upper].
inline TableMetadata FakeMetadata(std::uint64_t number, std::string lower, std::string upper) {
  TableMetadata metadata;
  metadata.number = {number};
  metadata.file_bytes = 1000 + number;
  metadata.file_checksum = number * 0x9E3779B97F4A7C15ull;
  metadata.lower = std::move(lower);
  metadata.upper = std::move(upper);
  metadata.entries = 10;
  metadata.deletes = 1;
  metadata.key_bytes = 100;
  metadata.value_bytes = 900;
  metadata.sequence_min = number * 10;
  metadata.sequence_max = number * 10 + 9;
  return metadata;
}

}  // namespace firn::testing
