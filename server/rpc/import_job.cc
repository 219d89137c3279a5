#include "server/rpc/import_job.h"

#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/ingest/compile.h"
#include "server/rpc/call.h"
#include "server/rpc/convert_import.h"
#include "server/rpc/status.h"

namespace millrace {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kProgressInterval(1000);
// How soon a job that waits for the client notices that the server is stopping.
constexpr milliseconds kWakeInterval(200);
constexpr int64_t kReportedCountDefault = 1000;

}  // namespace

absl::Status ImportJob::Run() {
  if (Stopped()) return Explain(AbandonedError());
  MILLRACE_ASSIGN_OR_RETURN(BegunImport begun,
                            deps_.catalog->BeginImport({start_.dataset(), start_.request_id(), start_.format()}));
  if (ImportOutcome* outcome = std::get_if<ImportOutcome>(&begun); outcome != nullptr) {
    Answer(std::move(*outcome), /*already_imported=*/true);
    return absl::OkStatus();
  }
  const std::unique_ptr<ImportSession> session = std::move(std::get<std::unique_ptr<ImportSession>>(begun));
  EnterStage(v1::IMPORT_STAGE_READING);
  absl::Status status = TakeAll(session.get());
  if (status.ok() && Stopped()) status = AbandonedError();
  if (!status.ok()) {
    status = Explain(std::move(status));
    session->Abort(status);
    return status;
  }
  return CommitAndAnswer(session.get());
}

absl::Status ImportJob::TakeAll(ImportSession* session) {
  PipelineOptions options;
  options.format = static_cast<SourceFormat>(start_.format());
  options.max_rejected_count = start_.max_rejected_count();
  options.apply_aliases = start_.apply_aliases();
  options.spool_folder = deps_.spool_folder;
  options.on_rejected = [this](const RejectedRecord& rejected) { Reject(rejected); };
  options.cancelled = [this] { return StoppedWhileBusy(); };
  MILLRACE_ASSIGN_OR_RETURN(const std::unique_ptr<ImportPipeline> pipeline,
                            ImportPipeline::Create(session, std::move(options)));
  pipeline_ = pipeline.get();
  absl::Status status;
  while (status.ok()) {
    const absl::StatusOr<bool> has_more = TakeNext(pipeline.get());
    status = has_more.status();
    if (status.ok() && !*has_more) break;
  }
  if (status.ok()) status = pipeline->Finish();
  progress_ = pipeline->progress();
  pipeline_ = nullptr;
  return status;
}

absl::StatusOr<bool> ImportJob::TakeNext(ImportPipeline* pipeline) {
  if (StoppedWhileBusy()) return AbandonedError();
  const absl::StatusOr<std::optional<v1::ImportRequest>> received = peer_.Receive(kWakeInterval);
  if (!received.ok()) {
    // A client may end because it has heard of a record that is one too many: that fault was first.
    if (ReasonOf(received.status()) != Reason::kCancelled) MILLRACE_RETURN_IF_ERROR(pipeline->Settle());
    return received.status();
  }
  const std::optional<v1::ImportRequest>& message = *received;
  if (!message.has_value()) {
    silence_ += kWakeInterval;
    if (silence_ >= idle_timeout_) return ClientSilentError();
    // A client that waits for what became of its records hears of it though it sends nothing.
    MILLRACE_RETURN_IF_ERROR(pipeline->Settle());
    return true;
  }
  silence_ = milliseconds(0);
  if (message->has_end()) return false;
  if (message->has_file()) {
    MILLRACE_RETURN_IF_ERROR(BeginFile(pipeline, message->file()));
  } else {
    MILLRACE_RETURN_IF_ERROR(pipeline->Feed(message->chunk()));
  }
  return true;
}

absl::Status ImportJob::BeginFile(ImportPipeline* pipeline, const v1::ImportFile& file) {
  std::optional<PictureFacts> picture;
  if (file.has_picture()) picture = PictureFactsOf(file.picture());
  MILLRACE_RETURN_IF_ERROR(pipeline->BeginFile(file.name(), static_cast<Compression>(file.compression()),
                                               picture.has_value() ? &*picture : nullptr));
  return file.content().empty() ? absl::OkStatus() : pipeline->Feed(file.content());
}

