// A batch: what the reader takes, written again, reads as the same operations; and a reader stops
// for good at the first damage.

#include <vector>

#include "format/batch.h"
#include "fuzz/fuzz_input.h"

namespace firn::testing {
namespace {

bool Same(const BatchOperation& a, const BatchOperation& b) {
  return a.kind == b.kind && a.keyspace == b.keyspace && a.key == b.key && a.value == b.value;
}

void Run(Slice encoded) {
  BatchReader reader(encoded);
  BatchOperation operation;
  std::vector<BatchOperation> operations;
  std::string again;
  while (reader.Next(&operation)) {
    FIRN_CHECK(operation.key.size() <= kKeyBytesMax);
    FIRN_CHECK(operation.value.size() <= kValueBytesMax);
    operations.push_back(operation);
    AppendOperation(again, operation);
  }
  FIRN_CHECK(!reader.Next(&operation));
  // Varints have longer forms than the one that is written.
  FIRN_CHECK(again.size() <= encoded.size());
  BatchReader rereader(again);
  for (const BatchOperation& expected : operations) {
    FIRN_CHECK(rereader.Next(&operation));
    FIRN_CHECK(Same(operation, expected));
  }
  FIRN_CHECK(!rereader.Next(&operation));
  FIRN_CHECK(rereader.status().ok());
}

}  // namespace
}  // namespace firn::testing

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  firn::testing::Run(firn::testing::FuzzInput(data, size).Rest());
  return 0;
}
