// Every way a call can fail leads to its documented exit code, and to words about what to do. Statuses are made as
// a server makes them, with details, and as gRPC makes them on this side, without.
#include "clients/cli/outcome.h"

#include <sstream>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/support/catch.h"

namespace millrace::cli {
namespace {

grpc::Status ServerStatus(grpc::StatusCode code, const std::string& reason, const std::string& field = "") {
  google::rpc::Status details;
  details.set_code(static_cast<int>(code));
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("millrace");
  (*info.mutable_metadata())["key"] = "value";
  details.add_details()->PackFrom(info);
  if (!field.empty()) {
    google::rpc::BadRequest bad_request;
    bad_request.add_field_violations()->set_field(field);
    details.add_details()->PackFrom(bad_request);
  }
  return grpc::Status(code, "the message", details.SerializeAsString());
}

ExitCode CodeOf(const grpc::Status& status) { return OutcomeOf(status, "host:1", false).exit_code; }

std::string Printed(const Outcome& outcome, bool json) {
  std::ostringstream err;
  PrintOutcome(outcome, json, false, err);
  return err.str();
}

TEST_CASE("each kind of failure has its exit code") {
  using grpc::StatusCode;
  CHECK(CodeOf(grpc::Status::OK) == ExitCode::kOk);
  CHECK(CodeOf(ServerStatus(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID")) == ExitCode::kRefused);
  CHECK(CodeOf(ServerStatus(StatusCode::FAILED_PRECONDITION, "SNAPSHOT_IN_USE")) == ExitCode::kRefused);
  CHECK(CodeOf(ServerStatus(StatusCode::NOT_FOUND, "PLAN_NOT_FOUND")) == ExitCode::kNotFound);
  CHECK(CodeOf(ServerStatus(StatusCode::UNAVAILABLE, "SHUTTING_DOWN")) == ExitCode::kUnreachable);
  CHECK(CodeOf(grpc::Status(StatusCode::UNAVAILABLE, "refused")) == ExitCode::kUnreachable);
  CHECK(CodeOf(grpc::Status(StatusCode::DEADLINE_EXCEEDED, "late")) == ExitCode::kUnreachable);
  CHECK(CodeOf(ServerStatus(StatusCode::INVALID_ARGUMENT, "RECORD_REJECTED")) == ExitCode::kDataRejected);
  CHECK(CodeOf(ServerStatus(StatusCode::INVALID_ARGUMENT, "FILE_INVALID")) == ExitCode::kDataRejected);
  CHECK(CodeOf(ServerStatus(StatusCode::DATA_LOSS, "SNAPSHOT_DAMAGED")) == ExitCode::kDataRejected);
}

TEST_CASE("only the user's own cancelling counts as interrupted") {
  const grpc::Status cancelled(grpc::StatusCode::CANCELLED, "cancelled");
  CHECK(OutcomeOf(cancelled, "host:1", true).exit_code == ExitCode::kInterrupted);
  CHECK(OutcomeOf(cancelled, "host:1", false).exit_code == ExitCode::kRefused);
}

TEST_CASE("a server's error shows its code, reason and field") {
  const Outcome outcome =
      OutcomeOf(ServerStatus(grpc::StatusCode::INVALID_ARGUMENT, "FIELD_INVALID", "spec.batch_size"), "host:1", false);
  CHECK(Printed(outcome, false) == "millrace: the message (INVALID_ARGUMENT, FIELD_INVALID, field spec.batch_size)\n");
}

TEST_CASE("a hint follows on a second line where there is one") {
  const Outcome outcome = OutcomeOf(ServerStatus(grpc::StatusCode::NOT_FOUND, "PLAN_NOT_FOUND"), "host:1", false);
  CHECK(Printed(outcome, false) ==
        "millrace: the message (NOT_FOUND, PLAN_NOT_FOUND)\n  See which there are: millrace plan list\n");
}

TEST_CASE("when no server answers, the message says where it looked and what to start") {
  const std::string text =
      Printed(OutcomeOf(grpc::Status(grpc::StatusCode::UNAVAILABLE, "socket words"), "host:1", false), false);
  CHECK(text.find("cannot reach host:1: is millrace-server running?") != std::string::npos);
  CHECK(text.find("millrace-server --listen host:1") != std::string::npos);
  CHECK(text.find("socket words") == std::string::npos);
}

TEST_CASE("a server's wish to be retried later is told") {
  google::rpc::Status details;
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(2);
  details.add_details()->PackFrom(retry);
  const grpc::Status status(grpc::StatusCode::RESOURCE_EXHAUSTED, "busy", details.SerializeAsString());
  CHECK(OutcomeOf(status, "host:1", false).hint.find("2.0 s") != std::string::npos);
}

TEST_CASE("for programs the error is one JSON document on one line") {
  const Outcome outcome = OutcomeOf(ServerStatus(grpc::StatusCode::NOT_FOUND, "PLAN_NOT_FOUND"), "host:1", false);
  const std::string json = Printed(outcome, true);
  CHECK(json.find('\n') == json.size() - 1);
  CHECK(json.find("\"exit_code\":3") != std::string::npos);
  CHECK(json.find("\"reason\":\"PLAN_NOT_FOUND\"") != std::string::npos);
  CHECK(json.find("\"metadata\":{\"key\":\"value\"}") != std::string::npos);
}

TEST_CASE("a message cannot steer the terminal, and damaged details do no harm") {
  CHECK(Printed(UsageError("a\x1b[2Jb"), false) == "millrace: a\\x1b[2Jb\n");
  const grpc::Status status(grpc::StatusCode::INTERNAL, "m", "\xff\xff not a message");
  CHECK(OutcomeOf(status, "host:1", false).message == "m");
}

}  // namespace
}  // namespace millrace::cli
