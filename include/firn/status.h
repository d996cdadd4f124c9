// Errors as values: Status for calls without a result, Result<T> for calls with one.
//
// Codes are grouped by what the caller should do, not by where the error arose; the message says
// what happened, where (file and offset when there is one) and what to do about it.
// Threads: values; share them like a std::string.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "firn/export.h"

namespace firn {

enum class StatusCode : std::uint8_t {
  kOk = 0,
  kInvalidArgument = 1,  // the call is wrong: fix its arguments
  kNotFound = 2,         // a keyspace, file or directory does not exist (a missing key is no error)
  kBusy = 3,             // another process or handle owns the directory: retry after it lets go
  kConflict = 4,         // the name exists already
  kNoSpace = 5,          // the disk or the memory budget is full: free space, then retry
  kIo = 6,               // the environment refused; nothing after the last durable write is sure
  kCorruption = 7,       // stored bytes are wrong; the message names the file and the offset
  kClosed = 8,           // the store was closed, or a log failure stopped writes: reopen
  kNotSupported = 9,     // written by a newer firn, or not available here
  kIndeterminate = 10,   // the device died during this write: it may or may not be there later
};

// "corruption", "no space", ...: the lower-case name of a code.
[[nodiscard]] FIRN_EXPORT std::string_view StatusCodeName(StatusCode code);

class [[nodiscard]] FIRN_EXPORT Status {
 public:
  Status() = default;  // success
  Status(StatusCode code, std::string message);
  Status(const Status& other);
  Status& operator=(const Status& other);
  Status(Status&&) noexcept = default;
  Status& operator=(Status&&) noexcept = default;
  ~Status() = default;

  [[nodiscard]] bool ok() const { return failure_ == nullptr; }
  [[nodiscard]] StatusCode code() const { return failure_ ? failure_->code : StatusCode::kOk; }
  // Empty on success. Valid until this Status changes.
  [[nodiscard]] std::string_view message() const {
    return failure_ ? std::string_view(failure_->message) : std::string_view();
  }
  // "ok", or "<code name>: <message>".
  [[nodiscard]] std::string ToString() const;

 private:
  struct Failure {
    StatusCode code;
    std::string message;
  };
  std::unique_ptr<Failure> failure_;  // null means success: the common case costs one word
};

// Either a T or the Status that explains its absence.
// Requires: value access only after ok(); otherwise the process aborts.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}                // NOLINT: conversion is the point
  Result(Status status) : status_(std::move(status)) {}        // NOLINT: conversion is the point

  [[nodiscard]] bool ok() const { return value_.has_value(); }
  [[nodiscard]] const Status& status() const& { return status_; }
  [[nodiscard]] Status status() && { return std::move(status_); }
  [[nodiscard]] T& value() & { return *Checked(this); }
  [[nodiscard]] const T& value() const& { return *Checked(this); }
  [[nodiscard]] T value() && { return std::move(*Checked(this)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  template <typename Self>
  static auto Checked(Self* self) -> decltype(&*self->value_) {
    if (!self->value_.has_value()) Abort(self->status_);
    return &*self->value_;
  }
  [[noreturn]] static void Abort(const Status& status);

  Status status_;
  std::optional<T> value_;
};

namespace internal {
[[noreturn]] FIRN_EXPORT void AbortOnBadResult(const Status& status);
}  // namespace internal

template <typename T>
void Result<T>::Abort(const Status& status) {
  internal::AbortOnBadResult(status);
}

}  // namespace firn
