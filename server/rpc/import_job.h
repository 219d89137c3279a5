// One import, from its first byte to its result: what the worker does while the reactor talks to the client.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/import_session.h"
#include "core/ingest/pipeline.h"
#include "millrace/v1/import_service.pb.h"
#include "server/rpc/services.h"

namespace millrace {

// The client, as the job sees it. Called from the job's thread only.
class ImportPeer {
 public:
  virtual ~ImportPeer() = default;

  // The next message behind `start`, in order and checked by ImportProtocol; waits for it. Nothing after `timeout`.
  // An error when none will come: kCancelled, kImportProtocol, kFieldInvalid.
  virtual absl::StatusOr<std::optional<v1::ImportRequest>> Receive(std::chrono::milliseconds timeout) = 0;
  // Waits for room, up to `timeout`, but not for a client that is gone or a server that stops. Without room a message
  // is dropped, unless it is a result. False when the client made no room in time.
  virtual bool Send(v1::ImportResponse response, std::chrono::milliseconds timeout) = 0;
  // Never waits: takes the place of an older one that was not sent yet, or is dropped.
  virtual void SendProgress(const v1::ImportProgress& progress) = 0;
  // True when nobody waits for the result any more.
  virtual bool cancelled() = 0;
};

// Not thread-safe. Run blocks for as long as the import takes.
class ImportJob {
 public:
  // Borrows `deps` and `peer`.
  ImportJob(const ServiceDeps& deps, const v1::ImportStart& start, ImportPeer* peer)
      : deps_(deps),
        start_(start),
        peer_(*peer),
        idle_timeout_(absl::ToChronoMilliseconds(deps.import_idle_timeout)),
        begun_at_(Clock::now()) {}

  // Sends the result and returns OK, or returns why nothing was changed.
  absl::Status Run();

 private:
  using Clock = std::chrono::steady_clock;

  // Takes the messages up to `end` into the session.
  absl::Status TakeAll(ImportSession* session);
  // False for the last message.
  absl::StatusOr<bool> TakeNext(ImportPipeline* pipeline);
  absl::Status BeginFile(ImportPipeline* pipeline, const v1::ImportFile& file);
  absl::Status CommitAndAnswer(ImportSession* session);
  // `outcome` is of a committed import; adds the snapshot unless there is one or none is wanted.
  void Answer(ImportOutcome outcome, bool already_imported);
  absl::StatusOr<std::string> Compile(const ImportOutcome& outcome);

  void Reject(const RejectedRecord& rejected);
  void Send(v1::ImportResponse response);
  absl::Status ClientSilentError() const;
  // Whether to stop; as long work asks this now and then, it is also what keeps progress going.
  bool StoppedWhileBusy();
  bool Stopped() const;
  // The error for the client when work ended with `status`.
  absl::Status Explain(absl::Status status) const;
  void EnterStage(v1::ImportStage stage);
  void SendProgress();

  const ServiceDeps& deps_;
  const v1::ImportStart start_;
  ImportPeer& peer_;
  const std::chrono::milliseconds idle_timeout_;
  const Clock::time_point begun_at_;
  v1::ImportStage stage_ = v1::IMPORT_STAGE_READING;
  Clock::time_point progress_sent_at_;
  const ImportPipeline* pipeline_ = nullptr;  // while it lives
  PipelineProgress progress_;                 // the last of a pipeline that is gone
  int64_t reported_count_ = 0;
  // How long the job has waited for the next message. Only its waits count, so that neither slow work here nor a
  // process that was stopped meanwhile is taken for a silent client.
  std::chrono::milliseconds silence_{0};
  bool is_client_silent_ = false;  // it has taken no message for the timeout
};

}  // namespace millrace
