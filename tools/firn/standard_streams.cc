#include "standard_streams.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <system_error>

namespace firn::tool {
namespace {

constexpr std::size_t kOutputBufferBytes = std::size_t{64} << 10;

Status IoError(std::string_view action, const std::string& name, int error) {
  return {StatusCode::kIo,
          fmt::format("{}: {}: {}", name, action, std::generic_category().message(error))};
}

class FileSource : public ByteSource {
 public:
  FileSource(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}
  ~FileSource() override {
    if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
  }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  Result<std::size_t> Read(char* to, std::size_t count) override {
    for (;;) {
      const ssize_t got = ::read(descriptor_, to, count);
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return IoError("cannot read", name_, errno);
    }
  }

 private:
  int descriptor_;
  std::string name_;
};

// 0 when done, else errno.
int WriteAll(int descriptor, Slice bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

}  // namespace

Result<OpenedSource> OpenSource(const std::string& path) {
  const bool is_standard = path == "-";
  const std::string name = is_standard ? "standard input" : path;
  const int descriptor = is_standard ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return IoError("cannot open", name, errno);
  OpenedSource opened;
  opened.source = std::make_unique<FileSource>(descriptor, name);
  struct stat facts{};
  if (::fstat(descriptor, &facts) != 0) return IoError("cannot inspect", name, errno);
  if (S_ISDIR(facts.st_mode)) return IoError("cannot read", name, EISDIR);
  if (S_ISREG(facts.st_mode)) opened.bytes_total = static_cast<std::uint64_t>(facts.st_size);
  return opened;
}

Result<std::string> ReadWhole(const std::string& path, std::uint64_t bytes_max) {
  Result<OpenedSource> opened = OpenSource(path);
  if (!opened.ok()) return std::move(opened).status();
  std::string bytes;
  std::string chunk(kOutputBufferBytes, '\0');
  for (;;) {
    Result<std::size_t> got = opened->source->Read(chunk.data(), chunk.size());
    if (!got.ok()) return std::move(got).status();
    if (*got == 0) return bytes;
    if (bytes.size() + *got > bytes_max) {
      return Status(StatusCode::kInvalidArgument,
                    fmt::format("{}: more than {} bytes", path, bytes_max));
    }
    bytes.append(chunk, 0, *got);
  }
}

Result<std::unique_ptr<Output>> Output::Create(const std::string& path) {
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR | S_IRGRP |
                                                                         S_IROTH);
  if (descriptor < 0) return IoError("cannot create", path, errno);
  auto output = std::make_unique<Output>();
  output->descriptor_ = descriptor;
  output->name_ = path;
  return output;
}

Output::~Output() {
  if (descriptor_ != STDOUT_FILENO) ::close(descriptor_);
}

void Output::Write(Slice bytes) {
  if (reader_gone_ || !status_.ok()) return;
  buffer_.append(bytes);
  if (buffer_.size() >= kOutputBufferBytes) {
    // Kept in status_, where Finish finds it.
    (void)Flush();
  }
}

Status Output::Flush() {
  if (!buffer_.empty() && status_.ok() && !reader_gone_) {
    const int error = WriteAll(descriptor_, buffer_);
    if (error == EPIPE) {
      reader_gone_ = true;
    } else if (error != 0) {
      status_ = IoError("cannot write", name_, error);
    }
  }
  buffer_.clear();
  return status_;
}

void WriteToStandardError(Slice bytes) { (void)WriteAll(STDERR_FILENO, bytes); }

bool StandardErrorIsTerminal() { return ::isatty(STDERR_FILENO) == 1; }

std::size_t TerminalColumns() {
  constexpr std::size_t kUsualColumns = 80;
  struct winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualColumns;
  return size.ws_col;
}

std::uint64_t MonotonicMicros() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

void IgnoreBrokenPipes() { (void)std::signal(SIGPIPE, SIG_IGN); }

}  // namespace firn::tool
