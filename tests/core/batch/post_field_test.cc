// Goal: fields go by the contract's names, and a wrong name says where it stands and which there are.
#include "core/batch/post_field.h"

#include "core/base/error.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

TEST_CASE("no names mean all fields of a row") {
  CHECK(PostFieldSet::Parse({}).value() == PostFieldSet::All());
  CHECK_FALSE(PostFieldSet::All().Has(PostField::kTagIndexes));
}

TEST_CASE("every field has a name that leads back to it") {
  for (int i = 0; i < kPostFieldCount; ++i) {
    const auto field = static_cast<PostField>(i);
    const auto parsed = PostFieldSet::Parse({PostFieldName(field)});
    REQUIRE(parsed.ok());
    for (int other = 0; other < kPostFieldCount; ++other) {
      const auto asked = static_cast<PostField>(other);
      const bool always = asked == PostField::kId || asked == PostField::kRow;
      CHECK(parsed->Has(asked) == (always || asked == field));
    }
  }
}

TEST_CASE("a name that no field has, and one that is given twice, are refused where they stand") {
  const absl::Status unknown = PostFieldSet::Parse({"tags", "widht_px"}).status();
  CHECK(ReasonOf(unknown) == Reason::kFieldInvalid);
  CHECK(FieldOf(unknown) == "projection.fields[1]");
  CHECK(std::string(unknown.message()).find("width_px") != std::string::npos);
  CHECK(FieldOf(PostFieldSet::Parse({"tags", "tags"}).status()) == "projection.fields[1]");
}

}  // namespace
}  // namespace millrace
