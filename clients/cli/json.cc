#include "clients/cli/json.h"

#include <google/protobuf/util/json_util.h>

namespace millrace::cli {

namespace {

bool WriteJson(const google::protobuf::Message& message, std::string* json) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  return google::protobuf::util::MessageToJsonString(message, json, options).ok();
}

}  // namespace

std::string ToJson(const google::protobuf::Message& message) {
  std::string json;
  WriteJson(message, &json);
  return json;
}

void PrintJson(const google::protobuf::Message& message, std::ostream& out) {
  std::string json;
  if (!WriteJson(message, &json)) {
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
