// grpc.reflection: lets tools such as grpcurl list, describe and call the services without our .proto files.
#pragma once

#include <google/protobuf/descriptor.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "server/lifecycle/call_log.h"
#include "server/lifecycle/drain.h"

namespace millrace {

// One version of the reflection service. Thread-safe. Must outlive the grpc::Server that its service is registered
// with.
class Reflection : public Drainable {
 public:
  // The names to list, "millrace.v1.LoaderService". Call before the server starts.
  virtual void SetServices(std::vector<std::string> services) = 0;
  // To register; owned by this object.
  virtual grpc::Service* service() = 0;
};

// Newer tools ask for v1 first, older ones know only v1alpha. gRPC's own library serves only the latter, and cannot
// be linked beside these: it brings the same descriptors. `log` and `pool` are borrowed; the pool is usually
// google::protobuf::DescriptorPool::generated_pool().
std::unique_ptr<Reflection> MakeReflectionV1(CallLog* log, const google::protobuf::DescriptorPool* pool);
std::unique_ptr<Reflection> MakeReflectionV1Alpha(CallLog* log, const google::protobuf::DescriptorPool* pool);

}  // namespace millrace
