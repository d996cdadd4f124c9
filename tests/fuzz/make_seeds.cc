// Writes the seeds of the fuzz corpora: real files, blocks and batches of small stores, one
// directory a target. Usage: firn_fuzz_seeds DIR. What is kept of them and of what a fuzzer added
// is a small set with the same coverage (libFuzzer's -set_cover_merge=1).

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "corruption/specimen.h"
#include "format/record.h"
#include "fuzz/fuzz_input.h"
#include "table/partition.h"
#include "table/table_format.h"

namespace firn::testing {
namespace {

class Seeds {
 public:
  explicit Seeds(std::filesystem::path root) : root_(std::move(root)) {}

  void Add(const std::string& target, Slice bytes) {
    const std::filesystem::path directory = root_ / target;
    std::filesystem::create_directories(directory);
    std::ofstream file(directory / ("seed-" + std::to_string(++count_)), std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

 private:
  const std::filesystem::path root_;
  int count_ = 0;
};

std::string Prefixed(std::initializer_list<std::uint8_t> prefix, Slice bytes) {
  std::string seed(prefix.begin(), prefix.end());
  seed.append(bytes);
  return seed;
}

// The stored bytes of a block that is not compressed, else nothing.
Slice PlainBlock(Slice table, const BlockHandle& handle) {
  if (!handle.exists() || handle.compressed()) return {};
  return table.substr(handle.offset, handle.stored_bytes);
}

std::string IndexSeed(std::uint8_t verb, std::uint64_t place, Slice bytes) {
  std::string seed(1, static_cast<char>(verb));
  AppendFixed(seed, static_cast<std::uint32_t>(place));
  seed.append(bytes);
  return seed;
}

void AddPartition(Seeds& seeds, Slice table, const BlockHandle& self) {
  const Slice partition = PlainBlock(table, self);
  PartitionView view;
  FIRN_CHECK(ParsePartition(partition, self, &view) == nullptr);
  seeds.Add("index", IndexSeed(0, self.offset, partition));
  const std::size_t fences = 16 + view.blocks * 17;
  seeds.Add("index", IndexSeed(4, view.blocks, partition.substr((fences + 7) & ~7u)));
  seeds.Add("filter", Prefixed({10}, partition.substr(partition.size() - 128)));
  for (std::size_t i = 0; i < view.blocks; ++i) {
    const BlockHandle handle = view.handle(i);
    const Slice stored = table.substr(handle.offset, handle.stored_bytes);
    if (!handle.compressed()) {
      seeds.Add("data_block", stored);
      continue;
    }
    const char codec = table[handle.offset + handle.stored_bytes + 4];
    std::string seed(1, codec);
    AppendFixed(seed, static_cast<std::uint16_t>(handle.raw_bytes / 16));
    seeds.Add("decompress", seed.append(stored));
  }
}

void AddTable(Seeds& seeds, Slice table) {
  seeds.Add("table", table);
  const char* const footer = table.data() + table.size() - kFooterBytes;
  const BlockHandle top = LoadHandle(footer + 56);
  TopView view;
  FIRN_CHECK(ParseTop(PlainBlock(table, top), top.offset, &view) == nullptr);
  seeds.Add("index", IndexSeed(1, top.offset, PlainBlock(table, top)));
  seeds.Add("index", IndexSeed(2, 0, PlainBlock(table, LoadHandle(footer + 88))));
  const Slice tombstones = PlainBlock(table, LoadHandle(footer + 72));
  if (!tombstones.empty()) seeds.Add("index", IndexSeed(3, 0, tombstones));
  for (std::size_t i = 0; i < view.partitions; ++i) AddPartition(seeds, table, view.handle(i));
}

// The payloads of the records from `offset` on, as far as their lengths hold.
void AddPayloads(Seeds& seeds, const std::string& target, Slice prefix, Slice file,
                 std::size_t offset) {
  while (offset + kRecordHeaderBytes <= file.size()) {
    const std::size_t bytes = LoadFixed<std::uint32_t>(file.data() + offset + 8);
    if (file[offset + 12] == 0 || bytes > file.size() - offset - kRecordHeaderBytes) return;
    seeds.Add(target, std::string(prefix).append(file.substr(offset + kRecordHeaderBytes, bytes)));
    offset += RecordBytes(bytes);
  }
}

void AddStore(Seeds& seeds, const Specimen& specimen) {
  std::string directory;
  std::string log;
  AppendFixed(log, static_cast<std::uint32_t>(specimen.manifest.replay_from));
  AppendFixed(log, static_cast<std::uint32_t>(specimen.manifest.log_durable));
  for (const SpecimenFile& file : specimen.files) {
    const auto number = static_cast<std::uint8_t>(ParseFileName(file.name)->number.value - 1);
    const auto add_to_directory = [&](std::uint8_t kind, std::uint8_t file_number) {
      directory.append({static_cast<char>(kind), static_cast<char>(file_number), '\x7F'});
      FuzzInput::AppendPiece(directory, file.bytes);
    };
    switch (file.kind) {
      case FileKind::kCurrent:
        seeds.Add("current", file.bytes);
        add_to_directory(0, static_cast<std::uint8_t>(specimen.manifest.manifest.value - 1));
        break;
      case FileKind::kManifest:
        seeds.Add("manifest", Prefixed({100}, file.bytes));
        AddPayloads(seeds, "manifest", "\xFF", file.bytes, 64);
        add_to_directory(1, number);
        break;
      case FileKind::kLog:
        log.push_back('\x7F');
        FuzzInput::AppendPiece(log, file.bytes);
        AddPayloads(seeds, "batch", "", file.bytes, 184);
        add_to_directory(2, number);
        break;
      default:
        AddTable(seeds, file.bytes);
        add_to_directory(3, number);
    }
  }
  seeds.Add("log_reader", log);
  seeds.Add("directory", directory);
}

void AddTexts(Seeds& seeds) {
  for (const char* text : {"key\tvalue\nkey\\x00\tva\\tlue\r\n\n\\\\\t\\n\n", "6b6579\t76616c\n"}) {
    for (std::uint8_t choice = 0; choice < 9; choice += 3) {
      seeds.Add("import_format", Prefixed({choice}, text));
    }
  }
  seeds.Add("import_format",
            Prefixed({1}, "{\"key\": \"k\", \"value\": \"v\\u00e9\"}\n"
                          "{\"key_hex\": \"00ff\", \"value_hex\": \"\"}\n"));
  seeds.Add("import_format", Prefixed({2}, "Package: a\nVersion: 1\n more\n\nPackage: b\n"));
  for (const char* words :
       {"get\nDIR\nkey", "put\n--db\nDIR\nkey\nvalue\n--durability\nsync", "--help", "--version",
        "scan\nDIR\n--from\na\n--to\nb\n--prefix\nc\n--json", "load\nDIR\n-\n--format\nkv\n--hex",
        "stats\nDIR\n--memory-budget\n64MiB\n--compression\nzstd", "compact\nDIR", "verify\nDIR",
        "keyspace\nlist\nDIR", "delete\nDIR\n--\n-key"}) {
    seeds.Add("command_line", words);
  }
  std::string range("\x07", 1);
  for (const char* each : {"apple", "plum", "ap\xFF", "apricot"}) {
    FuzzInput::AppendPiece(range, each);
  }
  seeds.Add("key_range", range + "64MiB");
  std::string script;
  FuzzInput::AppendPiece(script, Slice("\0\1\2\3\4\50\51\52\53\54", 10));
  seeds.Add("coding", script + "\x7F\x80\x01 some bytes \xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01");
}

}  // namespace
}  // namespace firn::testing

int main(int argument_count, char** arguments) {
  if (argument_count != 2) {
    std::fprintf(stderr, "usage: firn_fuzz_seeds DIR\n");
    return 2;
  }
  firn::testing::Seeds seeds(arguments[1]);
  for (const auto& plan : firn::testing::AllSpecimens()) {
    firn::testing::AddStore(seeds, plan.make(1));
  }
  firn::testing::AddTexts(seeds);
  return 0;
}
