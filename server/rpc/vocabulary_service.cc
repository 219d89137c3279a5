#include "server/rpc/vocabulary_service.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/catalog/vocabulary_reference.h"
#include "core/vocabulary/vocabulary_codec.h"
#include "core/vocabulary/vocabulary_csv.h"
#include "server/rpc/call.h"
#include "server/rpc/convert.h"
#include "server/rpc/make_vocabulary.h"
#include "server/rpc/page_token.h"
#include "server/rpc/request.h"

namespace millrace {
namespace {

constexpr int64_t kEntriesPageSizeDefault = 1'000;
constexpr int64_t kEntriesPageSizeMax = 10'000;
// What a message takes beside the file in it.
constexpr size_t kMessageOverheadBytes = 64;

void SetVocabulary(const VocabularyRecord& record, v1::Vocabulary* message) {
  message->set_digest(record.digest);
  message->set_name(record.name);
  message->set_version(record.version);
  message->set_label_count(record.label_count);
  message->set_snapshot(record.snapshot);
  SetTimestamp(record.created_at_us, message->mutable_created_at());
}

void SetEntry(const VocabularyEntry& entry, v1::VocabularyEntry* message) {
  message->set_tag_id(entry.tag_id);
  message->set_name(entry.name);
  message->set_category(static_cast<v1::TagCategory>(entry.category));
  message->set_post_count(entry.post_count);
}

absl::StatusOr<int64_t> EntriesPageLimit(int32_t page_size) {
  if (page_size < 0) return FieldError("page_size", "must not be negative; 0 means 1,000");
  return page_size == 0 ? kEntriesPageSizeDefault : std::min<int64_t>(page_size, kEntriesPageSizeMax);
}

absl::Status CheckReference(std::string_view reference) {
  return reference.empty() ? FieldError("vocabulary", "is required")
                           : ParseVocabularyReference("vocabulary", reference).status();
}

// The vocabulary that a request names, whole.
absl::StatusOr<Vocabulary> Load(const ServiceDeps& deps, std::string_view reference, VocabularyRecord* record) {
  MILLRACE_RETURN_IF_ERROR(CheckReference(reference));
  MILLRACE_ASSIGN_OR_RETURN(StoredVocabulary stored, deps.catalog->GetVocabularyEntries(reference));
  *record = std::move(stored.record);
  return DecodeVocabulary(stored.entries, record->digest);
}

}  // namespace

absl::Status VocabularyService::Create(const v1::CreateVocabularyRequest& request,
                                       const std::function<bool()>& cancelled, v1::CreateVocabularyResponse* response) {
  MILLRACE_RETURN_IF_ERROR(CheckVocabularyName("name", request.name()));
  MILLRACE_ASSIGN_OR_RETURN(const MadeVocabulary made, MakeVocabulary(deps_, request, cancelled));
  VocabularyRecord record;
  record.name = request.name();
  record.digest = made.vocabulary.digest();
  record.label_count = made.vocabulary.label_count();
  record.snapshot = made.snapshot;
  record.created_at_us = absl::ToUnixMicros(absl::Now());
  MILLRACE_ASSIGN_OR_RETURN(const AddedVocabulary added,
                            deps_.catalog->AddVocabulary(record, EncodeVocabulary(made.vocabulary)));
  SetVocabulary(added.record, response->mutable_vocabulary());
  response->set_created(added.created);
  if (request.has_selection()) {
    const bool is_applied = request.selection().tags() == v1::TAG_READING_APPLIED;
    response->set_tags(is_applied ? v1::TAG_READING_APPLIED : v1::TAG_READING_AS_SAID);
  }
  return absl::OkStatus();
}

absl::Status VocabularyService::Get(const v1::GetVocabularyRequest& request, v1::GetVocabularyResponse* response) {
  MILLRACE_RETURN_IF_ERROR(CheckReference(request.vocabulary()));
  MILLRACE_ASSIGN_OR_RETURN(const VocabularyRecord record, deps_.catalog->GetVocabulary(request.vocabulary()));
  SetVocabulary(record, response->mutable_vocabulary());
  return absl::OkStatus();
}

absl::Status VocabularyService::List(const v1::ListVocabulariesRequest& request,
                                     v1::ListVocabulariesResponse* response) {
  const std::string binding = PageBinding("ListVocabularies", request);
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<PageCursor> cursor, DecodePageToken(binding, request.page_token()));
  MILLRACE_ASSIGN_OR_RETURN(const int64_t limit, PageLimit(request.page_size()));
  if (!request.name().empty()) MILLRACE_RETURN_IF_ERROR(CheckVocabularyName("name", request.name()));
  std::optional<VocabularyCursor> after;
  if (cursor.has_value()) after = VocabularyCursor{cursor->text, cursor->number};
  MILLRACE_ASSIGN_OR_RETURN(std::vector<VocabularyRecord> records,
                            deps_.catalog->ListVocabularies(request.name(), after, limit + 1));
  if (static_cast<int64_t>(records.size()) > limit) {
    records.resize(static_cast<size_t>(limit));
    response->set_next_page_token(EncodePageToken(binding, {records.back().name, records.back().version}));
  }
  for (const VocabularyRecord& record : records) SetVocabulary(record, response->add_vocabularies());
  return absl::OkStatus();
}

