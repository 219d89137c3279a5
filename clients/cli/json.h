// Output for programs, and what they give.
#pragma once

#include <google/protobuf/message.h>

#include <ostream>
#include <string>

namespace millrace::cli {

// One message as JSON on one line: the proto's field names, every field that cannot be absent present even
// when it is zero or empty, 64-bit numbers as strings (the Protobuf JSON mapping). The stream's failbit is
// set when the message has no JSON form.
void PrintJson(const google::protobuf::Message& message, std::ostream& out);

// The same without the line's end. Requires a message that has a JSON form: all of ours do.
std::string ToJson(const google::protobuf::Message& message);

// Reads a message from JSON; unknown fields are errors. What is wrong, or empty.
std::string ParseJson(const std::string& json, google::protobuf::Message* message);

}  // namespace millrace::cli
