// Goal: both versions of reflection list the services, describe them, answer mistakes within the stream, and end.
// Method: a real server on a free port, asked through the generated clients; one test for both versions.
#include "server/lifecycle/reflection.h"

#include <google/protobuf/descriptor.pb.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "tests/server/lifecycle/fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

struct V1 {
  using Service = grpc::reflection::v1::ServerReflection;
  using Request = grpc::reflection::v1::ServerReflectionRequest;
  using Response = grpc::reflection::v1::ServerReflectionResponse;
  static constexpr char kName[] = "grpc.reflection.v1.ServerReflection";
};
struct V1Alpha {
  using Service = grpc::reflection::v1alpha::ServerReflection;
  using Request = grpc::reflection::v1alpha::ServerReflectionRequest;
  using Response = grpc::reflection::v1alpha::ServerReflectionResponse;
  static constexpr char kName[] = "grpc.reflection.v1alpha.ServerReflection";
};

// One open stream of questions.
template <typename Version>
struct Questions {
  explicit Questions(TestServer& server) : stub(Version::Service::NewStub(server.channel)) {
    BoundInTime(context);
    stream = stub->ServerReflectionInfo(&context);
  }
  typename Version::Response Ask(const typename Version::Request& request) {
    typename Version::Response response;
    REQUIRE(stream->Write(request));
    REQUIRE(stream->Read(&response));
    return response;
  }

  grpc::ClientContext context;
  std::unique_ptr<typename Version::Service::Stub> stub;
  std::unique_ptr<grpc::ClientReaderWriter<typename Version::Request, typename Version::Response>> stream;
};

template <typename Response>
std::vector<std::string> FileNames(const Response& response) {
  std::vector<std::string> names;
  for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    REQUIRE(file.ParseFromString(bytes));
    names.push_back(file.name());
  }
  return names;
}

TEMPLATE_TEST_CASE("All registered services are listed, these included", "", V1, V1Alpha) {
  TestServer server;
  Questions<TestType> questions(server);
  typename TestType::Request request;
  request.set_host("some.host");
  request.set_list_services("*");
  const auto response = questions.Ask(request);
  std::vector<std::string> names;
  for (const auto& service : response.list_services_response().service()) names.push_back(service.name());
  CHECK(names == std::vector<std::string>{"grpc.health.v1.Health", V1::kName, V1Alpha::kName});
  CHECK(response.valid_host() == "some.host");
  CHECK(response.original_request().list_services() == "*");
}

TEMPLATE_TEST_CASE("Services are described by symbol and by file", "", V1, V1Alpha) {
  TestServer server;
  Questions<TestType> questions(server);
  typename TestType::Request by_symbol, by_file;
  for (const char* symbol :
       {"grpc.health.v1.Health", "grpc.health.v1.Health.Watch", "grpc.health.v1.HealthCheckResponse.ServingStatus"}) {
    by_symbol.set_file_containing_symbol(symbol);
    CHECK(FileNames(questions.Ask(by_symbol)) == std::vector<std::string>{"grpc/health/v1/health.proto"});
  }
  by_symbol.set_file_containing_symbol(TestType::kName);
  const auto names = FileNames(questions.Ask(by_symbol));
  REQUIRE(names.size() == 1);
  by_file.set_file_by_filename(names[0]);
  CHECK(FileNames(questions.Ask(by_file)) == names);
}

TEMPLATE_TEST_CASE("A mistake is answered with an error, and the stream goes on", "", V1, V1Alpha) {
  TestServer server;
  Questions<TestType> questions(server);
  typename TestType::Request request;
  request.set_file_containing_symbol("no.such.Symbol");
  CHECK(questions.Ask(request).error_response().error_code() == grpc::StatusCode::NOT_FOUND);
  CHECK_THAT(questions.Ask(request).error_response().error_message(), Catch::Matchers::Contains("no.such.Symbol"));
  request.set_file_by_filename("no/such.proto");
  CHECK(questions.Ask(request).error_response().error_code() == grpc::StatusCode::NOT_FOUND);
  request.mutable_file_containing_extension()->set_containing_type("google.protobuf.FieldOptions");
  CHECK(questions.Ask(request).error_response().error_code() == grpc::StatusCode::NOT_FOUND);
  request.set_all_extension_numbers_of_type("no.such.Type");
  CHECK(questions.Ask(request).error_response().error_code() == grpc::StatusCode::NOT_FOUND);
  CHECK(questions.Ask({}).error_response().error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  request.set_all_extension_numbers_of_type("grpc.health.v1.HealthCheckRequest");
  const auto response = questions.Ask(request);
  CHECK(response.all_extension_numbers_response().base_type_name() == "grpc.health.v1.HealthCheckRequest");
  CHECK(response.all_extension_numbers_response().extension_number().empty());

  questions.stream->WritesDone();
  CHECK(questions.stream->Finish().ok());
  const auto records = server.log.WaitFor(1);
  REQUIRE(records.size() == 1);
  CHECK(records[0].method == std::string(TestType::kName) + "/ServerReflectionInfo");
  CHECK(records[0].code == "OK");
  CHECK(records[0].received_count == 7);
  CHECK(records[0].sent_count == 7);
}

TEMPLATE_TEST_CASE("Stopping a server ends idle streams and does not wait for its timeout", "", V1, V1Alpha) {
  TestServer server;
  Questions<TestType> questions(server);
  typename TestType::Request request;
  request.set_list_services("");
  questions.Ask(request);
  Drain drain;
  // An hour: were the stream not ended, this test would run into its time limit.
  std::thread stopping([&] { server.listener->Stop(drain, absl::Hours(1)); });
  typename TestType::Response response;
  CHECK(!questions.stream->Read(&response));
  CHECK(questions.stream->Finish().error_code() == grpc::StatusCode::UNAVAILABLE);
  stopping.join();
}

TEMPLATE_TEST_CASE("Clients that vanish at any moment leave nothing behind", "", V1, V1Alpha) {
  TestServer server;
  for (int i = 0; i < 50; ++i) {
    Questions<TestType> questions(server);
    typename TestType::Request request;
    request.set_file_containing_symbol(TestType::kName);
    if (i % 2 == 0) questions.Ask(request);
    if (i % 3 == 0) questions.stream->Write(request);
    questions.context.TryCancel();
    CHECK(questions.stream->Finish().error_code() == grpc::StatusCode::CANCELLED);
  }
  Drain drain;
  server.listener->Stop(drain, absl::Hours(1));  // returns only when no stream is left
}

}  // namespace
}  // namespace millrace
