// The reading of tags that a request asks for, and the one that a response tells.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "core/base/error.h"
#include "core/model/tag_reading.h"
#include "millrace/v1/post.pb.h"
#include "server/rpc/request.h"

namespace millrace {

// kFieldInvalid, naming the field, for a number that the contract does not have.
inline absl::StatusOr<TagReading> TagReadingOf(std::string_view field, v1::TagReading reading) {
  MILLRACE_RETURN_IF_ERROR(CheckEnum(field, reading, v1::TagReading_IsValid));
  return reading == v1::TAG_READING_UNSPECIFIED ? TagReading::kAsSaid : static_cast<TagReading>(reading);
}

// As a response tells it. Never unspecified: that is what servers say that pass a request's reading over.
inline v1::TagReading ToldReading(TagReading reading) {
  return reading == TagReading::kApplied ? v1::TAG_READING_APPLIED : v1::TAG_READING_AS_SAID;
}

}  // namespace millrace
