#include "server/lifecycle/service_list.h"

#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/impl/server_builder_plugin.h>
#include <grpcpp/impl/server_initializer.h>

#include <algorithm>
#include <utility>

namespace millrace {
namespace {

using Tell = std::function<void(std::vector<std::string>)>;

// gRPC's way to look at a server between the registration of its services and its start.
class ListingPlugin final : public grpc::ServerBuilderPlugin {
 public:
  explicit ListingPlugin(Tell tell) : tell_(std::move(tell)) {}

  std::string name() override { return "millrace.service_list"; }
  void InitServer(grpc::ServerInitializer* initializer) override {
    std::vector<std::string> services = *initializer->GetServiceList();
    std::sort(services.begin(), services.end());
    tell_(std::move(services));
  }
  void Finish(grpc::ServerInitializer* initializer) override {}
  void ChangeArguments(const std::string& name, void* value) override {}

 private:
  const Tell tell_;
};

class ListingOption final : public grpc::ServerBuilderOption {
 public:
  explicit ListingOption(Tell tell) : tell_(std::move(tell)) {}

  void UpdateArguments(grpc::ChannelArguments* arguments) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    plugins->push_back(std::make_unique<ListingPlugin>(tell_));
  }

 private:
  const Tell tell_;
};

}  // namespace

void TellServices(grpc::ServerBuilder& builder, Tell tell) {
  builder.SetOption(std::make_unique<ListingOption>(std::move(tell)));
}

}  // namespace millrace
