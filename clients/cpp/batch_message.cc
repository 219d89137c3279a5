#include "clients/cpp/batch_message.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace millrace::client {
namespace {

// Of GetBatchResponse and StreamBatchesResponse alike.
constexpr uint64_t kBatchField = 1;
constexpr uint64_t kBodyField = 3;
constexpr uint64_t kBodyOffsetField = 4;
constexpr uint64_t kFieldNumberMax = (1 << 29) - 1;

enum WireType : uint64_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// Reads bytes that lie in several pieces. Each method gives false when the bytes end too early.
class PieceReader {
 public:
  explicit PieceReader(absl::Span<const Bytes> pieces) : pieces_(pieces) {
    for (const Bytes& piece : pieces) left_bytes_ += piece.size();
    SkipEmpty();
  }

  size_t left_bytes() const { return left_bytes_; }

  bool ReadVarint(uint64_t* value) {
    *value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (left_bytes_ == 0) return false;
      const uint8_t byte = pieces_.front()[at_];
      Advance(1);
      // The tenth byte has room for one bit; what does not fit is dropped, as Protobuf does.
      *value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  // Adds the next `size_bytes` to `taken`.
  bool Take(uint64_t size_bytes, std::vector<Bytes>* taken) {
    if (size_bytes > left_bytes_) return false;
    while (size_bytes > 0) {
      const Bytes piece = pieces_.front().subspan(at_, size_bytes);
      taken->push_back(piece);
      size_bytes -= piece.size();
      Advance(piece.size());
    }
    return true;
  }

 private:
  void Advance(size_t size_bytes) {
    at_ += size_bytes;
    left_bytes_ -= size_bytes;
    SkipEmpty();
  }
  void SkipEmpty() {
    while (!pieces_.empty() && at_ == pieces_.front().size()) {
      pieces_.remove_prefix(1);
      at_ = 0;
    }
  }

  absl::Span<const Bytes> pieces_;
  size_t at_ = 0;  // in the first piece, which is not at its end
  size_t left_bytes_ = 0;
};

absl::Status Malformed(uint64_t field, const char* what) {
  return absl::DataLossError(absl::StrCat("malformed message: field ", field, " ", what));
}

absl::Status ParseBatch(const std::vector<Bytes>& pieces, BatchMessage* message) {
  std::string joined;
  Bytes bytes;
  if (pieces.size() == 1) {
    bytes = pieces.front();
  } else {
    for (const Bytes& piece : pieces) joined.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    bytes = Bytes(reinterpret_cast<const uint8_t*>(joined.data()), joined.size());
  }
  const bool fits = bytes.size() <= static_cast<size_t>(std::numeric_limits<int>::max());
  if (!fits || !message->batch.emplace().ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Malformed(kBatchField, "is not a Batch");
  }
  return absl::OkStatus();
}

// Reads the value of one field.
absl::Status ParseField(uint64_t field, uint64_t wire_type, PieceReader& reader, BatchMessage* message) {
  uint64_t number = 0;
  uint64_t size_bytes = 0;
  switch (wire_type) {
    case kVarint:
      if (!reader.ReadVarint(&number)) return Malformed(field, "ends within its number");
      break;
    case kFixed64:
      size_bytes = 8;
      break;
    case kBytes:
      if (!reader.ReadVarint(&size_bytes)) return Malformed(field, "ends within its size");
      break;
    case kFixed32:
      size_bytes = 4;
      break;
    default:
      return Malformed(field, "has a wire type that does not exist");
  }
  std::vector<Bytes> value;
  if (!reader.Take(size_bytes, &value)) return Malformed(field, "is larger than the message");
  if (field == kBodyOffsetField) {
    if (wire_type != kVarint) return Malformed(field, "is no number");
    message->body_offset_bytes = static_cast<int64_t>(number);
  } else if (field == kBatchField || field == kBodyField) {
    if (wire_type != kBytes) return Malformed(field, "is no message or bytes");
    if (field == kBatchField) return ParseBatch(value, message);
    message->body = std::move(value);
    message->body_size_bytes = size_bytes;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BatchMessage> ParseBatchMessage(absl::Span<const Bytes> pieces) {
  BatchMessage message;
  PieceReader reader(pieces);
  uint64_t seen_fields = 0;  // by bit
  while (reader.left_bytes() > 0) {
    uint64_t key = 0;
    if (!reader.ReadVarint(&key)) return absl::DataLossError("malformed message: it ends within the key of a field");
    const uint64_t field = key >> 3;
    if (field == 0 || field > kFieldNumberMax) return Malformed(field, "does not exist");
    if (field <= kBodyOffsetField) {
      if ((seen_fields >> field & 1) != 0) return Malformed(field, "is there twice");
      seen_fields |= uint64_t{1} << field;
    }
    if (absl::Status status = ParseField(field, key & 7, reader, &message); !status.ok()) return status;
  }
  return message;
}

}  // namespace millrace::client
