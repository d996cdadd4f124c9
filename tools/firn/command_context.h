// What every subcommand works with: the options common to all, the opened store, output and errors.
//
// C1  A command that only reads never creates a store.
// C2  Results go to standard output, everything else to standard error as
//     "firn: <what>: <where>: <what to do>".
// C3  The exit code is the first failure's; a failed standard output is one.
// Threads: one at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "exit_code.h"
#include "firn/db.h"
#include "key_range.h"
#include "record_writer.h"
#include "standard_streams.h"
#include "text_coding.h"

namespace firn::tool {

// As they stand on the command line.
struct CommonOptions {
  std::string directory;  // --db
  std::string keyspace;   // empty: the default one
  bool json = false;
  bool hex = false;
  bool escape = false;
  bool raw = false;
  std::string memory_budget;
  bool direct_reads = false;
  std::string durability;
  std::string compression;
  std::string from;
  std::string to;
  std::string prefix;
  bool has_from = false;
  bool has_to = false;
  bool has_prefix = false;
};

// An open store and the keyspace named by --keyspace.
struct Store {
  std::unique_ptr<Db> db;
  Keyspace keyspace;
};

enum class Creation : bool { kMustExist = false, kIfMissing = true };

class CommandContext {
 public:
  CommonOptions common;

  [[nodiscard]] Output& out() { return out_; }

  // Null, with the error told and fail_code set, when it cannot be opened. kIfMissing also creates
  // the keyspace.
  [[nodiscard]] std::optional<Store> Open(const std::string& directory, Creation creation);
  // Closes the store; the code of the whole command.
  [[nodiscard]] ExitCode Close(Store& store, const std::string& directory);

  // Tells the error and remembers its code, which it returns.
  ExitCode Fail(std::string_view what, std::string_view where, const Status& status);
  ExitCode FailUsage(std::string_view what, std::string_view advice);
  // Flushes standard output. The code of the first failure, or `code`.
  [[nodiscard]] ExitCode Finish(ExitCode code);
  [[nodiscard]] ExitCode fail_code() const { return fail_code_; }

  // A key or value from the command line, as --hex and --escape say. Null when told as an error.
  [[nodiscard]] std::optional<std::string> DecodeArgument(std::string_view name, Slice text);
  // --from, --to and --prefix. Null when told as an error.
  [[nodiscard]] std::optional<KeyRange> Range();
  // Those of the command line for opening a store. Null when told as an error.
  [[nodiscard]] std::optional<Options> StoreOptions(Creation creation);
  [[nodiscard]] TextCoding input_coding() const;
  [[nodiscard]] TextCoding output_coding() const;

 private:
  Output out_;
  ExitCode fail_code_ = ExitCode::kOk;
};

[[nodiscard]] std::optional<Durability> ParseDurability(Slice name);
[[nodiscard]] std::optional<Compression> ParseCompression(Slice name);

}  // namespace firn::tool
