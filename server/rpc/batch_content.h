// What a loader's request asks for of each post, and how: its view, or its projection.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "core/batch/column_source.h"
#include "core/batch/post_field.h"
#include "millrace/v1/loader_service.pb.h"

namespace millrace {

struct BatchContent {
  enum class Form : uint8_t { kIdentities, kRows, kColumns };

  Form form = Form::kRows;
  PostFieldSet fields = PostFieldSet::All();
  std::string vocabulary;  // of the labels; empty: none
  LabelEncoding label_encoding = LabelEncoding::kCsr;
  bool has_rating_one_hot = false;
};

// `projection` may be null. kFieldInvalid, naming the field: values that the contract does not have, both a view and a
// projection, and what only columns can hold asked for as rows.
absl::StatusOr<BatchContent> ParseBatchContent(v1::BatchView view, const v1::Projection* projection);

}  // namespace millrace
