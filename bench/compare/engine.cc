#include "engine.h"

namespace firn::compare {

const std::vector<EngineKind>& EngineKinds() {
  static const std::vector<EngineKind> kinds = {
      FirnKind(),
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
