#include "core/plan/token.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace millrace {
namespace {

constexpr std::string_view kFamily = "mt";
constexpr std::string_view kPrefix = "mt1-";
constexpr std::string_view kChecksumLabel = "millrace.v1.token";
constexpr size_t kPlanIdBytes = 32;
constexpr size_t kChecksumBytes = 8;
constexpr size_t kNameBytesMax = 64;
constexpr size_t kBodyBytesMax = kPlanIdBytes + 1 + kNameBytesMax + 2 * sizeof(int64_t);

void AppendLe64(int64_t value, std::string* bytes) {
  for (int shift = 0; shift < 64; shift += 8)
    bytes->push_back(static_cast<char>(static_cast<uint64_t>(value) >> shift));
}

int64_t ReadLe64(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof value; ++i) value |= uint64_t{static_cast<uint8_t>(bytes[i])} << (8 * i);
  return static_cast<int64_t>(value);
}

std::string Hex(std::string_view bytes) {
  return HexEncode(absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

// Lower-case digits only: a token has one spelling.
std::optional<std::string> DecodeHex(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (size_t i = 0; i < digits.size(); i += 2) {
    const auto byte = HexDecode<1>(digits.substr(i, 2));
    if (!byte.has_value()) return std::nullopt;
    bytes.push_back(static_cast<char>((*byte)[0]));
  }
  if (Hex(bytes) != digits) return std::nullopt;
  return bytes;
}

std::string ChecksumOf(std::string_view body) {
  const Sha256Bytes digest = Sha256Of(std::string(kChecksumLabel) + std::string(body));
  return std::string(reinterpret_cast<const char*>(digest.data()), kChecksumBytes);
}

absl::Status InvalidError(std::string_view what) {
  return MakeError(Reason::kTokenInvalid, absl::StrCat("the token ", std::string(what),
                                                       ". Give one as a batch of this plan and split had it, "
                                                       "or a position (epoch and step)."));
}

}  // namespace

std::string EncodeToken(std::string_view plan_id, std::string_view split, Position position) {
  std::string body = DecodeHex(plan_id).value_or(std::string());
  body.push_back(static_cast<char>(split.size()));
  body.append(split);
  AppendLe64(position.epoch, &body);
  AppendLe64(position.step, &body);
  return std::string(kPrefix) + Hex(body + ChecksumOf(body));
}

absl::StatusOr<Position> DecodeToken(std::string_view token, std::string_view plan_id, std::string_view split) {
  if (!token.starts_with(kFamily))
    return InvalidError(absl::StrCat(QuoteForMessage(token), " is not one of Millrace's"));
  if (!token.starts_with(kPrefix)) {
    return InvalidError(absl::StrCat(QuoteForMessage(token), " is of a version that this program does not know"));
  }
  constexpr size_t kBytesMin = kPlanIdBytes + 1 + 2 * sizeof(int64_t) + kChecksumBytes;
  const std::string_view digits = token.substr(kPrefix.size());
  std::optional<std::string> bytes;
  if (digits.size() <= 2 * (kBodyBytesMax + kChecksumBytes)) bytes = DecodeHex(digits);
  if (!bytes.has_value() || bytes->size() < kBytesMin) return InvalidError("is damaged: it is cut off or altered");

  const std::string_view body = std::string_view(*bytes).substr(0, bytes->size() - kChecksumBytes);
  if (ChecksumOf(body) != bytes->substr(body.size())) return InvalidError("is damaged: its checksum does not match");
  const size_t name_size = static_cast<uint8_t>(body[kPlanIdBytes]);
  if (body.size() != kPlanIdBytes + 1 + name_size + 2 * sizeof(int64_t)) return InvalidError("is damaged");

  const std::string token_plan_id = Hex(body.substr(0, kPlanIdBytes));
  if (token_plan_id != plan_id) {
    return InvalidError(absl::StrCat("is of plan ", token_plan_id, ", not of plan ", std::string(plan_id)));
  }
  const std::string_view token_split = body.substr(kPlanIdBytes + 1, name_size);
  if (token_split != split) {
    return InvalidError(
        absl::StrCat("is of split ", QuoteForMessage(token_split), ", not of split ", QuoteForMessage(split)));
  }
  const Position position{ReadLe64(body.substr(body.size() - 16, 8)), ReadLe64(body.substr(body.size() - 8))};
  if (position.epoch < 0 || position.epoch > kEpochMax || position.step < 0) {
    return InvalidError("holds a position that no plan has");
  }
  return position;
}

}  // namespace millrace
