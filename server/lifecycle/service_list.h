// Which services a server has, from the server itself.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace millrace {

// Makes `builder` tell the full names of its services, in alphabetical order, before it starts the server. So what
// health and reflection know cannot differ from what is registered.
void TellServices(grpc::ServerBuilder& builder, std::function<void(std::vector<std::string>)> tell);

}  // namespace millrace
