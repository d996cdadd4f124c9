#include <firn/db.h>
#include <iostream>

int main() {
  auto opened = firn::Db::Open("snow");  // made when it is not there
  if (!opened.ok()) return std::cerr << opened.status().ToString() << '\n', 1;
  firn::Db& db = **opened;

  firn::WriteBatch peaks;  // all of it or none
  peaks.Put("peak/eiger", "3967 m");
  peaks.Put("peak/jungfrau", "4158 m");
  const auto written = db.Write(peaks, {.durability = firn::Durability::kSync});
  if (!written.ok()) return std::cerr << written.ToString() << '\n', 1;

  const auto eiger = db.Get("peak/eiger");
  if (eiger.ok() && eiger->has_value()) std::cout << "Eiger: " << **eiger << '\n';

  auto it = db.NewIterator({.lower = "peak/", .upper = "peak0"});
  for (it.SeekToFirst(); it.Valid(); it.Next()) {
    std::cout << it.key() << " = " << it.value() << '\n';
  }
  return it.status().ok() && db.Close().ok() ? 0 : 1;
}
