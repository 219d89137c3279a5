#include "clients/cli/json.h"

#include <google/protobuf/util/json_util.h>

namespace millrace::cli {

void PrintJson(const google::protobuf::Message& message, std::ostream& out) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok()) {
    out.setstate(std::ios::failbit);
    return;
  }
  out << json << '\n';
}

std::string ParseJson(const std::string& json, google::protobuf::Message* message) {
  const auto status = google::protobuf::util::JsonStringToMessage(json, message);
  return status.ok() ? std::string() : std::string(status.message());
}

}  // namespace millrace::cli
