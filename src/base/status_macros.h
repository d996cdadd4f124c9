// Early return on failure, so that the happy path reads straight down.
#pragma once

#include "firn/status.h"

#define FIRN_RETURN_IF_ERROR(expression)                             \
  do {                                                               \
    if (::firn::Status firn_status_ = (expression); !firn_status_.ok()) \
      return firn_status_;                                           \
  } while (false)

#define FIRN_JOIN_INNER_(a, b) a##b
#define FIRN_JOIN_(a, b) FIRN_JOIN_INNER_(a, b)

// FIRN_ASSIGN_OR_RETURN(auto file, OpenFile(path));
#define FIRN_ASSIGN_OR_RETURN(declaration, expression) \
  FIRN_ASSIGN_OR_RETURN_IMPL_(FIRN_JOIN_(firn_result_, __LINE__), declaration, expression)
#define FIRN_ASSIGN_OR_RETURN_IMPL_(result, declaration, expression) \
  auto result = (expression);                                        \
  if (!result.ok()) return std::move(result).status();               \
  declaration = std::move(result).value()
