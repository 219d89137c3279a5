#include "server/rpc/source_service.h"

#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/catalog/source_store.h"
#include "server/rpc/call.h"
#include "server/rpc/convert_source.h"
#include "server/rpc/page_token.h"
#include "server/rpc/refresh_stream.h"
#include "server/rpc/refused_stream.h"
#include "server/rpc/request.h"

namespace millrace {

absl::Status SourceService::Create(const v1::CreateSourceRequest& request, v1::CreateSourceResponse* response) {
  SourceSettings settings;
  MILLRACE_RETURN_IF_ERROR(ReadSettings(request, &settings));
  MILLRACE_ASSIGN_OR_RETURN(const AddedSource added, deps_.catalog->sources().Add(settings, request.position()));
  SetSource(added.record, response->mutable_source());
  response->set_created(added.created);
  return absl::OkStatus();
}

absl::Status SourceService::Get(const v1::GetSourceRequest& request, v1::GetSourceResponse* response) {
  MILLRACE_RETURN_IF_ERROR(CheckName("name", request.name()));
  MILLRACE_ASSIGN_OR_RETURN(const SourceRecord record, deps_.catalog->sources().Get(request.name()));
  SetSource(record, response->mutable_source());
  return absl::OkStatus();
}

absl::Status SourceService::List(const v1::ListSourcesRequest& request, v1::ListSourcesResponse* response) {
  const std::string binding = PageBinding("ListSources", request);
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<PageCursor> cursor, DecodePageToken(binding, request.page_token()));
  MILLRACE_ASSIGN_OR_RETURN(const int64_t limit, PageLimit(request.page_size()));
  MILLRACE_ASSIGN_OR_RETURN(std::vector<SourceRecord> records,
                            deps_.catalog->sources().List(cursor.has_value() ? cursor->text : "", limit + 1));
  if (static_cast<int64_t>(records.size()) > limit) {
    records.resize(static_cast<size_t>(limit));
    response->set_next_page_token(EncodePageToken(binding, {records.back().settings.name}));
  }
  for (const SourceRecord& record : records) SetSource(record, response->add_sources());
  return absl::OkStatus();
}

absl::Status SourceService::Update(const v1::UpdateSourceRequest& request, v1::UpdateSourceResponse* response) {
  MILLRACE_RETURN_IF_ERROR(CheckName("name", request.name()));
  const auto change = [&](SourceRecord* updated) { return ApplyUpdate(request, updated); };
  SourceStore& store = deps_.catalog->sources();
  const bool moves = request.has_position() || request.has_follow_changes();
  MILLRACE_ASSIGN_OR_RETURN(const SourceRecord record, moves ? store.UpdateWithPosition(request.name(), change)
                                                             : store.Update(request.name(), change));
  SetSource(record, response->mutable_source());
  return absl::OkStatus();
}

absl::Status SourceService::Delete(const v1::DeleteSourceRequest& request) {
  MILLRACE_RETURN_IF_ERROR(CheckName("name", request.name()));
  const absl::Status deleted = deps_.catalog->sources().Delete(request.name());
  const bool is_missing = ReasonOf(deleted) == Reason::kSourceNotFound;
  return is_missing && request.allow_missing() ? absl::OkStatus() : deleted;
}

absl::Status SourceService::ListRuns(const v1::ListRefreshRunsRequest& request, v1::ListRefreshRunsResponse* response) {
  const std::string binding = PageBinding("ListRefreshRuns", request);
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<PageCursor> cursor, DecodePageToken(binding, request.page_token()));
  MILLRACE_ASSIGN_OR_RETURN(const int64_t limit, PageLimit(request.page_size()));
  if (!request.source().empty()) MILLRACE_RETURN_IF_ERROR(CheckName("source", request.source()));
  std::optional<int64_t> before_id;
  if (cursor.has_value()) before_id = cursor->id;
  MILLRACE_ASSIGN_OR_RETURN(std::vector<RunRecord> runs,
                            deps_.catalog->sources().ListRuns(request.source(), before_id, limit + 1));
  if (static_cast<int64_t>(runs.size()) > limit) {
    runs.resize(static_cast<size_t>(limit));
    response->set_next_page_token(EncodePageToken(binding, {"", 0, runs.back().id}));
  }
  for (const RunRecord& run : runs) SetRefreshRun(run, response->add_runs());
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* SourceService::CreateSource(grpc::CallbackServerContext* context,
                                                      const v1::CreateSourceRequest* request,
                                                      v1::CreateSourceResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.SourceService/CreateSource", context,
                    [=, this](const auto&) { return Create(*request, response); });
}

grpc::ServerUnaryReactor* SourceService::GetSource(grpc::CallbackServerContext* context,
                                                   const v1::GetSourceRequest* request,
                                                   v1::GetSourceResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.SourceService/GetSource", context,
                    [=, this](const auto&) { return Get(*request, response); });
}

grpc::ServerUnaryReactor* SourceService::ListSources(grpc::CallbackServerContext* context,
                                                     const v1::ListSourcesRequest* request,
                                                     v1::ListSourcesResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.SourceService/ListSources", context,
                    [=, this](const auto&) { return List(*request, response); });
}

grpc::ServerUnaryReactor* SourceService::UpdateSource(grpc::CallbackServerContext* context,
                                                      const v1::UpdateSourceRequest* request,
                                                      v1::UpdateSourceResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.SourceService/UpdateSource", context,
                    [=, this](const auto&) { return Update(*request, response); });
}

grpc::ServerUnaryReactor* SourceService::DeleteSource(grpc::CallbackServerContext* context,
                                                      const v1::DeleteSourceRequest* request,
                                                      v1::DeleteSourceResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.SourceService/DeleteSource", context,
                    [=, this](const auto&) { return Delete(*request); });
}

grpc::ServerWriteReactor<v1::RefreshSourceResponse>* SourceService::RefreshSource(
    grpc::CallbackServerContext* context, const v1::RefreshSourceRequest* request) {
  if (!deps_.call_pool->Admit()) {
    return new RefusedStream<v1::RefreshSourceResponse>(
        deps_.call_pool->refusals().Refuse(RefreshStream::kMethod, *context));
  }
  auto* const stream = new RefreshStream(deps_, context, *request);
  stream->Start();
  return stream;
}

grpc::ServerUnaryReactor* SourceService::ListRefreshRuns(grpc::CallbackServerContext* context,
                                                         const v1::ListRefreshRunsRequest* request,
                                                         v1::ListRefreshRunsResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.SourceService/ListRefreshRuns", context,
                    [=, this](const auto&) { return ListRuns(*request, response); });
}

}  // namespace millrace
