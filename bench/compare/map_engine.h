// An engine in memory that lies on request: what the tests of the comparison judge by.
// Threads: as Engine asks.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "engine.h"

namespace firn::compare {

enum class Lie : std::uint8_t {
  kNone,
  kLosesPuts,       // a few of them
  kForgetsDeletes,  // a few of them
  kOldValues,       // a few overwrites are ignored
  kForeignValues,   // a few gets answer with the value of the next key
  kSkipsInWalks,    // a few entries
  kDisordersWalks,  // a few entries come twice
  kEndsWalksEarly,
  kRefusesPuts,  // with an error, after a while
};

struct MapStore {
  Lie lie = Lie::kNone;
  std::mutex mutex;  // guards what follows
  std::map<std::string, std::string, std::less<>> entries;
  std::uint64_t calls = 0;

  // True for one call in a hundred, if the lie is this one.
  bool Lies(Lie which) { return lie == which && ++calls % 100 == 99; }
};

// The kind for RunJob; its engine works on `store`, which outlives it.
[[nodiscard]] EngineKind MapKind(MapStore& store);

}  // namespace firn::compare
