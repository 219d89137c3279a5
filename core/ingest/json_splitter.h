// Bytes of JSON pages in pieces of any size -> records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace millrace {

// Finds where each record of a page begins and ends, and leaves it to the parser whether it is sound. A file holds any
// number of values, one after the other: lists of records; records; and objects that hold records in a member (a
// wrapper), as a list or as one record, and whose other members are passed over. Records within one piece are handed on
// where they stand; memory is bounded by the longest record allowed, however long the list. Not thread-safe; after an
// error only destruction.
class JsonSplitter {
 public:
  struct Options {
    int64_t record_size_bytes_max = 16 << 20;
    size_t padding_bytes = 0;                          // as many bytes behind every record are readable
    absl::Span<const std::string_view> wrappers = {};  // keys of members that hold records
    std::string_view page_mark = {};  // a key that makes an object a page, though none of its members holds records
  };
  struct Handler {
    // A record; `number` counts from 1 within the file.
    std::function<absl::Status(std::string_view text, int64_t number)> record;
    // A record longer than allowed; its bytes are dropped.
    std::function<absl::Status(int64_t number)> long_record;
  };

  JsonSplitter(Options options, Handler handler);
  JsonSplitter(const JsonSplitter&) = delete;
  JsonSplitter& operator=(const JsonSplitter&) = delete;

  // Forgets what was written and starts again with record 1. `file` is for messages.
  void Restart(std::string_view file);
  // kFileInvalid, with file and offset, when what stands between records is no JSON, a list is not at its end, or a
  // marked page has no member with records but another one with a list or an object: a page of something else.
  absl::Status Write(std::string_view bytes);
  absl::Status End();

 private:
  enum class State : uint8_t {
    kTop,        // between values
    kListFirst,  // behind a list's [
    kListValue,  // behind a comma
    kListNext,   // behind a record of a list
    kRecord,     // in a record that is an object, a list or a string
    kScalar,     // in a record that is none of these
    kObject,     // in an object that stands by itself: a record, or a wrapper
  };

  absl::Status Step(std::string_view bytes, size_t* at);
  absl::Status StepInRecord(std::string_view bytes, size_t* at);
  absl::Status StepInObject(std::string_view bytes, size_t* at);
  // The value of member key_ of an object that stands by itself begins at `at`.
  absl::Status BeginMember(char c, size_t at);
  void BeginRecord(char c, size_t at);
  absl::Status EndRecord(std::string_view bytes, size_t end);
  void Keep(std::string_view part);
  absl::Status OtherPageError(size_t at) const;
  absl::Status UnexpectedError(char c, size_t at, std::string_view expected) const;

  const Options options_;
  const Handler handler_;
  std::string file_;
  State state_ = State::kTop;
  int64_t offset_ = 0;  // of the piece, in the file
  int64_t record_count_ = 0;
  // Of the value in the making:
  int64_t depth_ = 0;  // open brackets
  bool in_string_ = false;
  bool is_escaped_ = false;  // behind a backslash in a string
  bool is_kept_ = false;     // it may be a record
  bool is_too_long_ = false;
  size_t begin_ = 0;          // where it, or what was not kept of it, begins in the piece
  std::vector<char> buffer_;  // its start, from earlier pieces, and padding
  size_t buffered_bytes_ = 0;
  // kObject, directly within it:
  bool is_in_list_ = false;   // records stand in a list
  bool is_wrapper_ = false;   // the object around has given records, or is marked as a page
  bool has_records_ = false;  // a member that holds records was there, though it held none
  std::string other_key_;     // of the first other member that is a list or an object
  bool expects_key_ = false;
  bool expects_value_ = false;
  std::string key_;
};

}  // namespace millrace
