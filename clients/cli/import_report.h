// What an import says of itself: progress, rejected records, the result.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "clients/cli/display.h"
#include "clients/cli/import_files.h"
#include "clients/cli/progress.h"
#include "millrace/v1/import_service.pb.h"

namespace millrace::cli {

// `total_byte_count`: of all files, when known.
ProgressView ImportProgressView(const v1::ImportProgress& progress, std::optional<int64_t> total_byte_count,
                                absl::Duration elapsed);

// "posts.jsonl:17: md5: not 32 hexadecimal digits (post 4711)"; without line or field what is not known is left out.
std::string RejectedText(const v1::RejectedRecord& rejected);

// Says which files of folders are not sent, and why: those that hold data by name; of the others some, and how many.
void PrintSkipped(const InputFiles& input, std::ostream& err);

// How many tags, aliases, implications, pools and artists lists brought, whether the dataset knew them or not.
int64_t ListedCount(const v1::ImportResult& result);

// Of an import that brought only lists, nothing is said of posts.
void PrintImportResult(const v1::ImportResult& result, const std::string& request_id, absl::Duration elapsed, bool full,
                       const Terminal& terminal, std::ostream& out);

}  // namespace millrace::cli
