// The only place of the command that talks to the operating system: files, pipes, the terminal and
// the clock. Threads: one at a time.
//
// S1  Everything given to Output reaches the file or Output::Finish tells why not.
// S2  A reader that went away (a closed pipe) is no error: output is dropped from then on, and
//     reader_gone() lets a long scan stop early.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "firn/slice.h"
#include "firn/status.h"

namespace firn::tool {

// Bytes to read, in order.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // At least one byte and at most `count` into `to`; 0 at the end.
  [[nodiscard]] virtual Result<std::size_t> Read(char* to, std::size_t count) = 0;
};

struct OpenedSource {
  std::unique_ptr<ByteSource> source;
  std::uint64_t bytes_total = 0;  // 0: not known in advance
};

// "-" is standard input.
[[nodiscard]] Result<OpenedSource> OpenSource(const std::string& path);

// All bytes of `path` ("-": standard input); kInvalidArgument when there are more than `bytes_max`.
[[nodiscard]] Result<std::string> ReadWhole(const std::string& path, std::uint64_t bytes_max);

class Output {
 public:
  // Standard output.
  Output() = default;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  // Truncates or creates the file at `path`.
  [[nodiscard]] static Result<std::unique_ptr<Output>> Create(const std::string& path);
  ~Output();

  void Write(Slice bytes);
  // Hands what is buffered to the system, in one write when it is small.
  Status Flush();
  // Flush, and the first error since the beginning.
  Status Finish() { return Flush(); }
  [[nodiscard]] bool reader_gone() const { return reader_gone_; }
  [[nodiscard]] bool failed() const { return !status_.ok(); }

 private:
  int descriptor_ = 1;
  std::string name_ = "standard output";
  std::string buffer_;
  Status status_;
  bool reader_gone_ = false;
};

// To standard error, unbuffered; errors there have nowhere to go.
void WriteToStandardError(Slice bytes);

[[nodiscard]] bool StandardErrorIsTerminal();
[[nodiscard]] std::size_t TerminalColumns();  // of standard error; 80 when unknown
[[nodiscard]] std::uint64_t MonotonicMicros();

// So that a closed pipe shows as a failed write instead of killing the process.
void IgnoreBrokenPipes();

}  // namespace firn::tool
