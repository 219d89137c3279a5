#include "core/base/error.h"

#include <cerrno>
#include <cstring>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace millrace {
namespace {

struct ReasonEntry {
  Reason reason;
  const char* name;
  absl::StatusCode code;
};

constexpr ReasonEntry kReasons[] = {
    {Reason::kFieldInvalid, "FIELD_INVALID", absl::StatusCode::kInvalidArgument},
    {Reason::kPageTokenInvalid, "PAGE_TOKEN_INVALID", absl::StatusCode::kInvalidArgument},
    {Reason::kPrefixAmbiguous, "PREFIX_AMBIGUOUS", absl::StatusCode::kInvalidArgument},
    {Reason::kDatasetNotFound, "DATASET_NOT_FOUND", absl::StatusCode::kNotFound},
    {Reason::kSnapshotNotFound, "SNAPSHOT_NOT_FOUND", absl::StatusCode::kNotFound},
    {Reason::kPlanNotFound, "PLAN_NOT_FOUND", absl::StatusCode::kNotFound},
    {Reason::kSplitNotFound, "SPLIT_NOT_FOUND", absl::StatusCode::kNotFound},
    {Reason::kTagNotFound, "TAG_NOT_FOUND", absl::StatusCode::kNotFound},
    {Reason::kPostNotFound, "POST_NOT_FOUND", absl::StatusCode::kNotFound},
    {Reason::kSampleTooLarge, "SAMPLE_TOO_LARGE", absl::StatusCode::kOutOfRange},
    {Reason::kStepPastEnd, "STEP_PAST_END", absl::StatusCode::kOutOfRange},
    {Reason::kSnapshotRequired, "SNAPSHOT_REQUIRED", absl::StatusCode::kFailedPrecondition},
    {Reason::kSnapshotEmpty, "SNAPSHOT_EMPTY", absl::StatusCode::kFailedPrecondition},
    {Reason::kSnapshotMissing, "SNAPSHOT_MISSING", absl::StatusCode::kFailedPrecondition},
    {Reason::kSnapshotInUse, "SNAPSHOT_IN_USE", absl::StatusCode::kFailedPrecondition},
    {Reason::kSnapshotDamaged, "SNAPSHOT_DAMAGED", absl::StatusCode::kDataLoss},
    {Reason::kRecordRejected, "RECORD_REJECTED", absl::StatusCode::kInvalidArgument},
    {Reason::kFileInvalid, "FILE_INVALID", absl::StatusCode::kInvalidArgument},
    {Reason::kImportProtocol, "IMPORT_PROTOCOL", absl::StatusCode::kInvalidArgument},
    {Reason::kRequestIdReused, "REQUEST_ID_REUSED", absl::StatusCode::kAlreadyExists},
    {Reason::kImportRunning, "IMPORT_RUNNING", absl::StatusCode::kAborted},
    {Reason::kDiskFull, "DISK_FULL", absl::StatusCode::kResourceExhausted},
    {Reason::kIoError, "IO_ERROR", absl::StatusCode::kInternal},
    {Reason::kDataFolderLocked, "DATA_FOLDER_LOCKED", absl::StatusCode::kFailedPrecondition},
    {Reason::kSchemaTooNew, "SCHEMA_TOO_NEW", absl::StatusCode::kFailedPrecondition},
    {Reason::kCatalogDamaged, "CATALOG_DAMAGED", absl::StatusCode::kDataLoss},
    {Reason::kServerBusy, "SERVER_BUSY", absl::StatusCode::kResourceExhausted},
    {Reason::kShuttingDown, "SHUTTING_DOWN", absl::StatusCode::kUnavailable},
    {Reason::kConfigInvalid, "CONFIG_INVALID", absl::StatusCode::kInvalidArgument},
    {Reason::kCancelled, "CANCELLED", absl::StatusCode::kCancelled},
    {Reason::kInternal, "INTERNAL", absl::StatusCode::kInternal},
    {Reason::kImportIdle, "IMPORT_IDLE", absl::StatusCode::kAborted},
    {Reason::kQueryInvalid, "QUERY_INVALID", absl::StatusCode::kInvalidArgument},
    {Reason::kSelectionEmpty, "SELECTION_EMPTY", absl::StatusCode::kFailedPrecondition},
    {Reason::kTokenInvalid, "TOKEN_INVALID", absl::StatusCode::kInvalidArgument},
    {Reason::kVocabularyNotFound, "VOCABULARY_NOT_FOUND", absl::StatusCode::kNotFound},
    {Reason::kVocabularyInvalid, "VOCABULARY_INVALID", absl::StatusCode::kInvalidArgument},
    {Reason::kSourceNotFound, "SOURCE_NOT_FOUND", absl::StatusCode::kNotFound},
    {Reason::kSourceExists, "SOURCE_EXISTS", absl::StatusCode::kAlreadyExists},
    {Reason::kRefreshRunning, "REFRESH_RUNNING", absl::StatusCode::kAborted},
    {Reason::kFetchDisabled, "FETCH_DISABLED", absl::StatusCode::kFailedPrecondition},
    {Reason::kFetchRefused, "FETCH_REFUSED", absl::StatusCode::kFailedPrecondition},
    {Reason::kFetchFailed, "FETCH_FAILED", absl::StatusCode::kUnavailable},
};

const ReasonEntry& Entry(Reason reason) {
  for (const ReasonEntry& entry : kReasons) {
    if (entry.reason == reason) return entry;
  }
  return Entry(Reason::kInternal);
}

constexpr char kReasonUrl[] = "millrace/reason";
constexpr char kFieldUrl[] = "millrace/field";
constexpr char kMetadataPrefix[] = "millrace/metadata/";

}  // namespace

