// For sources that can only be read from front to back: SeekToFirst and Next are theirs, everything
// else is refused.
#pragma once

#include "base/entry.h"

namespace firn {

class ForwardCursor : public EntryCursor {
 public:
  Status SeekToLast() final { return Refused(); }
  Status Seek(Slice) final { return Refused(); }
  Status SeekForPrev(Slice) final { return Refused(); }
  Status Prev(EntryBatch&, std::size_t) final { return Refused(); }

 private:
  static Status Refused() {
    return Status(StatusCode::kInvalidArgument, "this source is read from front to back");
  }
};

}  // namespace firn
