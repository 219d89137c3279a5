// Goal: an error carries its reason, field and facts from where it arises to where it is answered.
// Method: each is put in and taken out; the table is checked for gaps.

#include "core/base/error.h"

#include <cerrno>
#include <set>

#include "absl/status/statusor.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

TEST_CASE("an error gives back its reason, code, message and facts") {
  const absl::Status status =
      MakeError(Reason::kRecordRejected, "line 17 is bad", {{"file", "posts.jsonl"}, {"line", "17"}});
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(status.message() == "line 17 is bad");
  CHECK(ReasonOf(status) == Reason::kRecordRejected);
  CHECK(MetadataOf(status) == ErrorMetadata{{"file", "posts.jsonl"}, {"line", "17"}});
  CHECK(FieldOf(status).empty());
}

TEST_CASE("a field error names its field, also in the message") {
  const absl::Status status = FieldError("spec.splits[1].share", "must not be negative");
  CHECK(ReasonOf(status) == Reason::kFieldInvalid);
  CHECK(FieldOf(status) == "spec.splits[1].share");
  CHECK(status.message() == "spec.splits[1].share: must not be negative");
}

TEST_CASE("every reason has a name of its own and an error code") {
  std::set<std::string> names;
  for (int i = 0; i <= static_cast<int>(Reason::kFetchFailed); ++i) {
    const Reason reason = static_cast<Reason>(i);
    CAPTURE(i);
    CHECK(names.insert(std::string(ReasonName(reason))).second);
    const absl::Status status = MakeError(reason, "x");
    CHECK(!status.ok());
    CHECK(ReasonOf(status) == reason);
  }
}

TEST_CASE("errors of the system: a full disk is told from the rest") {
  CHECK(ReasonOf(ErrnoError(ENOSPC, "write x")) == Reason::kDiskFull);
  CHECK(ReasonOf(ErrnoError(EDQUOT, "write x")) == Reason::kDiskFull);
  const absl::Status status = ErrnoError(EACCES, "write x");
  CHECK(ReasonOf(status) == Reason::kIoError);
  CHECK(status.message() == "write x: Permission denied");
}

TEST_CASE("statuses from elsewhere are internal, unless they say cancelled") {
  CHECK(ReasonOf(absl::NotFoundError("x")) == Reason::kInternal);
  CHECK(ReasonOf(absl::CancelledError("x")) == Reason::kCancelled);
  CHECK(MetadataOf(absl::NotFoundError("x")).empty());
}

absl::Status Chain(const absl::StatusOr<int>& first, int* value) {
  MILLRACE_ASSIGN_OR_RETURN(*value, first);
  MILLRACE_RETURN_IF_ERROR(absl::OkStatus());
  return absl::OkStatus();
}

TEST_CASE("the macros hand an error on whole, and a value through") {
  int value = 0;
  CHECK(Chain(7, &value).ok());
  CHECK(value == 7);
  CHECK(FieldOf(Chain(FieldError("f", "x"), &value)) == "f");
  CHECK(value == 7);
}

}  // namespace
}  // namespace millrace
