#include "command_context.h"

#include <fmt/format.h>

#include "units.h"

namespace firn::tool {

std::optional<Durability> ParseDurability(Slice name) {
  if (name == "none") return Durability::kNone;
  if (name == "periodic") return Durability::kPeriodic;
  if (name == "sync") return Durability::kSync;
  return std::nullopt;
}

std::optional<Compression> ParseCompression(Slice name) {
  if (name == "none") return Compression::kNone;
  if (name == "lz4") return Compression::kLz4;
  if (name == "zstd") return Compression::kZstd;
  return std::nullopt;
}

ExitCode CommandContext::Fail(std::string_view what, std::string_view where,
                              const Status& status) {
  // What was found before the error comes out before it.
  (void)out_.Flush();
  WriteToStandardError(fmt::format("firn: {} ({}): {}: {}\n", what, StatusCodeName(status.code()),
                                   where, status.message()));
  if (fail_code_ == ExitCode::kOk) fail_code_ = ExitCodeOf(status.code());
  return fail_code_;
}

ExitCode CommandContext::FailUsage(std::string_view what, std::string_view advice) {
  WriteToStandardError(fmt::format("firn: {}: command line: {}\n", what, advice));
  if (fail_code_ == ExitCode::kOk) fail_code_ = ExitCode::kUsage;
  return fail_code_;
}

ExitCode CommandContext::Finish(ExitCode code) {
  if (fail_code_ == ExitCode::kOk) fail_code_ = code;
  if (const Status status = out_.Finish(); !status.ok()) {
    return Fail("cannot show the result", "output", status);
  }
  return fail_code_;
}

std::optional<Options> CommandContext::StoreOptions(Creation creation) {
  Options options;
  options.create_if_missing = creation == Creation::kIfMissing;
  if (!common.memory_budget.empty()) {
    const Result<std::uint64_t> bytes = ParseBytes(common.memory_budget);
    if (!bytes.ok()) {
      FailUsage("bad --memory-budget", bytes.status().message());
      return std::nullopt;
    }
    options.memory_budget = *bytes;
  }
  options.direct_reads = common.direct_reads;
  // The names were checked when the command line was parsed.
  if (const auto durability = ParseDurability(common.durability)) options.durability = *durability;
  if (const auto codec = ParseCompression(common.compression)) options.compression = *codec;
  return options;
}

std::optional<Store> CommandContext::Open(const std::string& directory, Creation creation) {
  const std::optional<Options> options = StoreOptions(creation);
  if (!options.has_value()) return std::nullopt;
  Result<std::unique_ptr<Db>> db = Db::Open(directory, *options);
  if (!db.ok()) {
    Fail("cannot open the store", directory, db.status());
    return std::nullopt;
  }
  Store store{std::move(db).value(), Keyspace()};
  if (common.keyspace.empty()) return store;
  Result<Keyspace> keyspace = store.db->OpenKeyspace(common.keyspace);
  if (!keyspace.ok() && keyspace.status().code() == StatusCode::kNotFound &&
      creation == Creation::kIfMissing) {
    keyspace = store.db->CreateKeyspace(common.keyspace);
  }
  if (!keyspace.ok()) {
    Fail(fmt::format("cannot open keyspace '{}'", Encode(TextCoding::kEscape, common.keyspace)),
         directory, keyspace.status());
    (void)Close(store, directory);
    return std::nullopt;
  }
  store.keyspace = std::move(keyspace).value();
  return store;
}

ExitCode CommandContext::Close(Store& store, const std::string& directory) {
  if (const Status status = store.db->Close(); !status.ok()) {
    return Fail("cannot close the store", directory, status);
  }
  return fail_code_;
}

TextCoding CommandContext::input_coding() const {
  if (common.hex) return TextCoding::kHex;
  return common.escape ? TextCoding::kEscape : TextCoding::kRaw;
}

TextCoding CommandContext::output_coding() const {
  if (common.hex) return TextCoding::kHex;
  return common.raw ? TextCoding::kRaw : TextCoding::kEscape;
}

std::optional<std::string> CommandContext::DecodeArgument(std::string_view name, Slice text) {
  Result<std::string> bytes = Decode(input_coding(), text);
  if (bytes.ok()) return std::move(bytes).value();
  FailUsage(fmt::format("bad {}", name), bytes.status().message());
  return std::nullopt;
}

std::optional<KeyRange> CommandContext::Range() {
  std::optional<std::string> from;
  std::optional<std::string> to;
  std::optional<std::string> prefix;
  if (common.has_from && !(from = DecodeArgument("--from", common.from))) return std::nullopt;
  if (common.has_to && !(to = DecodeArgument("--to", common.to))) return std::nullopt;
  if (common.has_prefix && !(prefix = DecodeArgument("--prefix", common.prefix))) {
    return std::nullopt;
  }
  return IntersectRange(std::move(from), std::move(to), prefix);
}

}  // namespace firn::tool
