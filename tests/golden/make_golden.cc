// Writes the golden stores of the format this firn writes into an empty directory:
//   firn_make_golden tests/golden/format-1
// Stores of released formats are kept as they are and never made again.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/check.h"
#include "golden/specimens.h"

namespace {

void Write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  FIRN_CHECK(file.good());
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count != 2) {
    std::fprintf(stderr, "usage: firn_make_golden DIRECTORY\n");
    return 2;
  }
  const std::filesystem::path directory = arguments[1];
  for (const firn::testing::Specimen& specimen : firn::testing::MakeSpecimens()) {
    const std::filesystem::path store = directory / specimen.name;
    std::filesystem::create_directories(store);
    const auto names = specimen.disk->List(firn::testing::kSpecimenDirectory);
    FIRN_CHECK(names.ok());
    for (const std::string& name : *names) {
      const auto bytes = specimen.disk->ReadFile(
          std::string(firn::testing::kSpecimenDirectory) + "/" + name, std::uint64_t{1} << 20);
      FIRN_CHECK(bytes.ok());
      Write(store / name, *bytes);
    }
    Write(directory / (specimen.name + ".contents"), firn::testing::ToText(specimen.contents));
  }
  return 0;
}