absl::Status VocabularyService::ListEntries(const v1::ListVocabularyEntriesRequest& request,
                                            v1::ListVocabularyEntriesResponse* response) {
  const std::string binding = PageBinding("ListVocabularyEntries", request);
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<PageCursor> cursor, DecodePageToken(binding, request.page_token()));
  MILLRACE_ASSIGN_OR_RETURN(const int64_t limit, EntriesPageLimit(request.page_size()));
  // The first page says which version a name means: a newer one must not continue it.
  const std::string reference =
      cursor.has_value() ? absl::StrCat(cursor->text, "@", cursor->number) : request.vocabulary();
  VocabularyRecord record;
  MILLRACE_ASSIGN_OR_RETURN(const Vocabulary vocabulary, Load(deps_, reference, &record));
  const std::vector<VocabularyEntry>& entries = vocabulary.entries();
  const size_t begin = cursor.has_value() ? std::min(static_cast<size_t>(cursor->id), entries.size()) : 0;
  size_t page_size_bytes = 0;
  for (size_t label = begin; label < entries.size(); ++label) {
    if (static_cast<int64_t>(label - begin) == limit || page_size_bytes >= kPageSizeBytesMax) {
      const PageCursor next{record.name, record.version, static_cast<int64_t>(label)};
      response->set_next_page_token(EncodePageToken(binding, next));
      break;
    }
    v1::VocabularyEntry* const message = response->add_entries();
    SetEntry(entries[label], message);
    page_size_bytes += message->ByteSizeLong();
  }
  return absl::OkStatus();
}

absl::Status VocabularyService::Export(const v1::ExportVocabularyRequest& request,
                                       v1::ExportVocabularyResponse* response) {
  VocabularyRecord record;
  MILLRACE_ASSIGN_OR_RETURN(const Vocabulary vocabulary, Load(deps_, request.vocabulary(), &record));
  std::string csv = VocabularyCsvOf(vocabulary.entries());
  if (csv.size() + kMessageOverheadBytes > deps_.sent_message_size_bytes_max) {
    return FieldError("vocabulary", absl::StrCat("its file of ", csv.size(), " bytes is more than the server sends, ",
                                                 deps_.sent_message_size_bytes_max,
                                                 " bytes: list its entries, or start the server with a larger "
                                                 "--max-message-bytes"));
  }
  response->set_csv(std::move(csv));
  return absl::OkStatus();
}

absl::Status VocabularyService::Delete(const v1::DeleteVocabularyRequest& request) {
  MILLRACE_RETURN_IF_ERROR(CheckReference(request.vocabulary()));
  const absl::StatusOr<VocabularyRecord> deleted = deps_.catalog->DeleteVocabulary(request.vocabulary());
  if (!deleted.ok()) {
    const bool is_missing = ReasonOf(deleted.status()) == Reason::kVocabularyNotFound;
    return is_missing && request.allow_missing() ? absl::OkStatus() : deleted.status();
  }
  // Another version may have the same labels; then the next use makes them again.
  labels_->Erase(deleted->digest);
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* VocabularyService::CreateVocabulary(grpc::CallbackServerContext* context,
                                                              const v1::CreateVocabularyRequest* request,
                                                              v1::CreateVocabularyResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.VocabularyService/CreateVocabulary", context,
                    [=, this](const auto& cancelled) { return Create(*request, cancelled, response); });
}

grpc::ServerUnaryReactor* VocabularyService::GetVocabulary(grpc::CallbackServerContext* context,
                                                           const v1::GetVocabularyRequest* request,
                                                           v1::GetVocabularyResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.VocabularyService/GetVocabulary", context,
                    [=, this](const auto&) { return Get(*request, response); });
}

grpc::ServerUnaryReactor* VocabularyService::ListVocabularies(grpc::CallbackServerContext* context,
                                                              const v1::ListVocabulariesRequest* request,
                                                              v1::ListVocabulariesResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.VocabularyService/ListVocabularies", context,
                    [=, this](const auto&) { return List(*request, response); });
}

grpc::ServerUnaryReactor* VocabularyService::ListVocabularyEntries(grpc::CallbackServerContext* context,
                                                                   const v1::ListVocabularyEntriesRequest* request,
                                                                   v1::ListVocabularyEntriesResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.VocabularyService/ListVocabularyEntries", context,
                    [=, this](const auto&) { return ListEntries(*request, response); });
}

grpc::ServerUnaryReactor* VocabularyService::ExportVocabulary(grpc::CallbackServerContext* context,
                                                              const v1::ExportVocabularyRequest* request,
                                                              v1::ExportVocabularyResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.VocabularyService/ExportVocabulary", context,
                    [=, this](const auto&) { return Export(*request, response); });
}

grpc::ServerUnaryReactor* VocabularyService::DeleteVocabulary(grpc::CallbackServerContext* context,
                                                              const v1::DeleteVocabularyRequest* request,
                                                              v1::DeleteVocabularyResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.VocabularyService/DeleteVocabulary", context,
                    [=, this](const auto&) { return Delete(*request); });
}

}  // namespace millrace
