// Goal: a location template gives the path that it says, and never one outside the picture store.
// Method: templates and posts by hand, harmful ones included.

#include "core/model/location.h"

#include "core/base/error.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

Post PostOf(int64_t id, const std::string& file_ext) {
  Post post;
  post.id = id;
  post.file_ext = file_ext;
  return post;
}

std::string Expand(std::string_view text, const Post& post) { return LocationTemplate::Parse(text)->Expand(post); }

TEST_CASE("the default is the bucket of the id modulo 1000") {
  CHECK(Expand(LocationTemplate::kDefault, PostOf(6'702, "png")) == "original/0702/6702.png");
  CHECK(Expand(LocationTemplate::kDefault, PostOf(1'000, "jpg")) == "original/0000/1000.jpg");
  CHECK(Expand(LocationTemplate::kDefault, PostOf(9'000'000'001, "jpg")) == "original/0001/9000000001.jpg");
}

TEST_CASE("md5 in whole or in part, and braces") {
  Post post = PostOf(1, "png");
  CHECK(Expand("{md5:2}/{md5}.{ext}", post) == "");
  post.md5 = Md5{0xAB, 0xCD, 0xEF};
  CHECK(Expand("{md5:2}/{md5:1}/{md5}.{ext}", post) == "ab/a/abcdef00000000000000000000000000.png");
  CHECK(Expand("{{{id}}}/x}}y{{", post) == "{1}/x}y{");
}

TEST_CASE("a field that the post lacks gives no path") {
  CHECK(Expand(LocationTemplate::kDefault, PostOf(1, "")) == "");
  CHECK(Expand("{id}", PostOf(1, "")) == "1");
}

TEST_CASE("an extension cannot lead out of the store") {
  CHECK(Expand("{id}.{ext}", PostOf(1, "/../../etc/passwd")) == "");
  CHECK(Expand("{ext}/{id}", PostOf(1, "..")) == "");
  CHECK(Expand(".{ext}/{id}", PostOf(1, ".")) == "");
  CHECK(Expand("{id}.{ext}", PostOf(1, std::string("png\0x", 5))) == "");
  CHECK(Expand("{id}.{ext}", PostOf(1, "..")) == "1...");
}

TEST_CASE("malformed templates are refused") {
  const std::string text =
      GENERATE("", "/abs/{id}", "../{id}", "a/../{id}", "{id}/..", "{", "}", "a{id", "id}", "{}", "{name}", "{md5:}",
               "{md5:0}", "{md5:33}", "{md5:-1}", "{md5:2x}", "{md5:99999999999}", "{ID}", "{id }", "{{{");
  CAPTURE(text);
  const absl::Status status = LocationTemplate::Parse(text).status();
  CHECK(ReasonOf(status) == Reason::kFieldInvalid);
  CHECK(FieldOf(status) == "location_template");
}

TEST_CASE("names that only look like leaving the store are fine") {
  CHECK(Expand("..a/b../...{id}", PostOf(1, "")) == "..a/b../...1");
}

}  // namespace
}  // namespace millrace
