// firn with memtables that never fill up, so that everything written is in the log alone: what a
// later process then opens has that whole log to replay. Only puts; for fill_and_die.
#include <utility>

#include "db/engine.h"
#include "engine.h"

namespace firn::compare {
namespace {

Status OnlyPuts() { return {StatusCode::kNotSupported, "a store that is to die takes only puts"}; }

class LogClient final : public Client {
 public:
  explicit LogClient(firn::Engine& engine) : engine_(engine) {}

  Status Put(Slice key, Slice value) override {
    return engine_.WriteOne(EntryKind::kPut, key, value, {});
  }
  Status Delete(Slice /*key*/) override { return OnlyPuts(); }
  Status PutBatch(std::span<const KeyValue> /*entries*/) override { return OnlyPuts(); }
  Result<bool> Get(Slice /*key*/, Slice& /*value*/) override { return OnlyPuts(); }
  Status MultiGet(std::span<const Slice> /*keys*/, std::span<Lookup> /*lookups*/) override {
    return OnlyPuts();
  }
  Cursor& FreshCursor() override { return cursor_; }

 private:
  class NoCursor final : public Cursor {
   public:
    bool SeekToFirst() override { return false; }
    bool SeekToLast() override { return false; }
    bool Seek(Slice /*target*/) override { return false; }
    bool SeekForPrev(Slice /*target*/) override { return false; }
    bool Next() override { return false; }
    bool Prev() override { return false; }
    [[nodiscard]] Status status() const override { return OnlyPuts(); }
  };

  firn::Engine& engine_;
  NoCursor cursor_;
};

class LogEngine final : public Engine {
 public:
  explicit LogEngine(std::shared_ptr<firn::Engine> engine) : engine_(std::move(engine)) {}

  Result<std::unique_ptr<Client>> NewClient() override {
    return std::unique_ptr<Client>(std::make_unique<LogClient>(*engine_));
  }
  Result<std::unique_ptr<BulkLoader>> NewBulkLoader() override { return OnlyPuts(); }
  Result<CareReport> Settle() override { return OnlyPuts(); }
  Result<CareReport> Compact() override { return OnlyPuts(); }
  Status Close() override { return engine_->Close(); }

 private:
  std::shared_ptr<firn::Engine> engine_;
};

}  // namespace

Result<std::unique_ptr<Engine>> OpenFirnUnflushed(const Setup& setup) {
  Options options;
  options.memory_budget = setup.budget_bytes;
  options.durability =
      setup.durability == DurabilityClass::kS ? Durability::kSync : Durability::kPeriodic;
  Tuning tuning = TuningFor(setup.budget_bytes);
  tuning.memtable_bytes = setup.budget_bytes;
  tuning.memtables_bytes_max = 3 * setup.budget_bytes;
  tuning.log_bytes_max = 3 * setup.budget_bytes;
  tuning.idle_flush_bytes = setup.budget_bytes;
  auto engine = firn::Engine::Open(setup.directory, options, tuning);
  if (!engine.ok()) return std::move(engine).status();
  return std::unique_ptr<Engine>(std::make_unique<LogEngine>(std::move(engine).value()));
}

}  // namespace firn::compare
