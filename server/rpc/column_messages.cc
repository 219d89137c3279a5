#include "server/rpc/column_messages.h"

#include <google/protobuf/io/coded_stream.h>
#include <grpc/slice.h>

#include <algorithm>
#include <cstring>

#include "core/base/error.h"

namespace millrace {
namespace {

using google::protobuf::io::CodedOutputStream;

// Keys of StreamBatchesResponse, and of GetBatchResponse, which has the first three.
constexpr uint8_t LengthDelimitedKey(int field_number) { return static_cast<uint8_t>(field_number << 3 | 2); }
constexpr uint8_t kBatchKey = LengthDelimitedKey(v1::StreamBatchesResponse::kBatchFieldNumber);
constexpr uint8_t kPaddingKey = LengthDelimitedKey(v1::StreamBatchesResponse::kPaddingFieldNumber);
constexpr uint8_t kBodyKey = LengthDelimitedKey(v1::StreamBatchesResponse::kBodyFieldNumber);
constexpr uint8_t kBodyOffsetKey = v1::StreamBatchesResponse::kBodyOffsetBytesFieldNumber << 3;
static_assert(LengthDelimitedKey(v1::GetBatchResponse::kBatchFieldNumber) == kBatchKey);
static_assert(LengthDelimitedKey(v1::GetBatchResponse::kPaddingFieldNumber) == kPaddingKey);
static_assert(LengthDelimitedKey(v1::GetBatchResponse::kBodyFieldNumber) == kBodyKey);

// What stands before the body in a message: the head or the part's offset, the padding, and the body's key and size.
class Prefix {
 public:
  // Of the first message. `head` is null in the others.
  Prefix(const v1::Batch* head, size_t body_offset_bytes, size_t body_size_bytes)
      : head_(head), body_offset_bytes_(body_offset_bytes), body_size_bytes_(body_size_bytes) {
    if (head != nullptr) {
      head_size_bytes_ = head->ByteSizeLong();
      size_bytes_ += 1 + CodedOutputStream::VarintSize64(head_size_bytes_) + head_size_bytes_;
    }
    if (body_offset_bytes > 0) size_bytes_ += 1 + CodedOutputStream::VarintSize64(body_offset_bytes);
    // The padding's key and size take a byte each, as it is shorter than 128.
    size_bytes_ += 2 + 1 + CodedOutputStream::VarintSize64(body_size_bytes);
    padding_size_bytes_ = ColumnPaddingBytes(size_bytes_);
    size_bytes_ += padding_size_bytes_;
  }

  // A multiple of kColumnAlignmentBytes.
  size_t size_bytes() const { return size_bytes_; }

  void Write(uint8_t* out) const {
    if (head_ != nullptr) {
      *out++ = kBatchKey;
      out = CodedOutputStream::WriteVarint64ToArray(head_size_bytes_, out);
      out = head_->SerializeWithCachedSizesToArray(out);
    }
    if (body_offset_bytes_ > 0) {
      *out++ = kBodyOffsetKey;
      out = CodedOutputStream::WriteVarint64ToArray(body_offset_bytes_, out);
    }
    *out++ = kPaddingKey;
    *out++ = static_cast<uint8_t>(padding_size_bytes_);
    std::memset(out, 0, padding_size_bytes_);
    out += padding_size_bytes_;
    *out++ = kBodyKey;
    CodedOutputStream::WriteVarint64ToArray(body_size_bytes_, out);
  }

 private:
  const v1::Batch* const head_;
  const size_t body_offset_bytes_;
  const size_t body_size_bytes_;  // of this message
  size_t head_size_bytes_ = 0;
  size_t padding_size_bytes_ = 0;
  size_t size_bytes_ = 0;
};

// Memory for so many bytes that begin at a multiple of kColumnAlignmentBytes, as the slice that will be sent.
grpc::Slice AllocateAligned(size_t size_bytes) {
  grpc_slice memory = grpc_slice_malloc_large(size_bytes + kColumnAlignmentBytes);
  const auto address = reinterpret_cast<uintptr_t>(GRPC_SLICE_START_PTR(memory));
  const size_t skip = ColumnPaddingBytes(address);
  grpc_slice aligned = grpc_slice_sub_no_ref(memory, skip, skip + size_bytes);
  return grpc::Slice(aligned, grpc::Slice::STEAL_REF);
}

void AddMessage(absl::Span<const grpc::Slice> slices, EncodedBatch* encoded) {
  encoded->messages.emplace_back(slices.data(), slices.size());
  for (const grpc::Slice& slice : slices) encoded->size_bytes += slice.size();
}

// Of the body, in each message but the last.
size_t PartBytes(size_t body_size_bytes, size_t part_size_bytes_max) {
  return part_size_bytes_max == 0 ? body_size_bytes : part_size_bytes_max;
}

}  // namespace

size_t SetColumns(const ColumnLayout& layout, v1::Batch* message) {
  for (const ColumnInfo& info : layout.columns()) {
    v1::Column* const column = message->add_columns();
    column->set_name(info.name.data(), info.name.size());
    column->set_data_type(static_cast<v1::DataType>(info.type));
    for (const int64_t count : info.shape) column->add_shape(count);
    column->set_offset_bytes(static_cast<int64_t>(info.offset_bytes));
    column->set_size_bytes(static_cast<int64_t>(info.size_bytes));
  }
  message->set_body_size_bytes(static_cast<int64_t>(layout.size_bytes()));
  return layout.size_bytes();
}

size_t LargestMessageBytes(const v1::Batch& head, size_t body_size_bytes, size_t part_size_bytes_max) {
  const size_t first_size_bytes = std::min(body_size_bytes, PartBytes(body_size_bytes, part_size_bytes_max));
  return Prefix(&head, 0, first_size_bytes).size_bytes() + first_size_bytes;
}

absl::Status EncodeColumns(const v1::Batch& head, ColumnWriter* writer, size_t part_size_bytes_max,
                           EncodedBatch* encoded) {
  const size_t body_size_bytes = writer->layout().size_bytes();
  const size_t part_size_bytes = PartBytes(body_size_bytes, part_size_bytes_max);
  const size_t first_size_bytes = std::min(body_size_bytes, part_size_bytes);
  const Prefix prefix(&head, 0, first_size_bytes);
  const grpc::Slice block = AllocateAligned(prefix.size_bytes() + body_size_bytes);
  // Nobody else has the block yet.
  auto* const bytes = const_cast<uint8_t*>(block.begin());
  prefix.Write(bytes);
  MILLRACE_RETURN_IF_ERROR(writer->Fill(bytes + prefix.size_bytes()));

  encoded->messages.clear();
  encoded->size_bytes = 0;
  AddMessage({block.sub(0, prefix.size_bytes() + first_size_bytes)}, encoded);
  for (size_t offset = first_size_bytes; offset < body_size_bytes; offset += part_size_bytes) {
    const size_t size_bytes = std::min(part_size_bytes, body_size_bytes - offset);
    const Prefix part_prefix(nullptr, offset, size_bytes);
    const grpc::Slice part_head = AllocateAligned(part_prefix.size_bytes());
    part_prefix.Write(const_cast<uint8_t*>(part_head.begin()));
    const size_t begin = prefix.size_bytes() + offset;
    AddMessage({part_head, block.sub(begin, begin + size_bytes)}, encoded);
  }
  return absl::OkStatus();
}

}  // namespace millrace
