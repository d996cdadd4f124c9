// Assertions for programmer errors. Bytes from disk, users or the OS are never asserted: they are
// parsed and answered with a Status.
#pragma once

namespace firn::internal {
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);
}  // namespace firn::internal

// Always on: a broken invariant that would lose or invent data.
#define FIRN_CHECK(condition)                                                    \
  do {                                                                           \
    if (!(condition)) [[unlikely]]                                               \
      ::firn::internal::CheckFailed(#condition, __FILE__, __LINE__);             \
  } while (false)

// On in debug and checked builds; the condition must have no side effect.
#if defined(FIRN_CHECKED) || !defined(NDEBUG)
#define FIRN_DCHECK(condition) FIRN_CHECK(condition)
#else
#define FIRN_DCHECK(condition)  \
  do {                          \
    if (false) (void)(condition); \
  } while (false)
#endif
