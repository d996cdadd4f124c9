#include "torture/isolated_run.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/coding.h"

namespace firn::testing {
namespace {

constexpr int kStandardError = 2;

// The numbers, the failure, what was told.
std::string Packed(const RunVerdict& verdict) {
  std::string bytes;
  for (const std::uint64_t number :
       {verdict.trace, verdict.steps, verdict.commits, verdict.faults, verdict.flushes,
        verdict.compactions, std::uint64_t{verdict.lost_power}, std::uint64_t{verdict.absorbed}}) {
    AppendVarint(bytes, number);
  }
  AppendLengthPrefixed(bytes, verdict.failure);
  for (const std::string& line : verdict.told) AppendLengthPrefixed(bytes, line);
  return bytes;
}

// False when the run ended before it had packed all of it.
bool Unpack(const std::string& bytes, RunVerdict& verdict) {
  ByteReader reader(bytes);
  std::uint64_t lost_power = 0;
  std::uint64_t absorbed = 0;
  for (std::uint64_t* number : {&verdict.trace, &verdict.steps, &verdict.commits, &verdict.faults,
                                &verdict.flushes, &verdict.compactions, &lost_power, &absorbed}) {
    if (!reader.ReadVarint(number)) return false;
  }
  verdict.lost_power = lost_power != 0;
  verdict.absorbed = absorbed != 0;
  Slice text;
  if (!reader.ReadLengthPrefixed(bytes.size(), &text)) return false;
  verdict.failure = text;
  while (!reader.empty()) {
    if (!reader.ReadLengthPrefixed(bytes.size(), &text)) return false;
    verdict.told.emplace_back(text);
  }
  return true;
}

// In the child: nothing of the parent's may be flushed or destroyed a second time.
[[noreturn]] void RunAndExit(const Plan& plan, int to, int messages) {
  FIRN_CHECK(::dup2(messages, kStandardError) == kStandardError);
  const std::string bytes = Packed(Simulate(plan));
  std::size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t count = ::write(to, bytes.data() + written, bytes.size() - written);
    if (count < 0 && errno == EINTR) continue;
    FIRN_CHECK(count > 0);
    written += static_cast<std::size_t>(count);
  }
  ::_exit(0);
}

// All that comes until the other end is closed; false when it takes too long.
bool ReadToEnd(int from, std::string& bytes) {
  for (;;) {
    pollfd waiting{.fd = from, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(kRunTimeMax.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return false;
    std::array<char, 4096> buffer;
    const ssize_t count = ::read(from, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return true;
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::string Content(int file) {
  std::string text(1 << 16, '\0');
  const ssize_t count = ::pread(file, text.data(), text.size(), 0);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

RunVerdict SimulateIsolated(const Plan& plan) {
  int ends[2];
  const int messages = ::memfd_create("firn torture", MFD_CLOEXEC);
  FIRN_CHECK(messages >= 0 && ::pipe(ends) == 0);
  std::fflush(nullptr);
  const pid_t child = ::fork();
  FIRN_CHECK(child >= 0);
  if (child == 0) RunAndExit(plan, ends[1], messages);
  ::close(ends[1]);
  std::string bytes;
  const bool ended = ReadToEnd(ends[0], bytes);
  if (!ended) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  RunVerdict verdict;
  if (!ended) {
    verdict.failure = "hangs: no lock or wait is reached any more";
  } else if (!Unpack(bytes, verdict) || status != 0) {
    verdict.failure = "the process died (";
    verdict.failure += WIFSIGNALED(status) ? ::strsignal(WTERMSIG(status)) : "exit";
    verdict.failure += "): " + Content(messages);
  }
  ::close(ends[0]);
  ::close(messages);
  return verdict;
}

}  // namespace firn::testing
