#include "version/keyspace_map.h"

#include <gtest/gtest.h>

#include <map>

#include "version/version.h"

namespace firn {
namespace {

KeyspaceVersion Named(std::string name) {
  return {std::move(name), std::make_shared<const Tree>()};
}

std::map<KeyspaceId, std::string> Content(const KeyspaceMap& map) {
  std::map<KeyspaceId, std::string> content;
  KeyspaceId previous = 0;
  map.ForEach([&](KeyspaceId id, const KeyspaceVersion& keyspace) {
    EXPECT_TRUE(content.empty() || id > previous);
    previous = id;
    content[id] = keyspace.name;
  });
  return content;
}

TEST(KeyspaceMap, BehavesLikeAMapUnderSetAndErase) {
  KeyspaceMap map;
  std::map<KeyspaceId, std::string> model;
  std::uint64_t random = 1;
  for (int step = 0; step < 3000; ++step) {
    random = random * 6364136223846793005ull + 1442695040888963407ull;
    const auto id = static_cast<KeyspaceId>((random >> 33) % 300);
    if ((random >> 20) % 3 == 0) {
      EXPECT_EQ(map.Erase(id), model.erase(id) == 1);
    } else {
      map.Set(id, Named(std::to_string(step)));
      model[id] = std::to_string(step);
    }
    ASSERT_EQ(map.size(), model.size());
    ASSERT_EQ(map.Find(id) != nullptr, model.count(id) == 1);
  }
  EXPECT_EQ(Content(map), model);
}

TEST(KeyspaceMap, CopiesDoNotSeeLaterChangesAndShareTheRest) {
  KeyspaceMap before;
  for (KeyspaceId id = 0; id < 1000; ++id) before.Set(id, Named(std::to_string(id)));
  KeyspaceMap after = before;
  after.Set(500, Named("changed"));
  after.Erase(501);

  EXPECT_EQ(before.Find(500)->name, "500");
  EXPECT_NE(before.Find(501), nullptr);
  EXPECT_EQ(after.Find(500)->name, "changed");
  EXPECT_EQ(after.Find(501), nullptr);
  EXPECT_EQ(before.Find(3), after.Find(3)) << "an untouched bucket is the same object";
}

TEST(KeyspaceMap, CanLoseAllOfAStretchAndOfEverything) {
  KeyspaceMap map;
  for (KeyspaceId id = 0; id < 500; ++id) map.Set(id, Named(std::to_string(id)));
  for (KeyspaceId id = 100; id < 400; ++id) EXPECT_TRUE(map.Erase(id));
  EXPECT_EQ(Content(map).size(), 200u);
  EXPECT_EQ(map.Find(250), nullptr);
  EXPECT_EQ(map.Find(400)->name, "400");
  map.Set(250, Named("again"));
  EXPECT_EQ(map.Find(250)->name, "again");
  for (const auto& [id, name] : Content(map)) EXPECT_TRUE(map.Erase(id));
  EXPECT_EQ(map.size(), 0u);
  EXPECT_FALSE(map.Erase(0));
  EXPECT_TRUE(Content(map).empty());
}

TEST(KeyspaceMap, FindsNothingInHolesAndAtTheExtremes) {
  KeyspaceMap map;
  map.Set(100, Named("a"));
  map.Set(0xFFFFFFFFu, Named("b"));
  EXPECT_EQ(map.Find(0), nullptr);
  EXPECT_EQ(map.Find(99), nullptr);
  EXPECT_EQ(map.Find(101), nullptr);
  EXPECT_EQ(map.Find(0xFFFFFFFEu), nullptr);
  EXPECT_EQ(map.Find(0xFFFFFFFFu)->name, "b");
}

}  // namespace
}  // namespace firn
