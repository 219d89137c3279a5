// Goal: a token gives back its position to its own plan and split, and nothing else does. Method: round trips at the
// borders, and every single change of a token: each bit, each length, each character.
#include "core/plan/token.h"

#include <string>

#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

const std::string kPlanId = HexEncode(Sha256Of("a plan"));

Reason Refusal(std::string_view token, std::string_view plan_id, std::string_view split) {
  const absl::StatusOr<Position> position = DecodeToken(token, plan_id, split);
  REQUIRE_FALSE(position.ok());
  return ReasonOf(position.status());
}

TEST_CASE("a token gives back its position") {
  const std::string names[] = {"t", "train", std::string(64, 'n')};
  const Position positions[] = {{0, 0}, {1, 0}, {0, 1}, {kEpochMax, int64_t{1} << 40}};
  for (const std::string& name : names) {
    for (const Position position : positions) {
      const std::string token = EncodeToken(kPlanId, name, position);
      const absl::StatusOr<Position> decoded = DecodeToken(token, kPlanId, name);
      REQUIRE(decoded.ok());
      CHECK(*decoded == position);
    }
  }
}

TEST_CASE("a token is the text that the specification says") {
  const std::string id(64, '0');
  CHECK(EncodeToken(id, "train", {3, 258})
            .starts_with("mt1-" + id + "05" + "747261696e" + "0300000000000000" + "0201000000000000"));
}

TEST_CASE("a token of another plan or split is refused by name") {
  const std::string token = EncodeToken(kPlanId, "train", {3, 7});
  const std::string other = HexEncode(Sha256Of("another plan"));
  CHECK(Refusal(token, other, "train") == Reason::kTokenInvalid);
  CHECK(std::string(DecodeToken(token, other, "train").status().message()).find(kPlanId) != std::string::npos);
  CHECK(Refusal(token, kPlanId, "test") == Reason::kTokenInvalid);
  CHECK(std::string(DecodeToken(token, kPlanId, "test").status().message()).find("train") != std::string::npos);
}

TEST_CASE("a token of another version is refused as such") {
  std::string token = EncodeToken(kPlanId, "train", {3, 7});
  token[2] = '2';
  const absl::Status status = DecodeToken(token, kPlanId, "train").status();
  CHECK(ReasonOf(status) == Reason::kTokenInvalid);
  CHECK(std::string(status.message()).find("version") != std::string::npos);
}

TEST_CASE("no change of a token goes unnoticed") {
  const std::string token = EncodeToken(kPlanId, "train", {3, 7});
  for (size_t i = 0; i < token.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = token;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      REQUIRE(Refusal(changed, kPlanId, "train") == Reason::kTokenInvalid);
    }
  }
  for (size_t size = 0; size < token.size(); ++size) {
    REQUIRE(Refusal(token.substr(0, size), kPlanId, "train") == Reason::kTokenInvalid);
  }
  CHECK(Refusal(token + "0", kPlanId, "train") == Reason::kTokenInvalid);
  CHECK(Refusal(token + "00", kPlanId, "train") == Reason::kTokenInvalid);
  CHECK(Refusal(token + std::string(1 << 20, '0'), kPlanId, "train") == Reason::kTokenInvalid);
}

}  // namespace
}  // namespace millrace
