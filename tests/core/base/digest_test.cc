// Goal: SHA-256 is SHA-256, in any pieces. Method: the examples of FIPS 180-4.

#include "core/base/digest.h"

#include "core/base/text.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

TEST_CASE("the standard's examples") {
  CHECK(HexEncode(Sha256Of("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(HexEncode(Sha256Of("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(HexEncode(Sha256Of(std::string(1'000'000, 'a'))) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("pieces give the digest of the whole") {
  const std::string text(1'000, 'x');
  for (const size_t size : {1u, 63u, 64u, 65u, 999u}) {
    Sha256 hash;
    for (size_t i = 0; i < text.size(); i += size) hash.Update(text.data() + i, std::min(size, text.size() - i));
    CHECK(hash.Finish() == Sha256Of(text));
  }
}

TEST_CASE("a digest is 64 lower-case hexadecimal digits") {
  const std::string digest = HexEncode(Sha256Of("abc"));
  CHECK(IsHexDigest(digest));
  CHECK(!IsHexDigest(digest.substr(1)));
  CHECK(!IsHexDigest(digest + "0"));
  CHECK(!IsHexDigest("B" + digest.substr(1)));
  CHECK(!IsHexDigest("/" + digest.substr(1)));
  CHECK(!IsHexDigest(""));
}

}  // namespace
}  // namespace millrace
