// Makes a second store out of a version: links its tables into a new directory and writes a
// manifest beside them (rule D6). Also here: removing a store.
#pragma once

#include <string>
#include <vector>

#include "env/file_system.h"
#include "version/manifest.h"

namespace firn {

// ok when nothing is called `directory`; kConflict when something is, saying that `maker` ("a
// checkpoint") makes its own. What cannot be told is an error: who goes on after it would clean up
// somebody's store after his own failure.
[[nodiscard]] Status CheckNothingThere(FileSystem& file_system, const std::string& directory,
                                       const std::string& maker);

// `target` must not exist; its parent must. On failure nothing of it is left, as far as the file
// system lets go. The tables of `state` are kept alive by it; where they must be copied, as `cache`
// says.
[[nodiscard]] Status WriteCheckpoint(FileSystem& file_system, const std::string& source,
                                     const std::string& target, ManifestState state,
                                     PageCache cache);

// Every table of every keyspace.
[[nodiscard]] std::vector<std::shared_ptr<const TableReader>> TablesOf(const Version& version);

// Removes the files of the store in `directory`, and the directory if that leaves it empty. CURRENT
// goes first, durably, so that a crash leaves no half a store that opens.
[[nodiscard]] Status RemoveStore(FileSystem& file_system, const std::string& directory);

}  // namespace firn
