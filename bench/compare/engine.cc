#include "engine.h"

namespace firn::compare {

namespace {

EngineKind Firn() {
  EngineKind kind = FirnKind();
  kind.open_unflushed = OpenFirnUnflushed;
  return kind;
}

}  // namespace

const std::vector<EngineKind>& EngineKinds() {
  static const std::vector<EngineKind> kinds = {
      Firn(),
#ifdef FIRN_COMPARE_ROCKSDB
      RocksDbKind(),
#endif
#ifdef FIRN_COMPARE_LEVELDB
      LevelDbKind(),
#endif
#ifdef FIRN_COMPARE_LMDB
      LmdbKind(),
#endif
#ifdef FIRN_COMPARE_WIREDTIGER
      WiredTigerKind(),
#endif
  };
  return kinds;
}

}  // namespace firn::compare
