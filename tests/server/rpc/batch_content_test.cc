// Goal: a projection is taken as it is meant or refused by the field that is wrong; without one the view decides.
#include "server/rpc/batch_content.h"

#include "core/base/error.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

std::string FieldOfError(v1::BatchView view, const v1::Projection& projection) {
  const auto content = ParseBatchContent(view, &projection);
  REQUIRE_FALSE(content.ok());
  CHECK(ReasonOf(content.status()) == Reason::kFieldInvalid);
  return FieldOf(content.status());
}

TEST_CASE("without a projection the view says what a batch holds") {
  CHECK(ParseBatchContent(v1::BATCH_VIEW_UNSPECIFIED, nullptr)->form == BatchContent::Form::kRows);
  CHECK(ParseBatchContent(v1::BATCH_VIEW_POSTS, nullptr)->form == BatchContent::Form::kRows);
  CHECK(ParseBatchContent(v1::BATCH_VIEW_IDENTITIES, nullptr)->form == BatchContent::Form::kIdentities);
  CHECK(FieldOf(ParseBatchContent(static_cast<v1::BatchView>(99), nullptr).status()) == "view");
}

TEST_CASE("a projection says which fields, in which encoding, with which labels") {
  v1::Projection projection;
  CHECK(ParseBatchContent(v1::BATCH_VIEW_UNSPECIFIED, &projection)->fields == PostFieldSet::All());
  projection.set_encoding(v1::BATCH_ENCODING_COLUMNS);
  projection.add_fields("tag_indexes");
  projection.set_rating_one_hot(true);
  projection.mutable_labels()->set_vocabulary("taggers");
  projection.mutable_labels()->set_encoding(v1::LABEL_ENCODING_BITS);
  const auto content = ParseBatchContent(v1::BATCH_VIEW_UNSPECIFIED, &projection);
  REQUIRE(content.ok());
  CHECK(content->form == BatchContent::Form::kColumns);
  CHECK(content->fields.Has(PostField::kTagIndexes));
  CHECK(content->fields.Has(PostField::kId));
  CHECK_FALSE(content->fields.Has(PostField::kTags));
  CHECK(content->has_rating_one_hot);
  CHECK(content->vocabulary == "taggers");
  CHECK(content->label_encoding == LabelEncoding::kBits);
  projection.mutable_labels()->clear_encoding();
  CHECK(ParseBatchContent(v1::BATCH_VIEW_UNSPECIFIED, &projection)->label_encoding == LabelEncoding::kCsr);
}

TEST_CASE("a view beside a projection, and values that the contract does not have, are refused") {
  v1::Projection projection;
  CHECK(FieldOfError(v1::BATCH_VIEW_POSTS, projection) == "view");
  projection.set_encoding(static_cast<v1::BatchEncoding>(9));
  CHECK(FieldOfError(v1::BATCH_VIEW_UNSPECIFIED, projection) == "projection.encoding");
  projection.set_encoding(v1::BATCH_ENCODING_COLUMNS);
  projection.add_fields("tagz");
  CHECK(FieldOfError(v1::BATCH_VIEW_UNSPECIFIED, projection) == "projection.fields[0]");
  projection.clear_fields();
  projection.mutable_labels();
  CHECK(FieldOfError(v1::BATCH_VIEW_UNSPECIFIED, projection) == "projection.labels.vocabulary");
  projection.mutable_labels()->set_vocabulary("No Name");
  CHECK(FieldOfError(v1::BATCH_VIEW_UNSPECIFIED, projection) == "projection.labels.vocabulary");
  projection.mutable_labels()->set_encoding(static_cast<v1::LabelEncoding>(9));
  CHECK(FieldOfError(v1::BATCH_VIEW_UNSPECIFIED, projection) == "projection.labels.encoding");
}

TEST_CASE("what only columns have is refused as rows") {
  v1::Projection projection;
  projection.mutable_labels()->set_vocabulary("taggers");
  CHECK(FieldOfError(v1::BATCH_VIEW_UNSPECIFIED, projection) == "projection.labels");
  projection.clear_labels();
  projection.set_rating_one_hot(true);
  CHECK(FieldOfError(v1::BATCH_VIEW_UNSPECIFIED, projection) == "projection.rating_one_hot");
  projection.clear_rating_one_hot();
  projection.add_fields("tag_indexes");
  CHECK(FieldOfError(v1::BATCH_VIEW_UNSPECIFIED, projection) == "projection.fields");
}

}  // namespace
}  // namespace millrace