absl::Status ImportJob::CommitAndAnswer(ImportSession* session) {
  EnterStage(v1::IMPORT_STAGE_COMMITTING);
  ImportCounts counts;
  counts.format = static_cast<int32_t>(progress_.format);
  counts.rejected_count = progress_.rejected_count;
  counts.duplicate_tag_count = progress_.duplicate_tag_count;
  counts.byte_count = progress_.byte_count;
  MILLRACE_ASSIGN_OR_RETURN(ImportOutcome outcome, session->Commit(counts));
  Answer(std::move(outcome), /*already_imported=*/false);
  return absl::OkStatus();
}

void ImportJob::Answer(ImportOutcome outcome, bool already_imported) {
  v1::ImportResponse response;
  v1::ImportResult* result = response.mutable_result();
  // A repeated request also makes up for a snapshot that the first one did not come to.
  if (outcome.snapshot.empty() && !start_.skip_snapshot()) {
    absl::StatusOr<std::string> digest = Compile(outcome);
    if (digest.ok()) {
      outcome.snapshot = *std::move(digest);
    } else {
      *result->mutable_snapshot_error() = ToRpcStatus(Explain(digest.status()));
    }
  }
  SetImportResult(outcome, result);
  result->set_already_imported(already_imported);
  Send(std::move(response));
}

absl::StatusOr<std::string> ImportJob::Compile(const ImportOutcome& outcome) {
  EnterStage(v1::IMPORT_STAGE_COMPILING);
  MILLRACE_ASSIGN_OR_RETURN(
      const CompiledSnapshot compiled,
      CompileSnapshot(*deps_.catalog, *deps_.snapshots, outcome.dataset, [this] { return StoppedWhileBusy(); }));
  MILLRACE_RETURN_IF_ERROR(deps_.catalog->SetImportSnapshot(outcome.import_id, compiled.record.digest));
  return compiled.record.digest;
}

void ImportJob::Reject(const RejectedRecord& rejected) {
  const int64_t reported_count_max =
      start_.max_reported_count() == 0 ? kReportedCountDefault : start_.max_reported_count();
  // One timeout is enough: the pipeline may bring more records before it asks whether to stop.
  if (reported_count_ >= reported_count_max || is_client_silent_) return;
  ++reported_count_;
  v1::ImportResponse response;
  SetRejectedRecord(rejected, response.mutable_rejected());
  Send(std::move(response));
}

void ImportJob::Send(v1::ImportResponse response) {
  if (!peer_.Send(std::move(response), idle_timeout_)) is_client_silent_ = true;
}

absl::Status ImportJob::ClientSilentError() const {
  return MakeError(Reason::kImportIdle,
                   absl::StrCat("the client was silent for ", absl::FormatDuration(deps_.import_idle_timeout),
                                ", and the import is given up so that others can run; nothing was changed. Import "
                                "again from a source that does not pause for so long, or raise the server's "
                                "--import-idle-timeout"));
}

bool ImportJob::StoppedWhileBusy() {
  if (Clock::now() - progress_sent_at_ >= kProgressInterval) SendProgress();
  return Stopped();
}

bool ImportJob::Stopped() const { return is_client_silent_ || peer_.cancelled() || deps_.drain->draining(); }

absl::Status ImportJob::Explain(absl::Status status) const {
  if (ReasonOf(status) != Reason::kCancelled || peer_.cancelled()) return status;
  if (is_client_silent_) return ClientSilentError();
  return deps_.drain->draining() ? ShuttingDownError() : status;
}

void ImportJob::EnterStage(v1::ImportStage stage) {
  stage_ = stage;
  SendProgress();
}

void ImportJob::SendProgress() {
  progress_sent_at_ = Clock::now();
  const PipelineProgress now = pipeline_ != nullptr ? pipeline_->progress() : progress_;
  const double seconds = std::chrono::duration<double>(progress_sent_at_ - begun_at_).count();
  v1::ImportProgress progress;
  progress.set_stage(stage_);
  progress.set_byte_count(now.byte_count);
  progress.set_post_count(now.post_count);
  progress.set_fact_count(now.fact_count);
  progress.set_format(static_cast<v1::SourceFormat>(now.format));
  progress.set_rejected_count(now.rejected_count);
  if (seconds > 0) progress.set_posts_per_second(static_cast<double>(now.post_count) / seconds);
  peer_.SendProgress(progress);
}

}  // namespace millrace
