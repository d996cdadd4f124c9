#include "env/posix_file_system.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "env/posix_io.h"
#include "env/runtime.h"
#include "testing/file_system_contract.h"

namespace firn::testing {
namespace {

using ::testing::HasSubstr;

class PosixDisk {
 public:
  PosixDisk() : root_(::testing::TempDir() + "firn-env-XXXXXX") {
    if (mkdtemp(root_.data()) == nullptr) std::abort();
  }
  ~PosixDisk() { std::filesystem::remove_all(root_); }
  FileSystem& file_system() { return *Runtime::Posix().file_system; }
  [[nodiscard]] std::string root() const { return root_; }

 private:
  std::string root_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Posix, FileSystemContract, PosixDisk);

class PosixFileSystemTest : public ::testing::Test {
 protected:
  FileSystem& fs() { return disk_.file_system(); }
  std::string Path(const std::string& name) { return disk_.root() + "/" + name; }
  mode_t ModeOf(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(stat(path.c_str(), &info), 0);
    return info.st_mode & 0777;
  }

 private:
  PosixDisk disk_;
};

TEST_F(PosixFileSystemTest, FilesAndDirectoriesBelongToTheUserAlone) {
  ASSERT_TRUE(fs().CreateFile(Path("f")).ok());
  ASSERT_TRUE(fs().CreateSegment(Path("s"), 4096, SegmentBackend::kMapped).ok());
  ASSERT_TRUE(fs().Lock(Path("l")).ok());
  ASSERT_TRUE(fs().CreateDirectory(Path("d")).ok());
  for (const char* name : {"f", "s", "l"}) EXPECT_EQ(ModeOf(Path(name)), mode_t{0600}) << name;
  EXPECT_EQ(ModeOf(Path("d")), mode_t{0700});
}

TEST_F(PosixFileSystemTest, FollowsNoSymbolicLinkToAFile) {
  ASSERT_TRUE(fs().CreateFile(Path("target")).ok());
  ASSERT_EQ(symlink(Path("target").c_str(), Path("link").c_str()), 0);
  const Status opened = fs().OpenFile(Path("link")).status();
  EXPECT_EQ(opened.code(), StatusCode::kIo);
  EXPECT_THAT(std::string(opened.message()), HasSubstr("symbolic links are not followed"));
  EXPECT_EQ(fs().Lock(Path("link")).status().code(), StatusCode::kIo);
}

TEST_F(PosixFileSystemTest, RefusesAPipeInsteadOfWaitingForItsOtherEnd) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(fs().OpenFile(Path("pipe")).status().code(), StatusCode::kIo);
}

TEST_F(PosixFileSystemTest, DescriptorsStayAboveTheStandardOnesAndAreNotInherited) {
  const int saved = dup(STDIN_FILENO);
  ASSERT_GE(saved, 0);
  ASSERT_EQ(close(STDIN_FILENO), 0);
  auto fd = OpenFd(Path("f"), O_RDWR | O_CREAT);
  const bool stdin_free = fcntl(STDIN_FILENO, F_GETFD) == -1;
  ASSERT_EQ(dup2(saved, STDIN_FILENO), STDIN_FILENO);
  close(saved);
  ASSERT_TRUE(fd.ok());
  EXPECT_GE(fd->get(), 3);
  EXPECT_TRUE(stdin_free);
  EXPECT_NE(fcntl(fd->get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(PosixFileSystemTest, ErrorsSayWhichPathAndWhatToDo) {
  EXPECT_EQ(PosixError("create", "/x/y", ENOSPC).code(), StatusCode::kNoSpace);
  EXPECT_EQ(PosixError("create", "/x/y", EDQUOT).code(), StatusCode::kNoSpace);
  const Status read_only = PosixError("create", "/x/y", EROFS);
  EXPECT_EQ(read_only.code(), StatusCode::kIo);
  EXPECT_THAT(std::string(read_only.message()),
              HasSubstr("read-only directory: cannot create /x/y"));
  EXPECT_THAT(std::string(PosixError("open", "/x", EACCES).message()), HasSubstr("permission"));
  EXPECT_THAT(std::string(PosixError("open", "/x", EMFILE).message()), HasSubstr("ulimit -n"));
}

// The limit on file sizes makes the kernel write short and then refuse, like a disk that fills up.
TEST_F(PosixFileSystemTest, AShortWriteIsContinuedAndTheRefusalReported) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const rlimit limit{6000, 6000};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(10);
    signal(SIGXFSZ, SIG_IGN);
    auto file = fs().CreateFile(Path("f"));
    const bool refused = file.ok() && !(*file)->Append(std::string(10'000, 'x')).ok();
    const bool filled = fs().FileSize(Path("f")).value() == 6000;
    const auto segment = fs().CreateSegment(Path("s"), 10'000, SegmentBackend::kMapped);
    const bool removed = fs().FileSize(Path("s")).status().code() == StatusCode::kNotFound;
    _exit(refused && filled && !segment.ok() && removed ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(PosixFileSystemTest, ALockKeepsOtherProcessesOutUntilTheHolderDies) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto lock = fs().Lock(Path("LOCK"));
    const char answer = lock.ok() ? '+' : '-';
    if (write(ready[1], &answer, 1) != 1) _exit(1);
    while (true) pause();
  }
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, '+');
  const Status busy = fs().Lock(Path("LOCK")).status();
  EXPECT_EQ(busy.code(), StatusCode::kBusy);
  EXPECT_THAT(std::string(busy.message()), HasSubstr("another process"));
  kill(child, SIGKILL);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(fs().Lock(Path("LOCK")).ok());
  close(ready[0]);
  close(ready[1]);
}

TEST_F(PosixFileSystemTest, StoresIntoAMappingSurviveTheDeathOfTheProcess) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto segment = fs().CreateSegment(Path("s"), 8192, SegmentBackend::kMapped);
    if (!segment.ok()) _exit(1);
    (*segment)->mapping()[5000] = 'x';
    kill(getpid(), SIGKILL);
  }
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  const auto content = fs().ReadFile(Path("s"), 8192);
  ASSERT_TRUE(content.ok());
  EXPECT_EQ((*content)[5000], 'x');
}

TEST_F(PosixFileSystemTest, SegmentsOccupyAllTheirBlocksFromTheStart) {
  ASSERT_TRUE(fs().CreateSegment(Path("s"), 1 << 20, SegmentBackend::kPositioned).ok());
  struct stat info {};
  ASSERT_EQ(stat(Path("s").c_str(), &info), 0);
  EXPECT_GE(info.st_blocks * 512, 1 << 20);
}

}  // namespace
}  // namespace firn::testing
