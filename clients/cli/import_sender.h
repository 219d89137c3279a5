// The sending half of an import: files in, messages out.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "clients/cli/import_files.h"
#include "clients/cli/interrupt.h"
#include "millrace/v1/import_service.grpc.pb.h"

namespace millrace::cli {

// Sends start, files, chunks and end on a thread of its own, as the server answers meanwhile. On a file that
// cannot be read it cancels the call, so that the server changes nothing.
class ImportSender {
 public:
  using Stream = grpc::ClientReaderWriterInterface<v1::ImportRequest, v1::ImportResponse>;

  // Borrows all but `start` and `files`; it outlives the sender. Begins to send. Never sends `end` once `interrupt`
  // is tripped.
  // `with_md5`: pictures are read whole, for their digests.
  ImportSender(grpc::ClientContext* context, Stream* stream, const Interrupt& interrupt, const v1::ImportStart& start,
               std::vector<InputFile> files, bool with_md5 = false);
  ~ImportSender();
  ImportSender(const ImportSender&) = delete;
  ImportSender& operator=(const ImportSender&) = delete;

  // Stops sending, also when a read of standard input waits. Call when the stream has no more answers.
  void Stop();

  // Whether `end` went out: from then on the server may commit. Thread-safe.
  bool end_sent() const { return end_sent_.load(std::memory_order_acquire); }
  // Why a file could not be read; empty when all could. After Stop.
  const std::string& error() const { return error_; }

 private:
  void Run();
  bool SendFile(const InputFile& file);
  // One message a file, as there may be very many.
  bool SendSidecar(const InputFile& file);
  bool SendBytes(int fd, const InputFile& file);
  // Waits until `fd` can be read. False when asked to stop.
  bool WaitReadable(int fd) const;
  bool Fail(const InputFile& file, int error_number);

  grpc::ClientContext* const context_;
  Stream* const stream_;
  const Interrupt& interrupt_;
  const v1::ImportStart start_;
  const std::vector<InputFile> files_;
  const bool with_md5_;
  int64_t byte_count_ = 0;
  std::string error_;
  std::atomic<bool> end_sent_{false};
  int stop_fd_ = -1;
  std::thread thread_;
};

}  // namespace millrace::cli
