// Makes the checksums of an input right, so that a fuzzer gets past them without a switch in the
// engine: what is fuzzed is everything an attacker who computes checksums could write.
//
// Only what a checksum covers or is salted with is set: store, file number, padding of records.
// All other fields stay as the input has them. Safe for any bytes.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "base/types.h"
#include "format/table_metadata.h"

namespace firn::testing {

// Header and the first `records_max` records of a segment.
void SealSegment(std::string& file, FileNumber number, std::size_t records_max);
// Header and the first `records_max` edits of a manifest.
void SealManifest(std::string& file, FileNumber number, std::size_t records_max);
// Footer, and every block that can be reached from it.
void SealTable(std::string& file, FileNumber number);
// What the table's own properties say, else a table that may hold anything.
[[nodiscard]] TableMetadata MetadataOf(const std::string& file, FileNumber number);

}  // namespace firn::testing
