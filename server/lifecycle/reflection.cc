#include "server/lifecycle/reflection.h"

#include <optional>
#include <set>
#include <utility>

#include "core/base/mutex.h"
#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "server/lifecycle/descriptor_index.h"
#include "server/lifecycle/logged_call.h"

namespace millrace {
namespace {

// The versions differ in the names of their generated types, and in nothing else.
struct V1 {
  using Service = grpc::reflection::v1::ServerReflection;
  using Request = grpc::reflection::v1::ServerReflectionRequest;
  using Response = grpc::reflection::v1::ServerReflectionResponse;
  static constexpr char kMethod[] = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
};
struct V1Alpha {
  using Service = grpc::reflection::v1alpha::ServerReflection;
  using Request = grpc::reflection::v1alpha::ServerReflectionRequest;
  using Response = grpc::reflection::v1alpha::ServerReflectionResponse;
  static constexpr char kMethod[] = "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
};

template <typename Response>
void SetError(const absl::Status& status, Response& response) {
  auto* error = response.mutable_error_response();
  error->set_error_code(static_cast<int>(status.code()));
  error->set_error_message(std::string(status.message()));
}

template <typename Response>
void SetFiles(absl::StatusOr<DescriptorIndex::Files> files, Response& response) {
  if (!files.ok()) return SetError(files.status(), response);
  auto* answer = response.mutable_file_descriptor_response();
  for (std::string& file : *files) answer->add_file_descriptor_proto(std::move(file));
}

template <typename Response>
void SetExtensionNumbers(const std::string& type, const absl::StatusOr<std::vector<int>>& numbers, Response& response) {
  if (!numbers.ok()) return SetError(numbers.status(), response);
  auto* answer = response.mutable_all_extension_numbers_response();
  answer->set_base_type_name(type);
  for (const int number : *numbers) answer->add_extension_number(number);
}

// What `request` is answered with. An error is an answer: the stream goes on.
template <typename Version>
typename Version::Response Answer(const DescriptorIndex& index, const std::vector<std::string>& services,
                                  const typename Version::Request& request) {
  using Request = typename Version::Request;
  typename Version::Response response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case Request::kFileByFilename:
      SetFiles(index.FileByName(request.file_by_filename()), response);
      break;
    case Request::kFileContainingSymbol:
      SetFiles(index.FileContainingSymbol(request.file_containing_symbol()), response);
      break;
    case Request::kFileContainingExtension: {
      const auto& extension = request.file_containing_extension();
      SetFiles(index.FileContainingExtension(extension.containing_type(), extension.extension_number()), response);
      break;
    }
    case Request::kAllExtensionNumbersOfType: {
      const std::string& type = request.all_extension_numbers_of_type();
      SetExtensionNumbers(type, index.ExtensionNumbers(type), response);
      break;
    }
    case Request::kListServices:
      for (const std::string& service : services) {
        response.mutable_list_services_response()->add_service()->set_name(service);
      }
      break;
    case Request::MESSAGE_REQUEST_NOT_SET:
      SetError(absl::InvalidArgumentError("the request asks for nothing: set one field of message_request"), response);
      break;
  }
  return response;
}

template <typename Version>
class ReflectionOf final : public Reflection, public Version::Service::CallbackService {
 public:
  using Request = typename Version::Request;
  using Response = typename Version::Response;

  ReflectionOf(CallLog* log, const google::protobuf::DescriptorPool* pool) : log_(log), index_(pool) {}

  void SetServices(std::vector<std::string> services) override { services_ = std::move(services); }
  grpc::Service* service() override { return this; }

  void BeginDrain() override {
    MutexLock lock(mutex_);
    draining_ = true;
    for (Stream* stream : streams_) stream->End(StoppingStatus());
  }

  grpc::ServerBidiReactor<Request, Response>* ServerReflectionInfo(grpc::CallbackServerContext* context) override {
    MutexLock lock(mutex_);
    Stream* stream = new Stream(this, *context);  // deletes itself in OnDone
    streams_.insert(stream);
    if (draining_) {
      stream->End(StoppingStatus());
    } else {
      stream->Begin();
    }
    return stream;
  }

 private:
  // One stream: reads a question, writes its answer, reads the next. An answer takes well under a millisecond, so
  // it is made on gRPC's thread. The mutex orders the end, which the drain may bring at any time, with the rest. A
  // read may be on its way when the stream ends; a write is waited for.
  class Stream final : public grpc::ServerBidiReactor<Request, Response> {
   public:
    // `owner` is borrowed and outlives every stream.
    Stream(ReflectionOf* owner, const grpc::CallbackServerContext& context)
        : owner_(owner), call_(owner->log_, Version::kMethod, context) {}

    void Begin() ABSL_EXCLUSIVE_LOCKS_REQUIRED(owner_->mutex_) { this->StartRead(&request_); }

    // Ends the stream as soon as no write is on its way. The first status counts.
    void End(grpc::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(owner_->mutex_) {
      if (!end_.has_value()) end_ = std::move(status);
      if (is_writing_ || is_finished_) return;
      is_finished_ = true;
      this->Finish(*end_);
    }

    void OnReadDone(bool ok) override {
      // Outside of the lock: only one of reading and writing is under way, so nobody else touches the messages.
      if (ok) {
        call_.CountReceived();
        response_ = Answer<Version>(owner_->index_, owner_->services_, request_);
      }
      MutexLock lock(owner_->mutex_);
      if (end_.has_value()) return;
      if (!ok) return End(grpc::Status::OK);  // the client has no more questions
      is_writing_ = true;
      this->StartWrite(&response_);
    }

    void OnWriteDone(bool ok) override {
      MutexLock lock(owner_->mutex_);
      is_writing_ = false;
      if (ok) call_.CountSent();
      if (end_.has_value() || !ok) return End(grpc::Status::CANCELLED);
      this->StartRead(&request_);
    }

    void OnCancel() override {
      MutexLock lock(owner_->mutex_);
      End(grpc::Status::CANCELLED);
    }

    void OnDone() override {
      grpc::Status end;
      {
        MutexLock lock(owner_->mutex_);
        owner_->streams_.erase(this);
        end = *end_;
      }
      call_.Log(end);
      delete this;
    }

   private:
    ReflectionOf* const owner_;
    LoggedCall call_;
    Request request_;    // borrowed by the read that is on its way
    Response response_;  // borrowed by the write that is on its way
    std::optional<grpc::Status> end_ ABSL_GUARDED_BY(owner_->mutex_);
    bool is_writing_ ABSL_GUARDED_BY(owner_->mutex_) = false;
    bool is_finished_ ABSL_GUARDED_BY(owner_->mutex_) = false;
  };

  static grpc::Status StoppingStatus() {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "the server is stopping: ask again, another one may serve");
  }

  CallLog* const log_;
  const DescriptorIndex index_;
  std::vector<std::string> services_;
  Mutex mutex_;
  std::set<Stream*> streams_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

std::unique_ptr<Reflection> MakeReflectionV1(CallLog* log, const google::protobuf::DescriptorPool* pool) {
  return std::make_unique<ReflectionOf<V1>>(log, pool);
}

std::unique_ptr<Reflection> MakeReflectionV1Alpha(CallLog* log, const google::protobuf::DescriptorPool* pool) {
  return std::make_unique<ReflectionOf<V1Alpha>>(log, pool);
}

}  // namespace millrace
