// Errors that carry a reason a program can act on, beside the message for people. Core code makes them
// here; server/rpc turns them into google.rpc.ErrorInfo and BadRequest without knowing where they arose.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace millrace {

// Why a call failed. The one table (error.cc) maps each to its name (UPPER_SNAKE, the ErrorInfo.reason) and
// to its status code. A reason never changes its meaning; new ones are added at the end.
enum class Reason {
  kFieldInvalid,
  kPageTokenInvalid,
  kPrefixAmbiguous,
  kDatasetNotFound,
  kSnapshotNotFound,
  kPlanNotFound,
  kSplitNotFound,
  kTagNotFound,
  kPostNotFound,
  kSampleTooLarge,
  kStepPastEnd,
  kSnapshotRequired,
  kSnapshotEmpty,
  kSnapshotMissing,
  kSnapshotInUse,
  kSnapshotDamaged,
  kRecordRejected,
  kFileInvalid,
  kImportProtocol,
  kRequestIdReused,
  kImportRunning,
  kDiskFull,
  kIoError,
  kDataFolderLocked,
  kSchemaTooNew,
  kCatalogDamaged,
  kServerBusy,
  kShuttingDown,
  kConfigInvalid,
  kCancelled,
  kInternal,
  kImportIdle,
  kQueryInvalid,
  kSelectionEmpty,
  kTokenInvalid,
  kVocabularyNotFound,
  kVocabularyInvalid,
  kSourceNotFound,
  kSourceExists,
  kRefreshRunning,
  kFetchDisabled,
  kFetchRefused,
  kFetchFailed,
};

// The reason's name, as in ErrorInfo.reason.
std::string_view ReasonName(Reason reason);

// Facts about one error, for programs: "file" -> "posts.jsonl", "line" -> "17".
using ErrorMetadata = std::map<std::string, std::string>;

// A status with the reason's code. The message says what, which one, and what to do.
absl::Status MakeError(Reason reason, std::string_view message, const ErrorMetadata& metadata = {});

// A kFieldInvalid error about one request field. `field` is the path from the request ("spec.splits[1].share").
absl::Status FieldError(std::string_view field, std::string_view description);

// The error for errno `error_number` of an operation on `what` ("write DATA/x"): kDiskFull for ENOSPC and
// EDQUOT, kIoError for the rest.
absl::Status ErrnoError(int error_number, std::string_view what);

// What a status carries. Statuses that were not made here give kInternal (kCancelled for CANCELLED).
Reason ReasonOf(const absl::Status& status);
ErrorMetadata MetadataOf(const absl::Status& status);
// The field a kFieldInvalid error is about; empty for other errors.
std::string FieldOf(const absl::Status& status);

}  // namespace millrace

// Returns from the enclosing function when `expr` (an absl::Status) is not OK.
#define MILLRACE_RETURN_IF_ERROR(expr)                                                        \
  do {                                                                                        \
    if (absl::Status millrace_status = (expr); !millrace_status.ok()) return millrace_status; \
  } while (false)

// Defines `lhs` from `expr` (an absl::StatusOr), or returns its error from the enclosing function.
#define MILLRACE_ASSIGN_OR_RETURN(lhs, expr) \
  MILLRACE_ASSIGN_OR_RETURN_IMPL(MILLRACE_CONCAT(millrace_or_, __LINE__), lhs, expr)
#define MILLRACE_ASSIGN_OR_RETURN_IMPL(result, lhs, expr) \
  auto result = (expr);                                   \
  if (!result.ok()) return std::move(result).status();    \
  lhs = *std::move(result)
#define MILLRACE_CONCAT(a, b) MILLRACE_CONCAT_IMPL(a, b)
#define MILLRACE_CONCAT_IMPL(a, b) a##b