std::string_view ReasonName(Reason reason) { return Entry(reason).name; }

absl::Status MakeError(Reason reason, std::string_view message, const ErrorMetadata& metadata) {
  const ReasonEntry& entry = Entry(reason);
  absl::Status status(entry.code, absl::string_view(message.data(), message.size()));
  status.SetPayload(kReasonUrl, absl::Cord(entry.name));
  for (const auto& [key, value] : metadata) {
    status.SetPayload(absl::StrCat(kMetadataPrefix, key), absl::Cord(value));
  }
  return status;
}

absl::Status FieldError(std::string_view field, std::string_view description) {
  const std::string field_name(field);
  absl::Status status = MakeError(Reason::kFieldInvalid, absl::StrCat(field_name, ": ", std::string(description)));
  status.SetPayload(kFieldUrl, absl::Cord(field_name));
  return status;
}

absl::Status ErrnoError(int error_number, std::string_view what) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  const std::string cause = absl::StrCat(std::string(what), ": ", std::strerror(error_number));
  return full ? MakeError(Reason::kDiskFull, absl::StrCat(cause, ". Free some space and try again."))
              : MakeError(Reason::kIoError, cause);
}

Reason ReasonOf(const absl::Status& status) {
  if (const auto payload = status.GetPayload(kReasonUrl); payload.has_value()) {
    for (const ReasonEntry& entry : kReasons) {
      if (*payload == entry.name) return entry.reason;
    }
  }
  return status.code() == absl::StatusCode::kCancelled ? Reason::kCancelled : Reason::kInternal;
}

ErrorMetadata MetadataOf(const absl::Status& status) {
  ErrorMetadata metadata;
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    constexpr size_t kPrefixSize = sizeof(kMetadataPrefix) - 1;
    if (url.substr(0, kPrefixSize) == kMetadataPrefix) {
      metadata.emplace(std::string(url.substr(kPrefixSize)), std::string(payload));
    }
  });
  return metadata;
}

std::string FieldOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kFieldUrl);
  return payload.has_value() ? std::string(*payload) : std::string();
}

}  // namespace millrace
