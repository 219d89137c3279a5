// One JSON object of a dump that is being read as a record: what all parsers of JSON records share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/ingest/canonical_json.h"
#include "core/ingest/pipeline.h"
#include "core/ingest/record.h"
#include "simdjson.h"

namespace millrace {

// Reuses its memory from record to record. Each step returns false when the record cannot be taken, and rejected() then
// says why (file and line are the caller's). Not thread-safe.
class JsonRecord {
 public:
  using Value = simdjson::ondemand::value;
  using Array = simdjson::ondemand::array;
  using Object = simdjson::ondemand::object;

  // As many bytes behind a record must be readable, and the first of them be no part of a number or word.
  static constexpr size_t kPaddingBytes = simdjson::SIMDJSON_PADDING;

  JsonRecord() = default;
  JsonRecord(const JsonRecord&) = delete;
  JsonRecord& operator=(const JsonRecord&) = delete;

  // Begins a record; its members are to be read once, in order. `text` is borrowed until the next Open.
  bool Open(std::string_view text, Object* object);
  // After the members: whether nothing follows the object.
  bool CheckEnd();

  // The scalar `value`. False when it is something else or broken. The text is borrowed from the record.
  bool ReadScalar(std::string_view field, Value value, ScalarValue* scalar);
  // The list or object `value`. False when it is something else; *is_null and nothing else when it is null.
  bool OpenList(std::string_view field, Value value, Array* array, bool* is_null);
  bool OpenObject(std::string_view field, Value value, Object* object, bool* is_null);
  // Appends the ids of a list, each a number or a string; null is an empty list.
  bool ReadIds(std::string_view field, Value value, std::vector<int64_t>* ids);
  // Adds the member in canonical form.
  bool Keep(std::string_view key, Value value, JsonMembers* members);
  // Adds a member whose value was read as a scalar.
  static void KeepScalar(std::string_view key, const ScalarValue& scalar, JsonMembers* members);
  // Writes what was kept, when there is any, as an object.
  bool WriteKept(std::string_view field, JsonMembers* members, std::string* out);

  // Fields are named with what they stand in: "file." before "width".
  void set_prefix(std::string_view prefix) { prefix_ = prefix; }
  // Both fill rejected() and return false. An empty field stands for the record as a whole.
  bool Reject(std::string_view field, std::string_view reason);
  bool RejectJson(simdjson::error_code error);
  // Adds the record's id to the report, when it can be read though the record was rejected. The record is over then.
  void FindPostId();

  std::string_view text() const { return text_; }
  const RejectedRecord& rejected() const { return rejected_; }
  RejectedRecord& rejected() { return rejected_; }

 private:
  simdjson::ondemand::parser parser_;
  simdjson::ondemand::document document_;
  std::string_view text_;
  bool has_escapes_ = false;  // asked once for a record rather than for each of its strings
  std::string prefix_;
  RejectedRecord rejected_;
};

// The value's text as it stands in the record.
inline std::string_view JsonToken(simdjson::ondemand::value value) { return TrimJsonToken(value.raw_json_token()); }

}  // namespace millrace
