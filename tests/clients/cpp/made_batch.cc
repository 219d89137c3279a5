#include "tests/clients/cpp/made_batch.h"

#include <algorithm>

#include "tests/support/catch.h"

namespace millrace::client {

void MadeBatch::AddBytes(const std::string& name, v1::DataType type, std::string_view bytes,
                         const std::vector<int64_t>& shape) {
  body.resize((body.size() + 63) / 64 * 64);
  v1::Column& column = *head.add_columns();
  column.set_name(name);
  column.set_data_type(type);
  for (const int64_t count : shape) column.add_shape(count);
  column.set_offset_bytes(static_cast<int64_t>(body.size()));
  column.set_size_bytes(static_cast<int64_t>(bytes.size()));
  body.append(bytes);
  head.set_body_size_bytes(static_cast<int64_t>(body.size()));
}

v1::Column& MadeBatch::column(std::string_view name) {
  const auto found = std::find_if(head.mutable_columns()->begin(), head.mutable_columns()->end(),
                                  [&](const v1::Column& column) { return column.name() == name; });
  REQUIRE(found != head.mutable_columns()->end());
  return *found;
}

std::string MakeMessage(const v1::Batch* head, int64_t body_offset_bytes, std::string_view body) {
  v1::StreamBatchesResponse front;
  if (head != nullptr) *front.mutable_batch() = *head;
  front.set_body_offset_bytes(body_offset_bytes);
  std::string message = front.SerializeAsString();
  if (body.empty()) return message;
  v1::StreamBatchesResponse back;
  back.set_body(std::string(body));
  const std::string end = back.SerializeAsString();
  // A padding of up to 63 bytes costs two more for its key and size.
  const size_t head_size_bytes = message.size() + 2 + end.size() - body.size();
  message += '\x12';
  const size_t padding_size_bytes = (64 - head_size_bytes % 64) % 64;
  message += static_cast<char>(padding_size_bytes);
  message.append(padding_size_bytes, '\0');
  message += end;
  REQUIRE((message.size() - body.size()) % 64 == 0);
  return message;
}

std::string MadeBatch::Message() const { return MakeMessage(&head, 0, body); }

std::vector<std::string> MadeBatch::Messages(size_t part_size_bytes) const {
  std::vector<std::string> messages;
  for (size_t offset = 0; offset < body.size(); offset += part_size_bytes) {
    messages.push_back(MakeMessage(offset == 0 ? &head : nullptr, static_cast<int64_t>(offset),
                                   std::string_view(body).substr(offset, part_size_bytes)));
  }
  return messages;
}

MadeBatch ThreePosts() {
  MadeBatch batch;
  batch.head.set_plan_id("plan");
  batch.head.set_split("train");
  batch.head.set_epoch(1);
  batch.head.set_step(7);
  batch.head.set_batch_count(9);
  batch.head.set_token("token");
  batch.Add<int64_t>("id", {11, 12, int64_t{1} << 60});
  batch.Add<int64_t>("row", {5, 6, 7});
  std::vector<uint8_t> md5s(48);
  for (size_t i = 0; i < 32; ++i) md5s[i] = static_cast<uint8_t>(i);
  batch.Add<uint8_t>("md5", md5s, {3, 16});
  batch.Add<uint8_t>("md5.presence", {0b011});
  batch.Add<uint8_t>("rating", {1, 0, 5});
  batch.Add<int32_t>("width_px", {640, 800, 1});
  batch.Add<int32_t>("source.offsets", {0, 5, 5, 8});
  batch.AddBytes("source.bytes", v1::DATA_TYPE_UINT8, "http:abc", {8});
  batch.Add<int32_t>("tags.offsets", {0, 2, 2, 3});
  batch.Add<int64_t>("tags.values", {1, 9, 4});
  batch.Add<int32_t>("pools.offsets", {0, 0, 2, 2});
  batch.Add<int64_t>("pools.values", {70, 71});
  batch.Add<int32_t>("pools.kind.offsets", {0, 6, 6});
  batch.AddBytes("pools.kind.bytes", v1::DATA_TYPE_UINT8, "series", {6});
  batch.Add<int32_t>("score", {-3, 0, 4});
  batch.Add<uint8_t>("score.presence", {0b101});
  batch.Add<uint8_t>("labels.dense", {1, 0, 0, 0, 1, 1}, {3, 2});
  batch.head.set_label_count(2);
  return batch;
}

}  // namespace millrace::client
