// Two ordered maps in one store: events and an index over them, always in step.
#include <firn/db.h>

#include <iostream>
#include <string>
#include <string_view>

namespace {

// The keyspace of that name, made when it is not there.
firn::Result<firn::Keyspace> Ensure(firn::Db& db, std::string_view name) {
  auto found = db.OpenKeyspace(name);
  if (found.ok() || found.status().code() != firn::StatusCode::kNotFound) return found;
  return db.CreateKeyspace(name);
}

firn::Status Run(firn::Db& db) {
  const auto events = Ensure(db, "events");
  if (!events.ok()) return events.status();
  const auto by_place = Ensure(db, "events-by-place");
  if (!by_place.ok()) return by_place.status();

  // One batch spans both keyspaces: no reader and no crash can see one without the other.
  firn::WriteBatch batch;
  batch.Put("0001", "avalanche at the Grimsel", *events);
  batch.Put("grimsel/0001", "", *by_place);
  batch.Put("0002", "first snow at the Furka", *events);
  batch.Put("furka/0002", "", *by_place);
  if (auto status = db.Write(batch); !status.ok()) return status;

  auto it = db.NewIterator({.keyspace = *by_place});
  for (it.SeekToFirst(); it.Valid(); it.Next()) {
    const auto id = it.key().substr(it.key().find('/') + 1);
    const auto event = db.Get(id, {.keyspace = *events});
    if (!event.ok()) return event.status();
    std::cout << it.key() << ": " << event->value_or("(gone)") << '\n';
  }
  if (!it.status().ok()) return it.status();
  return db.Close();
}

}  // namespace

int main() {
  auto db = firn::Db::Open("weather");
  const firn::Status status = db.ok() ? Run(**db) : db.status();
  if (!status.ok()) std::cerr << status.ToString() << '\n';
  return status.ok() ? 0 : 1;
}
