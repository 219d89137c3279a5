#include "clients/cli/outcome.h"

#include <google/protobuf/struct.pb.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/display.h"
#include "clients/cli/format.h"
#include "clients/cli/json.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace millrace::cli {
namespace {

const char* CodeName(grpc::StatusCode code) {
  constexpr const char* kNames[] = {
      "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
      "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
      "DATA_LOSS", "UNAUTHENTICATED"};
  const auto index = static_cast<size_t>(code);
  return index < std::size(kNames) ? kNames[index] : "UNKNOWN";
}

// What to type next. The server's messages say what is wrong in its own terms; these are the program's.
struct ReasonHint {
  const char* reason;
  const char* hint;
};
constexpr ReasonHint kReasonHints[] = {
    {"DATASET_NOT_FOUND", "See which there are: millrace datasets list"},
    {"SNAPSHOT_NOT_FOUND", "See which there are: millrace snapshot list"},
    {"PLAN_NOT_FOUND", "See which there are: millrace plan list"},
    {"VOCABULARY_NOT_FOUND", "See which there are: millrace vocabulary list"},
    {"SOURCE_NOT_FOUND", "See which there are: millrace source list"},
    {"SOURCE_EXISTS", "See it: millrace source show NAME; change it: millrace source update NAME"},
    {"REFRESH_RUNNING", "See how far it is: millrace source runs"},
    {"FETCH_DISABLED", "Start the server with --allow-fetch."},
    {"SPLIT_NOT_FOUND", "See the plan's splits: millrace plan get PLAN"},
    {"PREFIX_AMBIGUOUS", "Give more digits; --full shows them all in tables."},
    {"SNAPSHOT_REQUIRED", "Create one: millrace snapshot create DATASET"},
    {"SNAPSHOT_IN_USE", "See its plans: millrace plan list --snapshot DIGEST"},
    {"SNAPSHOT_DAMAGED", "See what is damaged: millrace snapshot verify DIGEST"},
    {"RECORD_REJECTED", "Mend the record, or allow some: --max-rejected N (-1: any number)."},
    {"IMPORT_RUNNING", "Try again when it is done; see: millrace imports list"},
    {"IMPORT_IDLE", "When its source pauses for so long, write it to a file first and import the file."},
    {"REQUEST_ID_REUSED", "Choose another --request-id, or leave it out."},
    {"SHUTTING_DOWN", "The server is stopping. Try again when it is back."},
};

ExitCode ExitCodeOf(grpc::StatusCode code, std::string_view reason) {
  if (reason == "RECORD_REJECTED" || reason == "FILE_INVALID" || reason == "VOCABULARY_INVALID")
    return ExitCode::kDataRejected;
  switch (code) {
    case grpc::StatusCode::NOT_FOUND:
      return ExitCode::kNotFound;
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return ExitCode::kUnreachable;
    case grpc::StatusCode::DATA_LOSS:
      return ExitCode::kDataRejected;
    default:
      return ExitCode::kRefused;
  }
}

// Fills in what the status carries beyond code and message. Details that do not parse are no details.
void ReadDetails(const grpc::Status& status, Outcome& outcome) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return;
  for (const google::protobuf::Any& detail : details.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest bad_request;
    google::rpc::RetryInfo retry;
    if (detail.UnpackTo(&info)) {
      outcome.reason = info.reason();
      outcome.metadata.insert(info.metadata().begin(), info.metadata().end());
    } else if (detail.UnpackTo(&bad_request) && bad_request.field_violations_size() > 0) {
      outcome.field = bad_request.field_violations(0).field();
    } else if (detail.UnpackTo(&retry)) {
      outcome.hint = absl::StrCat("Try again in ", HumanDuration(retry.retry_delay()), ".");
    }
  }
}

// Errors that gRPC makes on this side carry no details, and their texts are about sockets and bytes.
void ExplainClientSide(const grpc::Status& status, const std::string& address, Outcome& outcome) {
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      outcome.message = absl::StrCat("cannot reach ", address, ": is millrace-server running?");
      outcome.hint = absl::StrCat("Start it with: millrace-server --listen ", address,
                                  "   or name another one: --address HOST:PORT");
      break;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      outcome.message = absl::StrCat(address, " did not answer in time");
      outcome.hint = "Allow more with --timeout 5m, or look at the server's log.";
      break;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      outcome.hint = "The answer is larger than the server sends or this program takes. Ask for less at a time.";
      break;
    case grpc::StatusCode::UNIMPLEMENTED:
      outcome.hint = absl::StrCat("Is ", address, " a Millrace server, and as new as this program?");
      break;
    default:
      break;
  }
}

}  // namespace

Outcome UsageError(std::string message, std::string hint) {
  return {ExitCode::kUsage, std::move(message), std::move(hint), "", "", "", {}};
}

Outcome LocalError(std::string message, std::string hint) {
  return {ExitCode::kRefused, std::move(message), std::move(hint), "", "", "", {}};
}

Outcome FileError(const std::string& verb, const std::string& path) {
  const int error_number = errno;
  const std::string reason = error_number == 0 ? std::string() : absl::StrCat(": ", std::strerror(error_number));
  return LocalError(absl::StrCat("cannot ", verb, " ", path, reason));
}

Outcome OutcomeOf(const grpc::Status& status, const std::string& address, bool interrupted) {
  Outcome outcome;
  if (status.ok()) return outcome;
  if (interrupted && status.error_code() == grpc::StatusCode::CANCELLED) {
    outcome.exit_code = ExitCode::kInterrupted;
    outcome.message = "interrupted";
    return outcome;
  }
  outcome.code = CodeName(status.error_code());
  outcome.message = status.error_message();
  ReadDetails(status, outcome);
  outcome.exit_code = ExitCodeOf(status.error_code(), outcome.reason);
  if (status.error_details().empty()) ExplainClientSide(status, address, outcome);
  for (const ReasonHint& entry : kReasonHints) {
    if (outcome.hint.empty() && outcome.reason == entry.reason) outcome.hint = entry.hint;
  }
  if (outcome.message.empty()) outcome.message = absl::StrCat("the server answered ", outcome.code);
  return outcome;
}

void PrintOutcome(const Outcome& outcome, bool json, bool color, std::ostream& err) {
  if (outcome.message.empty()) return;
  if (json) {
    google::protobuf::Struct document;
    auto& error = *(*document.mutable_fields())["error"].mutable_struct_value()->mutable_fields();
    error["exit_code"].set_number_value(static_cast<int>(outcome.exit_code));
    error["message"].set_string_value(outcome.message);
    error["hint"].set_string_value(outcome.hint);
    error["code"].set_string_value(outcome.code);
    error["reason"].set_string_value(outcome.reason);
    error["field"].set_string_value(outcome.field);
    auto& metadata = *error["metadata"].mutable_struct_value()->mutable_fields();
    for (const auto& [key, value] : outcome.metadata) metadata[key].set_string_value(value);
    PrintJson(document, err);
    return;
  }
  err << Paint("millrace:", "1;31", color) << ' ' << Printable(outcome.message);
  std::vector<std::string> facts;
  if (!outcome.code.empty()) facts.push_back(outcome.code);
  if (!outcome.reason.empty()) facts.push_back(outcome.reason);
  if (!outcome.field.empty()) facts.push_back(absl::StrCat("field ", outcome.field));
  if (!facts.empty()) err << " (" << Printable(absl::StrJoin(facts, ", ")) << ')';
  err << '\n';
  if (!outcome.hint.empty()) err << "  " << Printable(outcome.hint) << '\n';
  err.flush();
}

}  // namespace millrace::cli
