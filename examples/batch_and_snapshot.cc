// A transfer that is never seen half done, and a reader that keeps the moment it started in.
#include <firn/db.h>

#include <iostream>
#include <string>

namespace {

// The number under `account`; 0 when there is none.
firn::Result<int> Balance(const firn::Db& db, firn::Slice account,
                          const firn::ReadOptions& options = {}) {
  auto found = db.Get(account, options);
  if (!found.ok()) return std::move(found).status();
  return found->has_value() ? std::stoi(**found) : 0;
}

firn::Status Transfer(firn::Db& db, firn::Slice from, firn::Slice to, int amount) {
  const auto source = Balance(db, from);
  if (!source.ok()) return source.status();
  const auto target = Balance(db, to);
  if (!target.ok()) return target.status();
  firn::WriteBatch batch;
  batch.Put(from, std::to_string(*source - amount));
  batch.Put(to, std::to_string(*target + amount));
  return db.Write(batch, {.durability = firn::Durability::kSync});
}

firn::Status Run(firn::Db& db) {
  firn::WriteBatch start;
  start.Put("alice", "100");
  start.Put("bob", "0");
  if (auto status = db.Write(start); !status.ok()) return status;

  const firn::Snapshot before = db.GetSnapshot();
  if (auto status = Transfer(db, "alice", "bob", 30); !status.ok()) return status;

  const auto then = Balance(db, "bob", {.snapshot = before});
  if (!then.ok()) return then.status();
  const auto now = Balance(db, "bob");
  if (!now.ok()) return now.status();
  std::cout << "bob had " << *then << ", has " << *now << '\n';
  return db.Close();
}

}  // namespace

int main() {
  auto db = firn::Db::Open("accounts");
  const firn::Status status = db.ok() ? Run(**db) : db.status();
  if (!status.ok()) std::cerr << status.ToString() << '\n';
  return status.ok() ? 0 : 1;
}
