#include "firn/status.h"

#include <cstdio>
#include <cstdlib>

namespace firn {

std::string_view StatusCodeName(StatusCode code) {
  switch (code) {
    case StatusCode::kOk: return "ok";
    case StatusCode::kInvalidArgument: return "invalid argument";
    case StatusCode::kNotFound: return "not found";
    case StatusCode::kBusy: return "busy";
    case StatusCode::kConflict: return "conflict";
    case StatusCode::kNoSpace: return "no space";
    case StatusCode::kIo: return "i/o error";
    case StatusCode::kCorruption: return "corruption";
    case StatusCode::kClosed: return "closed";
    case StatusCode::kNotSupported: return "not supported";
    case StatusCode::kIndeterminate: return "indeterminate";
  }
  return "unknown";
}

Status::Status(StatusCode code, std::string message) {
  if (code != StatusCode::kOk) {
    failure_ = std::make_unique<Failure>(Failure{code, std::move(message)});
  }
}

Status::Status(const Status& other)
    : failure_(other.failure_ ? std::make_unique<Failure>(*other.failure_) : nullptr) {}

Status& Status::operator=(const Status& other) {
  if (this != &other) {
    failure_ = other.failure_ ? std::make_unique<Failure>(*other.failure_) : nullptr;
  }
  return *this;
}

std::string Status::ToString() const {
  if (ok()) return "ok";
  return std::string(StatusCodeName(code())) + ": " + std::string(message());
}

namespace internal {

void AbortOnBadResult(const Status& status) {
  std::fprintf(stderr, "firn: value() of a failed Result: %s\n", status.ToString().c_str());
  std::abort();
}

}  // namespace internal
}  // namespace firn
