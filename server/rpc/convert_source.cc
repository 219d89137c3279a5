#include "server/rpc/convert_source.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/fetch/url.h"
#include "core/refresh/board.h"
#include "server/rpc/convert.h"
#include "server/rpc/request.h"
#include "server/rpc/status.h"

namespace millrace {
namespace {

void SetCounts(const RefreshCounts& counts, v1::RefreshCounts* message) {
  message->set_page_count(counts.page_count);
  message->set_new_post_count(counts.new_post_count);
  message->set_updated_post_count(counts.updated_post_count);
  message->set_unchanged_post_count(counts.unchanged_post_count);
  message->set_failed_post_count(counts.failed_post_count);
  message->set_missing_post_count(counts.missing_post_count);
  message->set_failed_page_count(counts.failed_page_count);
  message->set_byte_count(counts.byte_count);
  message->set_lookup_request_count(counts.lookup_request_count);
  message->set_told_tag_count(counts.told_tag_count);
}

void SetDuration(int64_t duration_us, google::protobuf::Duration* message) {
  message->set_seconds(duration_us / 1'000'000);
  message->set_nanos(static_cast<int32_t>(duration_us % 1'000'000 * 1000));
}

absl::Status ReadInterval(const google::protobuf::Duration& interval, int64_t* interval_us) {
  // Far above what is allowed, and still far from where the product would overflow.
  constexpr int64_t kSecondsMax = 1'000'000'000;
  if (interval.seconds() < 0 || interval.nanos() < 0 || interval.seconds() > kSecondsMax) {
    return FieldError("interval", "is not in one minute to 366 days; 0 refreshes only when asked for");
  }
  *interval_us = interval.seconds() * 1'000'000 + interval.nanos() / 1000;
  return absl::OkStatus();
}

absl::Status CheckPosition(int64_t position) {
  if (position >= 0 && position <= kBoardPostIdMax) return absl::OkStatus();
  return FieldError("position", absl::StrCat(position, " is not in 0 to ", kBoardPostIdMax));
}

// A login and key were given for one server. Whoever may change an address, but never learns the key, must not have it
// sent to another.
absl::Status CheckCredentialsStay(const v1::UpdateSourceRequest& request, const SourceSettings& before,
                                  const SourceSettings& after) {
  if (before.login.empty() || (request.has_login() && request.has_api_key())) return absl::OkStatus();
  MILLRACE_ASSIGN_OR_RETURN(const Url old_url, ParseUrl(before.address));
  MILLRACE_ASSIGN_OR_RETURN(const Url new_url, ParseUrl(after.address));
  if (new_url.HasSameOrigin(old_url)) return absl::OkStatus();
  return FieldError("address",
                    absl::StrCat(new_url.Shown(), " is of another scheme, host or port than ", old_url.Shown(),
                                 ", which the stored login and api_key were given for. Send ",
                                 "login and api_key with it: those of the new address, or both empty."));
}

// What is followed is one board's list of what matches one query.
void ForgetChanges(const SourceSettings& before, SourceRecord* record) {
  const SourceSettings& after = record->settings;
  if (!after.follow_changes || after.address != before.address) record->changes = {};
  if (after.query != before.query) record->changes = {.position = record->changes.position};
}

}  // namespace

void SetSource(const SourceRecord& record, v1::Source* message) {
  const SourceSettings& settings = record.settings;
  message->set_name(settings.name);
  message->set_dataset(settings.dataset);
  message->set_kind(static_cast<v1::BoardKind>(settings.kind));
  message->set_address(settings.address);
  message->set_query(settings.query);
  message->set_page_size(settings.page_size);
  if (settings.interval_us != 0) {
    SetDuration(settings.interval_us, message->mutable_interval());
  }
  message->set_snapshot_after_refresh(settings.snapshot_after_refresh);
  message->set_mark_missing(settings.mark_missing);
  message->set_with_relations(settings.with_relations);
  message->set_follow_changes(settings.follow_changes);
  message->set_change_position(record.changes.position);
  message->set_has_credentials(!settings.login.empty());
  message->set_position(record.position);
  message->set_failed_page_count(record.failed_page_count);
  SetTimestamp(record.created_at_us, message->mutable_created_at());
  SetTimestamp(record.updated_at_us, message->mutable_updated_at());
  if (record.last_run_ended_at_us.has_value()) {
    SetTimestamp(*record.last_run_ended_at_us, message->mutable_last_refresh_ended_at());
  }
}

void SetRefreshRun(const RunRecord& run, v1::RefreshRun* message) {
  message->set_source(run.source);
  message->set_id(run.id);
  message->set_state(static_cast<v1::RefreshState>(run.state));
  message->set_trigger(static_cast<v1::RefreshTrigger>(run.trigger));
  SetTimestamp(run.started_at_us, message->mutable_started_at());
  if (run.ended_at_us.has_value()) SetTimestamp(*run.ended_at_us, message->mutable_ended_at());
  message->set_first_position(run.first_position);
  message->set_last_position(run.last_position);
  SetCounts(run.counts, message->mutable_counts());
  message->set_snapshot(run.snapshot);
  message->set_error_reason(run.error_reason);
  message->set_error_message(run.error_message);
  message->set_warning(run.warning);
}

void SetRefreshPage(const PageReport& report, v1::RefreshPage* message) {
  SetCounts(report.page, message->mutable_counts());
  SetCounts(report.total, message->mutable_total());
  message->set_after_id(report.after_id);
  message->set_position(report.position);
  message->set_is_retry(report.is_retry);
  message->set_by_change(report.by_change);
  if (!report.error.ok()) *message->mutable_error() = ToRpcStatus(report.error);
}

void SetRefreshWait(const absl::Status& error, absl::Duration wait, v1::RefreshWait* message) {
  SetDuration(absl::ToInt64Microseconds(wait), message->mutable_wait());
  *message->mutable_error() = ToRpcStatus(error);
}

absl::Status ReadSettings(const v1::CreateSourceRequest& request, SourceSettings* settings) {
  MILLRACE_RETURN_IF_ERROR(CheckEnum("kind", request.kind(), v1::BoardKind_IsValid));
  settings->name = request.name();
  settings->dataset = request.dataset();
  settings->kind = static_cast<BoardKind>(request.kind());
  settings->address = request.address();
  settings->query = request.query();
  settings->page_size = request.page_size();
  settings->snapshot_after_refresh = request.snapshot_after_refresh();
  settings->mark_missing = request.mark_missing();
  settings->with_relations = request.with_relations();
  settings->follow_changes = request.follow_changes();
  settings->login = request.login();
  settings->api_key = request.api_key();
  MILLRACE_RETURN_IF_ERROR(CheckPosition(request.position()));
  MILLRACE_RETURN_IF_ERROR(ReadInterval(request.interval(), &settings->interval_us));
  return CompleteSettings(settings);
}

absl::Status ApplyUpdate(const v1::UpdateSourceRequest& request, SourceRecord* record) {
  const SourceSettings before = record->settings;
  SourceSettings& settings = record->settings;
  if (request.has_address()) settings.address = request.address();
  if (request.has_query()) settings.query = request.query();
  if (request.has_page_size()) settings.page_size = request.page_size();
  if (request.has_interval()) MILLRACE_RETURN_IF_ERROR(ReadInterval(request.interval(), &settings.interval_us));
  if (request.has_snapshot_after_refresh()) settings.snapshot_after_refresh = request.snapshot_after_refresh();
  if (request.has_mark_missing()) settings.mark_missing = request.mark_missing();
  if (request.has_with_relations()) settings.with_relations = request.with_relations();
  if (request.has_follow_changes()) settings.follow_changes = request.follow_changes();
  if (request.has_login()) settings.login = request.login();
  if (request.has_api_key()) settings.api_key = request.api_key();
  if (request.has_position()) {
    MILLRACE_RETURN_IF_ERROR(CheckPosition(request.position()));
    record->position = record->cursor = request.position();
  }
  MILLRACE_RETURN_IF_ERROR(CompleteSettings(&settings));
  ForgetChanges(before, record);
  return CheckCredentialsStay(request, before, settings);
}

}  // namespace millrace
