#include "power/writer.h"

#include <dlfcn.h>

#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

#include "testing/tiny_store.h"

namespace firn::power {
namespace {

void Mark(const std::string& text) {
  using MarkFunction = void (*)(const char*);
  static const auto mark =
      reinterpret_cast<MarkFunction>(::dlsym(RTLD_DEFAULT, "FirnRecorderMark"));
  if (mark != nullptr) mark(text.c_str());
}

class Writer {
 public:
  Writer(const Workload& workload, const std::string& root)
      : workload_(workload), root_(root), acknowledged_(workload.writers) {}

  int Run() {
    if (!Open()) return Verdict();
    if (workload_.writers > 1) {
      std::vector<std::thread> threads;
      for (std::size_t writer = 0; writer < workload_.writers; ++writer) {
        threads.emplace_back([this, writer] { WriteAll(writer); });
      }
      for (std::thread& thread : threads) thread.join();
    } else {
      WriteAll(0);
    }
    Close();
    return Verdict();
  }

 private:
  // Every failure is said, and ends the writing.
  bool Succeeded(const char* what, const Status& status) {
    if (status.ok()) return true;
    failed_ = true;
    Mark(std::string("failed ") + what + ": " + status.ToString());
    if (workload_.fail_sync == 0) {
      std::fprintf(stderr, "writer: %s: %s\n", what, status.ToString().c_str());
    }
    return false;
  }
  [[nodiscard]] int Verdict() const { return failed_ && workload_.fail_sync == 0 ? 1 : 0; }

  bool Open() {
    auto db = OpenStore(workload_, root_ + "/" + kStoreName);
    if (!Succeeded("open", db.status())) return false;
    db_ = std::move(db).value();
    Mark(std::string("made ") + kStoreName);
    return UseKeyspaceOf(next_commit_);
  }

  // The keyspace that this commit, of a single writer or of the first, is the first to need.
  bool UseKeyspaceOf(std::uint64_t commit) {
    const std::string name = KeyspaceOf(workload_, commit);
    if (name.empty() || (second_name_ == name && second_open_)) return true;
    second_name_ = name;
    Result<Keyspace> opened = db_->OpenKeyspace(name);
    if (!opened.ok()) {
      Mark("creating " + name);
      opened = db_->CreateKeyspace(name);
      if (!Succeeded("create a keyspace", opened.status())) return false;
      Mark("created " + name);
    }
    second_ = *opened;
    second_open_ = true;
    return true;
  }

  void Close() {
    const std::vector<std::uint64_t> before = Acknowledged();
    second_ = Keyspace();
    second_open_ = false;
    if (db_ != nullptr && Succeeded("close", db_->Close())) Harden(before);
    db_.reset();
  }

  [[nodiscard]] std::vector<std::uint64_t> Acknowledged() const {
    return {acknowledged_.begin(), acknowledged_.end()};
  }
  static void Harden(const std::vector<std::uint64_t>& upto) {
    for (std::size_t i = 0; i < upto.size(); ++i) {
      Mark("hardened " + std::to_string(i) + " " + std::to_string(upto[i]));
    }
  }

  void WriteAll(std::size_t writer) {
    for (std::uint64_t commit = 1; commit <= workload_.commits && !failed_; ++commit) {
      if (workload_.writers == 1) next_commit_ = commit;
      if (!UseKeyspaceOf(commit) || !Write(writer, commit)) return;
      if (writer == 0 && !Maintain(commit)) return;
    }
  }

  bool Write(std::size_t writer, std::uint64_t commit) {
    WriteBatch batch;
    for (const Operation& operation : OperationsOf(workload_, writer, commit)) {
      const Keyspace keyspace = operation.keyspace == "default" ? Keyspace() : second_;
      switch (operation.kind) {
        case Operation::Kind::kPut: batch.Put(operation.key, operation.value, keyspace); break;
        case Operation::Kind::kDelete: batch.Delete(operation.key, keyspace); break;
        case Operation::Kind::kDeleteRange:
          batch.DeleteRange(operation.key, operation.value, keyspace);
          break;
      }
    }
    const std::string name = std::to_string(writer) + " " + std::to_string(commit);
    const Durability durability = DurabilityOf(workload_, commit);
    Mark("issue " + name);
    const Status status = db_->Write(batch, {.durability = durability});
    if (!status.ok() && status.code() != StatusCode::kIndeterminate) Mark("refuse " + name);
    if (!Succeeded("write", status)) return false;
    acknowledged_[writer] = commit;
    Mark("ack " + name + (durability == Durability::kSync ? " sync" : " periodic"));
    return true;
  }

  bool Maintain(std::uint64_t commit) {
    if (commit % 23 == 0 && !Succeeded("flush", db_->Flush())) return false;
    if (commit % 41 == 0 && !Succeeded("compact", db_->CompactRange())) return false;
    if (commit % 17 == 0) {
      const std::vector<std::uint64_t> before = Acknowledged();
      if (!Succeeded("sync", db_->Sync())) return false;
      Harden(before);
    }
    const std::uint64_t period = workload_.keyspace_period;
    if (period > 0 && commit > period && commit % period == period / 2) {
      const std::string name = KeyspaceOf(workload_, commit - period);
      Mark("dropping " + name);
      if (!Succeeded("drop a keyspace", db_->DropKeyspace(name))) return false;
      Mark("dropped " + name);
    }
    if (workload_.checkpoint_every > 0 && commit % workload_.checkpoint_every == 0) {
      const std::string name = "checkpoint-" + std::to_string(commit);
      Mark("checkpointing " + name + " " + std::to_string(commit));
      if (!Succeeded("checkpoint", db_->Checkpoint(root_ + "/" + name))) return false;
      Mark("made " + name);
    }
    if (workload_.reopen_every > 0 && commit % workload_.reopen_every == 0) {
      Close();
      if (failed_ || !Open()) return false;
    }
    return true;
  }

  const Workload& workload_;
  const std::string root_;
  std::unique_ptr<Db> db_;
  Keyspace second_;
  std::string second_name_;
  bool second_open_ = false;
  std::uint64_t next_commit_ = 1;
  std::vector<std::atomic<std::uint64_t>> acknowledged_;
  std::atomic<bool> failed_ = false;
};

}  // namespace

Result<std::unique_ptr<Db>> OpenStore(const Workload& workload, const std::string& directory) {
  Options options;
  options.memory_budget = std::uint64_t{8} << 20;
  options.compression = Compression::kNone;
  options.sync_interval = std::chrono::milliseconds(5);
  options.log_backend =
      workload.positioned_log ? LogBackend::kPositioned : LogBackend::kMapped;
  if (!workload.tiny) return Db::Open(directory, options);
  return testing::OpenTiny(directory, options);
}

int RunWriter(const Workload& workload, const std::string& root) {
  return Writer(workload, root).Run();
}

int RunRecovery(const Workload& workload, const std::string& root) {
  const auto db = OpenStore(workload, root + "/" + kStoreName);
  if (!db.ok()) {
    std::fprintf(stderr, "recovery: %s\n", db.status().ToString().c_str());
    return 1;
  }
  Mark(std::string("made ") + kStoreName);
  const Status idle = (*db)->WaitForIdle();
  if (!idle.ok()) std::fprintf(stderr, "recovery: %s\n", idle.ToString().c_str());
  std::fflush(stderr);
  std::_Exit(idle.ok() ? 0 : 1);
}

}  // namespace firn::power
