#include "server/rpc/import_service.h"

#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "server/rpc/call.h"
#include "server/rpc/convert.h"
#include "server/rpc/convert_import.h"
#include "server/rpc/import_reactor.h"
#include "server/rpc/page_token.h"
#include "server/rpc/request.h"

namespace millrace {

absl::Status ImportService::List(const v1::ListImportsRequest& request, v1::ListImportsResponse* response) {
  const std::string binding = PageBinding("ListImports", request);
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<PageCursor> cursor, DecodePageToken(binding, request.page_token()));
  MILLRACE_ASSIGN_OR_RETURN(const int64_t limit, PageLimit(request.page_size()));
  if (!request.dataset().empty()) MILLRACE_RETURN_IF_ERROR(CheckName("dataset", request.dataset()));
  MILLRACE_ASSIGN_OR_RETURN(std::vector<ImportRecord> records,
                            deps_.catalog->ListImports(request.dataset(), TimeCursorOf(cursor), limit + 1));
  if (static_cast<int64_t>(records.size()) > limit) {
    records.resize(static_cast<size_t>(limit));
    response->set_next_page_token(
        EncodePageToken(binding, {records.back().outcome.import_id, records.back().started_at_us}));
  }
  for (const ImportRecord& record : records) SetImportRecord(record, response->add_imports());
  return absl::OkStatus();
}

grpc::ServerBidiReactor<v1::ImportRequest, v1::ImportResponse>* ImportService::Import(
    grpc::CallbackServerContext* context) {
  return new ImportReactor(deps_, context);
}

grpc::ServerUnaryReactor* ImportService::ListImports(grpc::CallbackServerContext* context,
                                                     const v1::ListImportsRequest* request,
                                                     v1::ListImportsResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.ImportService/ListImports", context,
                    [=, this](const auto&) { return List(*request, response); });
}

}  // namespace millrace
